# shellcheck shell=bash
# For the law tests: sourced. A test defines `check DIRECTORY`, which prints one violation a line, then says
#
#   law_holds                        nothing to report about the real tree
#   law_catches WHAT PATH LINE       with LINE added to PATH in a copy, a report names PATH
#
# and ends with law_verdict. Nothing is believed of a checker that was not seen to fail.
set -euo pipefail
: "${CAVIAR_SOURCE:?the repository; ctest sets it}"

law_scratch=$(mktemp -d)
law_copy=$law_scratch/copy
trap 'rm -rf "$law_scratch"' EXIT
law_failures=0

law_say() {
  printf '%s\n' "$1"
}

law_fail() {
  law_say "FAILED: $1"
  law_failures=$((law_failures + 1))
}

# The text files of a tree: all that git would keep, whether this is a git checkout or not.
law_files() {
  (cd "$1" && find . \( -name .git -o -name 'build*' -o -name runs \) -prune -o -type f ! -name '*.h5' -print) |
    sed 's,^\./,,' | sort
}

law_holds() {
  local report
  report=$(check "$CAVIAR_SOURCE")
  if [ -n "$report" ]; then
    law_say "$report"
    law_fail "the real tree"
  else
    law_say "holds: the real tree"
  fi
}

# A copy of the tree, made once, without links to the original.
law_make_copy() {
  [ -d "$law_copy" ] && return
  mkdir "$law_copy"
  law_files "$CAVIAR_SOURCE" | (cd "$CAVIAR_SOURCE" && tar -cf - -T -) | tar -xf - -C "$law_copy"
}

law_catches() {
  local what=$1 path=$2 line=$3 report
  law_make_copy
  local file=$law_copy/$path kept=$law_scratch/kept
  rm -f "$kept"
  if [ -e "$file" ]; then cp -p "$file" "$kept"; fi
  mkdir -p "$(dirname "$file")"
  printf '%s\n' "$line" >>"$file"
  report=$(check "$law_copy")
  if [ -e "$kept" ]; then mv "$kept" "$file"; else rm -f "$file"; fi
  if grep -qF "$path" <<<"$report"; then
    law_say "caught: $what"
  else
    law_fail "not caught: $what (planted in $path)"
  fi
}

# What must not be reported: a checker that always shouts is as useless.
law_allows() {
  local what=$1 path=$2 line=$3 report
  law_make_copy
  local file=$law_copy/$path kept=$law_scratch/kept
  rm -f "$kept"
  if [ -e "$file" ]; then cp -p "$file" "$kept"; fi
  printf '%s\n' "$line" >>"$file"
  report=$(check "$law_copy")
  if [ -e "$kept" ]; then mv "$kept" "$file"; else rm -f "$file"; fi
  if [ -n "$report" ]; then
    law_say "$report"
    law_fail "reported although it is legal: $what (in $path)"
  else
    law_say "allowed: $what"
  fi
}

# C without comments and without the text of strings, line by line.
law_code() {
  "${CC:-cc}" -fpreprocessed -dD -E "$1" 2>/dev/null | sed -E -e '/^# [0-9]+ "/d' -e 's/"([^"\\]|\\.)*"/""/g'
}

law_verdict() {
  [ "$law_failures" -eq 0 ] || exit 1
}
