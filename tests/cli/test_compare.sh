#!/bin/bash
# compare: a run with itself, with the same search on other data, turned over, with other seeds; refusals.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
space='parameters: {train.optimizer.learning_rate: {min: 0.00001, max: 10, scale: log}, model.0.dense.units: {values: [4, 8]}}'
search="search: {method: random, trials: 24, metric: {name: validation_loss, goal: minimize}, $space}"
small a "$search"
expect 0 "" ranks 0 run a.yaml
expect 0 "" ranks 0 run a.yaml data.seed=8 --out runs/today

number() { # KEY: of the JSON in out
  grep -oP "\"$1\": (\{\"value\": )?\K[^,}]*" out | head -n 1
}

# with itself: all the same
expect 0 "validation_loss of the 24 points they have in common (0 only in A, 0 only in B)" ranks 0 compare runs/a runs/a
grep -q "The ranking holds: .*; A's best is B's best too" out || fail "the verdict"
[ "$(grep -cE '^ +([0-9]+) +\1 ' out)" = 10 ] || fail "ten points with the same rank expected"
expect 0 "" ranks 0 compare runs/a runs/a --json
[ "$(number spearman)" = 1 ] || fail "spearman"
[ "$(number better_in_a)" = 0.5 ] || fail "P(A > B)"
[ "$(number verdict)" = '"holds"' ] || fail "verdict"
grep -q '"top": {"k": 4, "overlap": 4, ' out || fail "overlap"
[ "$(grep -o '"rank_a": ' out | wc -l)" = 24 ] || fail "24 points expected"

# on today's data: the same points, other numbers
expect 0 "The ranking holds" ranks 0 compare runs/a runs/today
cp out first
expect 0 "" ranks 0 compare runs/a runs/today
cmp -s out first || fail "another answer at the second time"
expect 0 "" ranks 0 compare runs/a runs/today --json
[ "$(number spearman)" = 1 ] && fail "other data, and the very same ranks"
better=$(number better_in_a)
expect 0 "" ranks 0 compare runs/today runs/a --json
awk -v a="$better" -v b="$(number better_in_a)" 'BEGIN { exit !(a + b > 0.9999 && a + b < 1.0001) }' || fail "$better, and turned round $(number better_in_a)"

# other goals, other metrics
expect 0 "" ranks 0 run a.yaml search.metric.goal=maximize --out runs/goal
expect 4 "the runs have other goals: runs/a wants validation_loss small, runs/goal wants it large" ranks 0 compare runs/a runs/goal
expect 0 "" ranks 0 run a.yaml search.metric.name=validation_accuracy search.metric.goal=maximize --out runs/metric
expect 4 "the runs have other metrics: runs/a is ranked by validation_loss, runs/metric by validation_accuracy" ranks 0 compare runs/a runs/metric

# turned over: a cost, and its opposite
cost() { # NAME FORMULA MIN
  printf '%s\n' "name: $1" "cost: $2" "parameters: {x: 0}" \
    "train: {steps: 1, optimizer: {name: sgd, learning_rate: 1e-30}}" \
    "search: {method: grid, parameters: {parameters.x: {min: $3, max: 2, points: 20}}}" >"$1.yaml"
  expect 0 "" ranks 0 run "$1.yaml"
}
cost up x -2
cost down 0-x -2
turned="The ranking does not hold: B ranks the points in another way; A's best is number 20 of 20 in B."
expect 0 "$turned" ranks 0 compare runs/up runs/down
expect 0 "" ranks 0 compare runs/up runs/down --json
[ "$(number kendall)" = -1 ] || fail "kendall"

# some points in common, and none
cost wide x -3
expect 0 "cost of the 2 points they have in common (18 only in A, 18 only in B)" ranks 0 compare runs/up runs/wide
grep -q '^That says too little' out || fail "two points say too little"
sed 's/name: wide/name: none/; s/max: 2/max: 1/' wide.yaml >none.yaml
expect 0 "" ranks 0 run none.yaml
expect 4 "have no point in common (20 and 20 points)" ranks 0 compare runs/down runs/none

# points several times, with other seeds: means; one that diverged is the last
small often "search: {method: random, trials: 30, metric: {name: validation_loss, goal: minimize}, parameters:
  {train.optimizer.learning_rate: {values: [0.00001, 0.001, 0.01, 1e30]}, model.0.dense.units: {values: [4, 8]}}}"
expect 0 "" ranks 0 run often.yaml
expect 0 "" ranks 0 run often.yaml seed=8 --out runs/seed
expect 0 "of the 8 points they have in common" ranks 0 compare runs/often runs/seed
grep -q '^means: runs/seed has a point up to [0-9]* times$' out || fail "several seeds are not said"
[ "$(grep -cE '^ +7.5 +7.5 +DIVERGED +DIVERGED ' out)" = 2 ] || fail "diverged points are the last two"

expect 2 "usage: caviar compare A B" ranks 0 compare runs/a
expect 2 "unknown option --yaml" ranks 0 compare runs/a runs/a --yaml
expect 4 "no such run directory" ranks 0 compare runs/a runs/nowhere
echo "all is well"
