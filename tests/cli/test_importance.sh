#!/bin/bash
# importance: the shares of a function for which they are known, through a search of the program; warnings, refusals, a run that
# is not finished, trials that diverged; and the learning rate comes first in the quickstart.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# share PATH: of the last JSON in `shares`, in thousandths
share() {
  grep -oP "\"path\": \"$1\", \"share\": \K[0-9.e+-]+" shares | awk '{printf "%d\n", 1000 * $1 + 0.5}'
}
pair() {
  grep -oP "\"paths\": \[\"$1\", \"$2\"\], \"share\": \K[0-9.e+-]+" shares | awk '{printf "%d\n", 1000 * $1 + 0.5}'
}
within() { # FOUND EXPECTED WHAT
  if [ "$1" -lt $(($2 - 50)) ] || [ "$1" -gt $(($2 + 50)) ]; then fail "$3: $1, expected $2 +- 50"; fi
}

# ---- Ishigami's function as a cost; a learning rate of nothing leaves the start values -------------
cat >ishigami.yaml <<'END'
name: ishigami
cost: sin(x) + 7*sin(y)^2 + 0.1*z^4*sin(x)
parameters: {x: 0, y: 0, z: 0}
train: {steps: 1, optimizer: {name: sgd, learning_rate: 1e-30}}
search:
  method: random
  trials: 1000
  parameters:
    parameters.x: {min: -3.141592653589793, max: 3.141592653589793}
    parameters.y: {min: -3.141592653589793, max: 3.141592653589793}
    parameters.z: {min: -3.141592653589793, max: 3.141592653589793}
checkpoint: {keep_trials: 1}
END
expect 0 "" ranks 0 run ishigami.yaml --out ishigami
expect 0 "" ranks 0 importance ishigami --json
[ -s err ] && fail "a warning without a reason"
cp out shares
within "$(share parameters.x)" 314 x
within "$(share parameters.y)" 442 y
within "$(share parameters.z)" 0 z
within "$(pair parameters.x parameters.z)" 244 "x and z"
within "$(pair parameters.x parameters.y)" 0 "x and y"
within "$(pair parameters.y parameters.z)" 0 "y and z"
grep -q '^{"schema_version": 1, "metric": "cost", "goal": "minimize", "trials": 1000, "diverged": 0, ' out || fail "the head"
[ "$(grep -o '"value": ' out | wc -l)" = 153 ] || fail "three curves of 51 places expected"

expect 0 "ishigami: what cost depends on, from 1000 of 1000 trials" ranks 0 importance ishigami --pairs 1
[ "$(grep -c '^  [xyz]  *[0-9.]* % ' out)" = 3 ] || fail "three bars expected"
[ "$(grep -c '^  x, z  *[0-9.]* % ' out)" = 1 ] || fail "the pair is missing"
[ "$(grep -c '^  [xyz], [xyz] ' out)" = 1 ] || fail "one pair was asked for"
grep -A3 'share of the variance' out | sed -n 2p | grep -q '^  y ' || fail "y comes first"
cp out first
expect 0 "" ranks 0 importance ishigami --pairs 1
cmp -s out first || fail "another answer at the second time"
expect 0 "" ranks 0 importance ishigami --pairs 1 --seed 2
cmp -s out first && fail "--seed changes nothing"

# ---- a grid: its values weigh the same, curves and the region are of its values ------------------
cat >grid.yaml <<'END'
name: grid
cost: x + 0*y + 10*relu(x)
parameters: {x: 0, y: 0}
train: {steps: 1, optimizer: {name: sgd, learning_rate: 1e-30}}
search:
  method: grid
  parameters:
    parameters.x: {min: -2, max: 2, points: 5}
    parameters.y: {min: 0, max: 1, points: 9}
