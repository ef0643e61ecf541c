#!/bin/bash
# Other people's programs open what caviar writes: h5dump and h5py, on a dataset, a record, a checkpoint and predictions.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small four "$search12"
expect 0 "" ranks 0 run four.yaml search.trials=4 --out run
printf 'a,b,class\n1,2,x\n3,4,y\n5,6,x\n' >rows.csv
expect 0 "" "$CAVIAR" import csv rows.csv -o rows.h5
files=(rows.h5 run/results.h5 run/checkpoints/*.h5)
[ "${#files[@]}" -ge 5 ] || fail "expected a dataset, a record and checkpoints: ${files[*]}"

done=0
if command -v h5dump >/dev/null; then
  for f in "${files[@]}"; do
    h5dump "$f" >dump 2>err || fail "h5dump $f"
    [ "$(grep -c DATASET dump)" -gt 1 ] || fail "h5dump $f shows no datasets"
  done
  h5dump -d /x rows.h5 >out
  grep -q 'STD_U8LE' out || fail "rows.h5 keeps bytes as bytes"
  done=1
else
  echo "skipped: h5dump is not here"
fi
if python3 -c 'import h5py' 2>/dev/null; then
  python3 - "${files[@]}" >out 2>err <<'PYTHON' || fail "h5py"
import sys, h5py, numpy
for name in sys.argv[1:]:
    with h5py.File(name) as f:
        n = []
        f.visititems(lambda path, o: n.append(o[()]) if isinstance(o, h5py.Dataset) else None)
        assert len(n) > 1, name
with h5py.File(sys.argv[1]) as f:
    assert f["x"][()].tolist() == [[1, 2], [3, 4], [5, 6]] and f["y"][()].tolist() == [0, 1, 0]
    assert [c.decode() if isinstance(c, bytes) else c for c in f["y"].attrs["classes"]] == ["x", "y"]
PYTHON
  done=1
else
  echo "skipped: python3 has no h5py here"
fi
[ $done = 1 ] || exit 77
echo "all is well"
