#!/bin/bash
# The replay study on real data, with a small table: searches that end trials early come to its target with fewer
# epochs than those that train all to the end; what is counted is what the journal says.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with digits/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir study
cp "$CAVIAR_SOURCE"/experiments/replay-digits/{table.yaml,compare-stopping} study
"$CAVIAR_SOURCE/experiments/digits/get-data" "$work/study/data" >out 2>err || fail "get-data"
few=(train.epochs=27 'search.parameters.train.batch_size={values: [32]}' 'search.parameters.model.hidden.repeat={values: [1]}'
  'search.parameters.model.hidden.dense.units={values: [8, 32]}' 'search.parameters.model.hidden.dropout.rate={values: [0]}')
expect 0 "" ranks 2 run study/table.yaml "${few[@]}" --out table
[ "$("$CAVIAR" show table --json | wc -l)" = 44 ] || fail "the table should have 44 networks"

expect 0 "" study/compare-stopping 7 table 98 "${few[@]}"
column() { # NAME COLUMN: from the right, 1 is "not there"
  awk -v name="$1" -v k="$2" 'index($0, name "  ") == 1 { print $(NF + 1 - k) }' out
}
for rule in "random, hyperband" "tpe, hyperband"; do
  awk -v x="$(column "$rule" 2)" 'BEGIN { exit !(x >= 1.5) }' || fail "$rule: $(column "$rule" 2) of what random needs"
done
for name in random "random, hyperband" tpe; do
  [ "$(column "$name" 1)" -le 1 ] || fail "$name: the target was not reached with $(column "$name" 1) seeds"
done

# A row by hand: all of random's trials train to the end, so the first that is as good costs 27 times its place.
target=$(sed -n 's/.*target //p' out)
expect 0 "" ranks 0 run study/table.yaml "${few[@]}" replay="$work/table" search.method=random search.trials=98 seed=1 --out one
first=$("$CAVIAR" show one --json | sed 's/.*"trial": \([0-9]*\),.*"metric": \([^,]*\),.*/\1 \2/' |
  awk -v t="$target" '$2 != "null" && $2 >= t && (n == "" || $1 < n) { n = $1 } END { print (n + 1) * 27 }')
expect 0 "" study/compare-stopping 1 table 98 "${few[@]}"
[ "$(column random 3)" = "$first" ] || fail "by hand $first epochs"
echo "stopping: $(column "random, hyperband" 2) times fewer epochs with one seed"
