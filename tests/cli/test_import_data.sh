#!/bin/bash
# caviar import on real data: UCI digits as CSV and Fashion-MNIST as packed IDX.
set -euo pipefail
if [ -z "${CAVIAR_DATA:-}" ]; then
  echo "skipped: CAVIAR_DATA does not name a folder with digits/ and fashion-mnist/"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

expect() {
  local want=$1 line
  shift
  line=$("$CAVIAR" import "$@")
  [ "$line" = "$want" ] || {
    echo "FAILED: import $*: \"$line\", not \"$want\"" >&2
    exit 1
  }
}

digits=$CAVIAR_DATA/digits fashion=$CAVIAR_DATA/fashion-mnist
train='3,823 rows, 64 features (uint8), 10 classes, fingerprint e92f168145ce29559928d8de0fbbb27c'
expect "train.h5: $train" csv "$digits/optdigits.tra.csv" -o train.h5
grep -qa columns train.h5 && { echo "FAILED: names out of nowhere" >&2; exit 1; }
expect "train.h5: $train" csv "$digits/optdigits.tra" -o train.h5 # the same rows below a header, whose names are kept
grep -qa columns train.h5 || { echo "FAILED: the header's names are not kept" >&2; exit 1; }
expect "test.h5: 1,797 rows, 64 features (uint8), 10 classes, fingerprint\
 9b343feb42ea51fa1418644caf8895ff" csv "$digits/optdigits.tes.csv" -o test.h5
expect "fashion.h5: 60,000 rows, 784 features (uint8), 10 classes, fingerprint\
 48bdacfaf75f76046dc05debb0fc71a8" idx "$fashion/train-images-idx3-ubyte.gz" -o fashion.h5

# the pixels are in the file as they are in the source
zcat "$fashion/train-images-idx3-ubyte.gz" | tail -c +17 | cmp -n 47040000 - <(tail -c +4097 fashion.h5) ||
  { echo "FAILED: the pixels differ" >&2; exit 1; }
echo "import of real data: ok"
