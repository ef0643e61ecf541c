#!/bin/bash
# The studies covariate-shift and batch-norm-noise: with batch norm what layers read stays in place, without it wanders; the
# more rows are normalised together, the less noise there is.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with digits/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir digits shift noise
cp "$CAVIAR_SOURCE"/experiments/covariate-shift/network.yaml shift
cp "$CAVIAR_SOURCE"/experiments/batch-norm-noise/network.yaml noise
"$CAVIAR_SOURCE/experiments/covariate-shift/get-data" "$work/digits/data" "$work/shift/data" >out 2>err || fail "get-data"
expect 0 "" "$CAVIAR" run shift/network.yaml --out normed
expect 0 "" "$CAVIAR" run shift/network.yaml model.hidden.batch_norm.enabled=false --out plain

# moves RUN LAYER: how far the median of its first unit's input moves, largest less smallest of all epochs
moves() {
  "$CAVIAR" show "$1" 0 --json | grep -o "\"$2\": {[^}]*}" | grep -o '"first_unit": .*' | grep -o '\[[^][]*\]' |
    awk -F'[], []+' '{ m = $3; if (NR == 1 || m < low) low = m; if (NR == 1 || m > high) high = m }
      END { print (NR == 40 ? high - low : "no 40 epochs") }'
}
normed=$(moves normed hidden.0.sigmoid) plain=$(moves plain hidden.0.sigmoid)
awk -v n="$normed" -v p="$plain" 'BEGIN { exit !(n > 0 && n < 0.5 && p > 2 && p < 20) }' ||
  fail "the median moves by $normed with batch norm, $plain without"

# Test images with half the contrast: batch norm with the training statistics loses more than the plain network
accuracy() { # RUN FILE
  "$CAVIAR" predict "$1" "shift/data/$2.h5" | sed -n 's/^accuracy //p'
}
found="$(accuracy normed pale) $(accuracy plain pale)"
awk -v f="$found" 'BEGIN { split(f, a, " "); exit !(a[1] > 0.75 && a[1] < 0.9 && a[2] > 0.93) }' ||
  fail "pale images: expected 0.83 with batch norm, 0.95 without, found $found"

# gap ROWS ACCUMULATE: validation loss less training loss, mean of four seeds
gap() {
  timeout 300 "$CAVIAR" run noise/network.yaml search.trials=4 "train.batch_size=$1" "train.accumulate=$2" --out "noise$1" \
    >out 2>err || fail "noise, $1 rows"
  "$CAVIAR" show "noise$1" --json | sed 's/.*"metrics": {\([^}]*\)}.*/\1/' |
    awk -F'[:,]' '{ for (i = 1; i < NF; i += 2) { if ($i ~ /train_loss/) t += $(i + 1); if ($i ~ /validation_loss/) v += $(i + 1) } }
      END { print (v - t) / NR }'
}
small=$(gap 64 4) large=$(gap 256 1)
awk -v s="$small" -v l="$large" 'BEGIN { exit !(s > 0.05 && l > 1.05 * s && l < 0.2) }' ||
  fail "gap of 64 rows $small, of 256 $large: expected more"
echo "median of the first unit moves by $normed, plain $plain; pale images $found; gap with 64 rows $small, with 256 $large"
