#!/bin/bash
# The digits study on real data, end to end: get-data, one network, its prediction of the test file.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with digits/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
cp "$CAVIAR_SOURCE"/experiments/digits/*.yaml .

"$CAVIAR_SOURCE/experiments/digits/get-data" "$work/data" >out 2>err || fail "get-data"
expect 0 "test part (1797 rows)" ranks 0 run network.yaml --out run
expect 0 "" "$CAVIAR" predict run data/test.h5 -o predictions.csv --json
accuracy=$(grep -o '"accuracy": *[0-9.]*' out | grep -o '[0-9.]*$')
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.975 && a < 0.995) }' ||
  fail "expected 97.5 % of the test file, found $accuracy"
# what was written says the same: the file's own labels against the predicted column
awk -F, 'NR == FNR { label[NR] = $NF; next } FNR > 1 { n++; hit += $2 == label[FNR - 1] }
  END { printf "%.6f %d\n", hit / n, n }' "$CAVIAR_DATA/digits/optdigits.tes.csv" predictions.csv >counted
[ "$(cut -d' ' -f2 counted)" = 1797 ] || fail "expected 1797 predictions: $(cat counted)"
awk -v a="$accuracy" -v b="$(cut -d' ' -f1 counted)" 'BEGIN { d = a - b; exit !(d < 1e-5 && d > -1e-5) }' ||
  fail "reported $accuracy, counted $(cat counted)"

# a few trials of the search, on two ranks
expect 0 "" ranks 2 run digits.yaml search.trials=4 train.epochs=3 --out search
[ "$("$CAVIAR" show search --json | grep -c COMPLETED)" = 4 ] || fail "4 trials"
echo "digits: $accuracy of the test file"