END
expect 0 "" ranks 0 run grid.yaml --out grid
expect 0 "" ranks 0 importance grid --json
grep -qE '"parameters": \[\{"path": "parameters.x", "share": (1|0.99)' out || fail "all of it is x"
grep -oP '"path": "parameters.x".*?\]' out | grep -oP '"value": \K[-0-9.]+' | tr '\n' ' ' >values
[ "$(cat values)" = "-2 -1 0 1 2 " ] || fail "the grid's values: $(cat values)"
grep -oP '"path": "parameters.x".*?\]' out | grep -oP '"mean": \K[-0-9.e]+' >means
paste <(printf '%s\n' -2 -1 0 11 22) means | awk '{ d = $1 - $2; if (d * d > 0.25) exit 1 }' || fail "the means: $(cat means)"
grep -qF '"best": {"anywhere": false, "values": [], "from": -2, "to": -2}' out || fail "the region of x"
grep -qF '"best": {"anywhere": true, "values": []}' out || fail "the region of y"
grep -qF '"region": {"mean": -' out || fail "the mean of the region"
grep -qF ', "trials": 9, "trials_mean": -2}' out || fail "the trials of the region"

# ---- few trials, diverged ones, a run that is not finished ---------------------------------------
small few "search: {method: grid, parameters: {train.optimizer.learning_rate: {values: [0.001, 1e30, 0.02]}, model.0.dense.units: {values: [4, 8]}}}"
expect 0 "" ranks 0 run few.yaml
expect 0 "2 that diverged count as the worst that was seen" ranks 0 importance runs/few
grep -q 'warning: 6 trials are few' err || fail "no warning of few trials"
expect 0 '"diverged": 2' ranks 0 importance runs/few --json
head -c "$(($(wc -c <runs/few/journal) * 5 / 6))" runs/few/journal >journal.cut
mkdir part
cp runs/few/experiment.yaml part/
cp journal.cut part/journal
expect 0 "from 5 of 6 trials" ranks 0 importance part

# ---- a parameter that some trials do not have ------------------------------------------------------
small when "search: {method: random, trials: 40, parameters: {
  train.optimizer.name: {values: [sgd, adam]},
  train.optimizer.learning_rate: {min: 0.00001, max: 1, scale: log},
  train.optimizer.beta1: {min: 0, max: 0.99, when: {train.optimizer.name: adam}}}}"
expect 0 "" ranks 0 run when.yaml
expect 0 "what validation_accuracy depends on, from 40 of 40 trials" ranks 0 importance runs/when
[ "$(grep -cE '^  not there +[0-9.]+ ' out)" = 1 ] || fail "the beta1 that is not there is a value of its own"
expect 0 "" ranks 0 importance runs/when --json
[ "$(grep -oP '"path": "train.optimizer.beta1".*?\]' out | grep -o '"value": null' | wc -l)" = 1 ] || fail "null, once"

# ---- trials that were ended early ------------------------------------------------------------------
small early "search: {method: random, trials: 24, max_concurrent: 2, early_terminate: {name: median, warmup_epochs: 1},
  parameters: {train.optimizer.learning_rate: {min: 0.00001, max: 1, scale: log}}}"
expect 0 "" ranks 0 run early.yaml train.epochs=8
ended=$("$CAVIAR" show runs/early --json | grep -c '"terminated": true')
[ "$ended" -gt 0 ] || fail "no trial was ended early"
expect 0 "$ended that were ended early count with the metric they had" ranks 0 importance runs/early

# ---- refusals ------------------------------------------------------------------------------------
small plain
expect 0 "" ranks 0 run plain.yaml
expect 4 "has no search" ranks 0 importance runs/plain
small tiny "search: {method: random, trials: 3, parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}}}"
expect 0 "" ranks 0 run tiny.yaml
expect 4 "needs at least 5 finished trials" ranks 0 importance runs/tiny
expect 4 "no such run directory" ranks 0 importance runs/nowhere
expect 2 "usage: caviar importance RUN" ranks 0 importance
expect 2 "unknown option --tree;" ranks 0 importance runs/few --tree 3
expect 2 '--trees: expected a number from 2 to 10000, found "1"' ranks 0 importance runs/few --trees 1
expect 2 "--pairs needs a number" ranks 0 importance runs/few --pairs

# ---- what the course says of neural networks -------------------------------------------------------
expect 0 "" ranks 2 run "$CAVIAR_SOURCE/experiments/quickstart/quickstart.yaml" --out quickstart
expect 0 "" ranks 0 importance quickstart
grep -A1 'share of the variance' out | tail -n 1 | grep -q '^  learning_rate ' || fail "the learning rate comes first"
echo "all is well"
