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
# what is read is not written over, whatever it is called
cp pets.csv pets-csv.h5
expect_error 2 'pets.csv: a dataset is written to a file that ends in .h5' csv pets.csv -o pets.csv
expect_error 2 'pets-csv.h5 would be lost' csv pets-csv.h5 -o "$PWD/pets-csv.h5"
cmp pets.csv pets-csv.h5 || fail "the table was written over"
"$CAVIAR" import --help | grep -q -- '--target C' || fail "no help"

# NPY: two rows of three numbers, by hand, with and without labels
{
  printf '\x93NUMPY\x01\x00\x46\x00%-69s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }"
  printf '\x01\x02\x03\x04\x05\x06'
} >x.npy
{
  printf '\x93NUMPY\x01\x00\x46\x00%-69s\n' "{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }"
  printf '\x01\x00'
} >y.npy
expect_line 'x.h5: 2 rows, 3 features (uint8), 2 classes' npy x.npy --labels y.npy -o x.h5
expect_line 'x.h5: 2 rows, 3 features (uint8), a number to predict' npy x.npy --labels y.npy --values -o x.h5
expect_line 'x.h5: 2 rows, 3 features (uint8), nothing to learn' npy x.npy -o x.h5
expect_error 4 'pets.csv: not an NPY file' npy pets.csv -o bad.h5
head -c 85 x.npy >short.npy
expect_error 4 'short.npy: cut off: 5 bytes behind its header, which declares 2 rows of 3' npy short.npy -o bad.h5

if python3 -c 'import numpy' 2>/dev/null; then
  python3 - <<'PYTHON'
import numpy
x = numpy.arange(24, dtype='<f4').reshape(2, 3, 4) / 3
numpy.save('c.npy', x)
numpy.save('fortran.npy', numpy.asfortranarray(x))
numpy.lib.format.write_array(open('v2.npy', 'wb'), x, version=(2, 0))
numpy.savez('x.npz', x=x)
PYTHON
  for f in c fortran v2; do expect_line "$f.h5: 2 rows, 12 features (float32), nothing to learn" npy $f.npy -o $f.h5; done
  cmp c.h5 fortran.h5
  cmp c.h5 v2.h5
  expect_error 4 'x.npz: an .npz archive' npy x.npz -o bad.h5
else
  echo "skipped: python3-numpy is not installed: no file of numpy's own was read"
fi

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
