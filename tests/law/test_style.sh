#!/usr/bin/env bash
# What a reader may rely on: files of at most 600 lines with names of their own, no notes to finish later, no paths of
# somebody's machine, no blanks at line ends.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/law/law.sh
. "$here/law.sh"

# Written in pieces, so that this file does not report itself.
unfinished='\b(TO''DO|FIX''ME|XX''X|HA''CK)\b'
machine_path='(^|[^A-Za-z0-9_.}-])/(wo''rk|ro''ot|ho''me|Us''ers|tm''p)/'
beside='\.\./sha''red'

is_code() {
  [[ $1 == *.[ch] || $1 == *.def || $1 == *.sh || $1 == *.py || $1 == *.js || $1 == *.cmake ]]
}

check_names() { # names of code files, one a line
  awk -F/ '{ if ($NF in first) print $0 ": the name is taken by " first[$NF]; else first[$NF] = $0 }'
}

report_lines() { # pattern, what it is; file names come on stdin
  tr '\n' '\0' | xargs -0 grep -InE "$1" | sed "s/\$/   <- $2/" || true
}

check() {
  local files code
  files=$(law_files "$1")
  code=$(while read -r file; do if is_code "$file"; then echo "$file"; fi; done <<<"$files")
  check_names <<<"$code"
  (
    cd "$1" || exit
    tr '\n' '\0' <<<"$code" | xargs -0 wc -l | awk '$1 > 600 && $2 != "total" { print $2 ": " $1 " lines, more than 600" }'
    report_lines "$unfinished" 'finish it, or say it in an issue' <<<"$files"
    report_lines "$machine_path" 'a path of one machine' <<<"$files"
    grep -vx '.ci/run' <<<"$files" | report_lines "$beside" 'a place beside the checkout'
    report_lines '[[:blank:]]+$' 'blanks at the end' <<<"$files"
  )
}

law_holds
law_catches 'a note to finish later' nn/graph.c "// TO""DO: the rest"
law_catches 'another, in a script' slurm/law.sh "# fix FIX""ME"
law_catches 'the path of a home' experiments/law.yaml "file: /ho""me/me/mnist.h5"
law_catches 'the path of a checkout' tests/cli/law.sh "cd \"/wo""rk/caviar\""
law_catches 'a scratch file with a fixed name' tests/cli/law.sh "x > /tm""p/out"
law_catches 'the place beside the checkout' README.md "look in ../sha""red/data"
law_catches 'a name that is taken' io/graph.c '/* nn has one */'
law_catches 'a file that grew too long' nn/law.c "$(yes '/* line */' | head -601)"
law_catches 'blanks at the end' base/str.c 'int x;  '
law_allows 'a long README' README.md "$(yes 'line' | head -700)"
law_allows 'a folder called work in a path' README.md 'runs/work/x, https://example.org/ho'"me/x"
law_verdict
