#!/bin/bash
# caviar import from outside: the line it prints, the file it makes, its errors and exit codes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# expect_line TEXT ARGUMENT...: what import prints before the fingerprint
expect_line() {
  local want=$1 line
  shift
  line=$("$CAVIAR" import "$@") || fail "import $*: exit $?"
  [[ $line =~ ^"$want, fingerprint "[0-9a-f]{32}$ ]] || fail "import $*: \"$line\", not \"$want\""
}

# expect_error CODE TEXT ARGUMENT...: the exit code, TEXT in the one line on stderr, nothing written
expect_error() {
  local code=0 want=$1 text=$2 message
  shift 2
  message=$("$CAVIAR" import "$@" 2>&1 >/dev/null) || code=$?
  [ "$code" = "$want" ] || fail "import $*: exit $code, expected $want"
  [[ $message == *"$text"* ]] || fail "import $*: \"$message\" does not say \"$text\""
  [ "$(wc -l <<<"$message")" = 1 ] || fail "import $*: more than one line: $message"
  [ ! -e bad.h5 ] || fail "import $*: wrote a file"
}

printf 'width,height,kind\n1.5,2,cat\n3,4.25,"dog"\n5,6,cat\n' >pets.csv
expect_line 'pets.h5: 3 rows, 2 features (float32), 2 classes' csv pets.csv -o pets.h5
sed 's/cat/1/; s/"dog"/2/' pets.csv >numbers.csv
expect_line 'p.h5: 3 rows, 2 features (float32), a number to predict' \
  csv --values --target=height numbers.csv -o p.h5
expect_line 'p.h5: 3 rows, 2 features (float32), 2 classes' csv numbers.csv -o p.h5 --target 3

# the same table gives the same file, to the byte
cp pets.h5 first.h5
"$CAVIAR" import csv pets.csv -o pets.h5 >/dev/null
cmp first.h5 pets.h5
[ -z "$(find . -name '*.tmp')" ] || fail "temporary files are left"

expect_error 2 'usage: caviar import' csv pets.csv
expect_error 2 'unknown format "cvs"' cvs pets.csv -o bad.h5
expect_error 2 'unknown option "--frobnicate"' csv pets.csv -o bad.h5 --frobnicate
expect_error 2 'did you mean "kind"?' csv pets.csv -o bad.h5 --target kinds
expect_error 4 'no.csv: No such file' csv no.csv -o bad.h5
printf 'a,y\n1,0\nx,1\n' >bad.csv
expect_error 4 'bad.csv:3:1: expected a number, found "x"' csv bad.csv -o bad.h5
expect_error 4 'pets.csv: not an IDX file' idx pets.csv -o bad.h5
expect_error 4 'cannot write no/where/bad.h5' csv pets.csv -o no/where/bad.h5
"$CAVIAR" import --help | grep -q -- '--target C' || fail "no help"

if command -v h5dump >/dev/null; then
  h5dump -H pets.h5 | grep -q 'DATASET "x"' || fail "h5dump finds no /x"
else
  echo "skipped: h5dump is not installed: the file was not opened with it"
fi
if python3 -c 'import h5py' 2>/dev/null; then
  python3 - <<'P' || fail "h5py reads something else"
import h5py
f = h5py.File("pets.h5")
assert f["x"].shape == (3, 2) and f["x"][1, 1] == 4.25
assert list(f["y"][:]) == [0, 1, 0]
assert [n.decode() if isinstance(n, bytes) else n for n in f["y"].attrs["classes"]] == ["cat", "dog"]
P
else
  echo "skipped: h5py is not installed: the file was not opened with it"
fi
echo "import: ok"
