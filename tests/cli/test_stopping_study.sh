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
for rule in "random, successive_halving" "random, hyperband" "tpe, hyperband"; do
  awk -v x="$(column "$rule" 2)" 'BEGIN { exit !(x >= 1.5) }' || fail "$rule: $(column "$rule" 2) of what random needs"
done
for name in random "random, successive_halving" "random, hyperband" tpe; do
  [ "$(column "$name" 1)" -le 1 ] || fail "$name: the target was not reached with $(column "$name" 1) seeds"
done

# A row by hand: all of random's trials train to the end, so the first that is as good costs 27 times its place.
target=$(sed -n 's/.*target //p' out)
expect 0 "" ranks 0 run study/table.yaml "${few[@]}" replay="$work/table" search.method=random search.trials=98 seed=1 --out one
first=$("$CAVIAR" show one --json | sed 's/.*"trial": \([0-9]*\),.*"metric": \([^,]*\),.*/\1 \2/' |
  awk -v t="$target" '$2 != "null" && $2 >= t && (n == "" || $1 < n) { n = $1 } END { print (n + 1) * 27 }')

# Successive halving by hand, from these curves: in brackets of 27 trials, then the 17 that are left, the best third at 1, 3
# and 9 epochs goes on (Li et al. 2018, algorithm 1: of n trials floor(n / 3^k) at rung k); of equal ones the lower number.
# As far as each of the 98 trains, so far it must have trained.
halving=(search.method=random search.trials=98 seed=1 "search.early_terminate={name: successive_halving, bracket: 27}")
expect 0 "" ranks 3 run study/table.yaml "${few[@]}" replay="$work/table" "${halving[@]}" --out halving
"$CAVIAR" show one --json >whole.json
"$CAVIAR" show halving --json >halving.json
python3 - <<'EOF' || fail "successive halving is not that by hand"
import json
read = lambda name: {t["trial"]: t for t in map(json.loads, open(name))}
whole, halving = read("whole.json"), read("halving.json")
curve = {n: t["curves"]["validation_accuracy"] for n, t in whole.items()}
far = {}
for first in range(0, 98, 27):
    there = list(range(first, min(first + 27, 98)))
    n = len(there)
    for k, epoch in enumerate([1, 3, 9, 27]):
        for i in there:
            far[i] = min(epoch, len(curve[i]))
        there = sorted((i for i in there if len(curve[i]) >= epoch), key=lambda i: (-curve[i][epoch - 1], i))
        there = there[:max(1, n // 3 ** (k + 1))]
got = {n: t["epochs"] for n, t in halving.items()}
assert len(got) == 98 and got == far, {n: (got.get(n), far[n]) for n in far if got.get(n) != far[n]}
assert sorted(far.values()).count(27) == 4 and sorted(far.values()).count(1) > 60
EOF

expect 0 "" study/compare-stopping 1 table 98 "${few[@]}"
[ "$(column random 3)" = "$first" ] || fail "by hand $first epochs"
echo "stopping: $(column "random, hyperband" 2) times fewer epochs with one seed"
