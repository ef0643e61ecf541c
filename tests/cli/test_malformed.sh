#!/bin/bash
# Wrong experiments: tests/malformed/NAME.yaml must be refused with exactly NAME.txt on stderr, exit
# code 3, nothing on stdout and nothing written, by `check` and by `run`. NAME.args: overrides, one a
# line. --write renews the expected texts (read the difference before you keep it).
set -euo pipefail
cd "$CAVIAR_SOURCE/tests/malformed"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A tired person waits for a message, and a login node has little memory: 100 ms of processor and 64 MiB each (much more with
# sanitizers). They take 10; on a machine that is busy with others one in a thousand takes ten times that, and is asked again.
limits=("$CAVIAR_BUILD/tests/limited" 0.1 64)
if nm "$CAVIAR" 2>/dev/null | grep __asan_init >/dev/null; then limits=("$CAVIAR_BUILD/tests/limited" 2 640); fi

# within COMMAND...: its output in $work/out and err, its exit code in code; 99 if it exceeds the limits three times
within() {
  local try
  for try in 1 2 3; do
    code=0
    "${limits[@]}" "$CAVIAR" "$@" > "$work/out" 2> "$work/err" || code=$?
    [ "$code" = 99 ] || return 0
    echo "try $try: $(tail -n 1 "$work/err")"
  done
}

# refused NAME EXPECTED COMMAND...: is the experiment refused with that text?
refused() {
  local name=$1 expected=$2 code=0 arguments=()
  shift 2
  if [ -f "$name.args" ]; then mapfile -t arguments < "$name.args"; fi
  within "$1" "$name.yaml" "${arguments[@]}" "${@:2}"
  [ "$code" = 3 ] || { echo "$name: $1: exit code $code, expected 3"; return 1; }
  [ ! -s "$work/out" ] || { echo "$name: $1: printed something on stdout"; return 1; }
  [ ! -e "$work/run" ] || { echo "$name: $1: wrote a run directory"; return 1; }
  diff -u --label "expected of $name" --label "$1" "$expected" "$work/err"
}

failures=0 n=0
for file in *.yaml; do
  name=${file%.yaml}
  if [ "${1:-}" = --write ]; then
    : > "$work/none"
    refused "$name" "$work/none" check > "$work/diff" || true
    cp "$work/err" "$name.txt"
  fi
  refused "$name" "$name.txt" check || failures=$((failures + 1))
  refused "$name" "$name.txt" run --out "$work/run" || failures=$((failures + 1))
  n=$((n + 1))
done
[ "$n" -ge 250 ] || { echo "only $n files: where is the corpus?"; exit 1; }

# Files made to exhaust: a nest of brackets, a bomb of aliases, many keys, many errors. One message each, within the limits.
bomb() { # NAME TEXT
  local code=0
  within check "$work/$1.yaml"
  if [ "$code" != 3 ] || ! grep -qF "$2" "$work/err" || [ "$(wc -c < "$work/err")" -gt 400000 ]; then
    echo "$1: exit code $code:"
    head -c 1000 "$work/err"
    failures=$((failures + 1))
  fi
}
head -c 1000000 /dev/zero | tr '\0' '[' > "$work/brackets.yaml"
bomb brackets "nested deeper than 64 levels"
head -c 2000000 /dev/zero | tr '\0' '[' > "$work/large.yaml"
bomb large "more than 1 MiB"
{
  echo "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
  for i in 1 2 3 4 5 6 7 8 9; do
    p="*a$((i - 1))"
    echo "a$i: &a$i [$p, $p, $p, $p, $p, $p, $p, $p, $p, $p]"
  done
} > "$work/aliases.yaml"
bomb aliases "expand to more than 10000 values"
seq 1 8000 | sed 's/$/: x/' > "$work/keys.yaml"
bomb keys "unknown key"
seq 20000 | sed 's/.*/a: x/' > "$work/duplicates.yaml"
bomb duplicates "duplicate key"
# the limits themselves: they must be able to fail
code=0
"$CAVIAR_BUILD/tests/limited" 10 1 "$CAVIAR" version > /dev/null 2>&1 || code=$?
[ "$code" = 99 ] || { echo "a process of more than 1 MiB went unnoticed"; failures=$((failures + 1)); }

# The check itself: a wrong text, a file without errors and one that is not there must not pass.
sed 's/error/errer/' 01-syntax.txt > "$work/mutant.txt"
if refused 01-syntax "$work/mutant.txt" check > /dev/null; then
  echo "a wrong expectation went unnoticed"
  failures=$((failures + 1))
fi
cp 57-several-at-once.txt "$work/shorter.txt"
sed -i '1,3d' "$work/shorter.txt"
if refused 57-several-at-once "$work/shorter.txt" check > /dev/null; then
  echo "a missing message went unnoticed"
  failures=$((failures + 1))
fi
if refused "$CAVIAR_SOURCE/experiments/quickstart/quickstart" /dev/null check > /dev/null; then
  echo "a right experiment passed for a wrong one"
  failures=$((failures + 1))
fi
if refused no-such-file /dev/null check > /dev/null; then
  echo "a missing file passed for a wrong experiment"
  failures=$((failures + 1))
fi

echo "$n wrong experiments, $failures failures"
[ "$failures" = 0 ]
