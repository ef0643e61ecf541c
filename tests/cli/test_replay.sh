#!/bin/bash
# A finished run as a table: what is looked up is what was trained, early stopping included; one digest on any
# number of ranks and after a kill; another table, another experiment and points that are not there are told.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

cat >e.yaml <<'YAML'
seed: 7
data: {source: {name: blobs, rows: 300}}
model: {layers: [{name: h, dense: {units: 8}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 8, batch_size: 32, shards: 4, optimizer: {name: sgd, learning_rate: 0.1}}
resources: {ranks_per_trial: 1}
search:
  method: grid
  parameters:
    train.optimizer.learning_rate: {values: [0.001, 0.1, 1, 1e30]}
    model.h.dense.units: {values: [4, 8, 16]}
YAML
# results RUN: what trials came to, without what a table does not have and what is chance
results() {
  "$CAVIAR" show "$1" --json | sed 's/"seconds": [^,]*, //; s/"weights": "[^"]*"/"weights": ""/; s/"rank": .*"curves"/"curves"/' | sort
}
same() { # RUN RUN
  cmp <(results "$1") <(results "$2") || fail "$1 and $2 differ"
}

# ---- the same trials, the same curves ---------------------------------------------------------------
expect 0 "" ranks 2 run e.yaml --out table
[ "$("$CAVIAR" show table --json | grep -c DIVERGED)" = 3 ] || fail "the table should have 3 diverged trials"
expect 0 "" ranks 0 run e.yaml replay=table --out again
same table again
[ "$(digest table)" != "$(digest again)" ] || fail "a look-up passes for a training"
expect 0 "" ranks 0 check e.yaml replay=table
grep -q "^# replay      table: 12 trials of up to 8 epochs, digest $(digest table)$" out || fail "check"
stopping='train.early_stopping={patience: 2, min_delta: 0.05}'
for metric in validation_loss train_loss validation_accuracy; do
  for at in last best; do
    name=$metric-$at
    expect 0 "" ranks 0 run e.yaml "$stopping" metric.name=$metric metric.at=$at --out trained-$name
    expect 0 "" ranks 0 run e.yaml "$stopping" metric.name=$metric metric.at=$at replay=table --out replayed-$name
    same trained-$name replayed-$name
  done
done
grep -q '"stopped_early": true' <("$CAVIAR" show replayed-validation_accuracy-best --json) || fail "nothing was stopped early"

# rungs and limits: the losers' curves end where they would have lost
for rule in successive_halving hyperband 'median'; do
  expect 0 "" ranks 2 run e.yaml "search.early_terminate=$rule" metric.name=validation_loss --out trained-$rule
  expect 0 "" ranks 0 run e.yaml "search.early_terminate=$rule" metric.name=validation_loss replay=table --out replayed-$rule
  same trained-$rule replayed-$rule
  expect 0 "$(digest replayed-$rule)" ranks 3 run e.yaml "search.early_terminate=$rule" metric.name=validation_loss \
    replay=table --out replayed-$rule-3
done
epochs() {
  "$CAVIAR" show "$1" --json | grep -o '"epochs": [0-9]*' | awk '{ n += $2 } END { print n }'
}
[ "$(epochs replayed-successive_halving)" -lt "$(epochs again)" ] || fail "halving saves no epochs"

# ---- another search of the table, whoever does it ---------------------------------------------------
sed 's/grid/random/; s/^search:/&\n  trials: 40/; s/^seed: 7/seed: 11\nreplay: table/; s/ranks_per_trial: 1/ranks_per_trial: 4/' e.yaml >search.yaml
expect 0 "" ranks 0 run search.yaml --out alone
want=$(digest alone)
for n in 1 2 3 8; do
  expect 0 "$want" ranks $n run search.yaml --out on$n
done
mkdir elsewhere
"$CAVIAR" show alone 5 --yaml >elsewhere/trial.yaml || fail "--yaml"
expect 0 "" ranks 0 run elsewhere/trial.yaml --out trial
[ "$("$CAVIAR" show alone 5 --json | grep -o '"curves".*')" = "$("$CAVIAR" show trial 0 --json | grep -o '"curves".*')" ] ||
  fail "a trial alone has another curve"
mkdir deep && cp search.yaml deep
expect 0 "$want" ranks 0 run deep/search.yaml replay=../table --out deep/run # the path is no part of it

finished() {
  local n
  n=$(grep -c '"type": "trial"' "$1/journal" 2>/dev/null)
  echo "${n:-0}"
}
expect 0 "" ranks 0 run search.yaml search.trials=4000 --out undisturbed
timeout 300 mpirun -q -n 3 --oversubscribe "$CAVIAR" run search.yaml search.trials=4000 --out killed >out 2>err &
pid=$!
while [ "$(finished killed)" -lt 50 ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -9 $pid
wait $pid 2>/dev/null
[ "$(finished killed)" -lt 4000 ] || fail "the kill came too late"
expect 0 "$(digest undisturbed)" ranks 2 run search.yaml search.trials=4000 --out killed

# ---- tables of costs and commands -------------------------------------------------------------------
cat >cost.yaml <<'YAML'
cost: (w - 1)^2
parameters: {w: 0}
train: {steps: 20, optimizer: {name: sgd, learning_rate: 0.1}}
search: {method: grid, parameters: {parameters.w: {values: [-1, 0, 3]}}}
YAML
sed 's/^train.*/train: {steps: 0}/' cost.yaml >value.yaml
cat >program.yaml <<'YAML'
command: {run: [sh, -c, "echo $0", "{x}"], timeout: 60}
parameters: {x: 1.0}
metric: {goal: maximize}
search: {method: grid, parameters: {parameters.x: {values: [3, 1, 2.5]}}}
YAML
for e in cost value program; do
  expect 0 "" ranks 0 run $e.yaml --out table-$e
  expect 0 "" ranks 2 run $e.yaml replay=table-$e --out replay-$e
  [ "$("$CAVIAR" show table-$e --json | grep -o '"curves".*')" = "$("$CAVIAR" show replay-$e --json | grep -o '"curves".*')" ] ||
    fail "$e: other curves"
done
[ -s table-program/output/trial-000000.txt ] || fail "no output of the program"
[ ! -e replay-program/output ] || fail "a replay ran the program"

# ---- what does not go -------------------------------------------------------------------------------
expect 3 'replay: table has no trial at learning_rate 0.1, units 15; the nearest is its trial 5, at learning_rate 0.1, units 16' \
  ranks 0 run search.yaml search.trials=1 'search.parameters.model.h.dense.units={value: 15}' \
  'search.parameters.train.optimizer.learning_rate={value: 0.1}' --out none
grep -q '^search.yaml:2:9: error' err || fail "no place in the file"
expect 3 'replay: table trained something else (- there, + here): - epochs: 8, + epochs: 9' \
  ranks 0 check e.yaml replay=table train.epochs=9
expect 3 'no metric is called "validation_lost"; did you mean "validation_loss"?' ranks 0 check search.yaml metric.name=validation_lost
expect 4 'replay: nowhere: no such run directory' ranks 0 run search.yaml replay=nowhere --out none
expect 0 "" ranks 0 run e.yaml seed=8 --out other
expect 3 "alone was trained on other data (fingerprint $(digest table), now $(digest other))" \
  ranks 0 run search.yaml replay=other --out alone
mkdir unfinished && cp other/experiment.yaml unfinished
grep -v '"schema_version": 1, "trial": 11,' other/journal >unfinished/journal
expect 4 'replay: 11 of 12 trials of unfinished are finished' ranks 0 run search.yaml replay=unfinished --out none
expect 0 "" ranks 0 run e.yaml "$stopping" --out short
expect 1 "" ranks 0 run e.yaml replay=short --out none
grep -q 'of the table was stopped early after epoch [0-9]*, which is not enough' out || fail "a table that is too short"

# ---- real digits: a search of the table and the trainings themselves --------------------------------
if [ -z "${CAVIAR_DATA:-}" ]; then
  echo "skipped: CAVIAR_DATA names no folder with digits/; the table of digits was left out"
  exit 0
fi
cp "$CAVIAR_SOURCE/experiments/replay-digits/table.yaml" digits.yaml
"$CAVIAR_SOURCE/experiments/digits/get-data" "$work/data" >out 2>err || fail "get-data"
few=('search.parameters.train.optimizer.learning_rate={values: [0.001, 0.01]}'
  'search.parameters.train.batch_size={values: [64]}' 'search.parameters.model.hidden.dense.units={values: [8, 16]}'
  train.epochs=6)
expect 0 "" ranks 2 run digits.yaml "${few[@]}" --out digits
rm -r data # nothing of it is read again
random=(search.method=random search.trials=10 train.early_stopping.patience=2)
expect 0 "" ranks 0 run digits.yaml "${few[@]}" "${random[@]}" replay=digits --out digits-alone
expect 0 "$(digest digits-alone)" ranks 3 run digits.yaml "${few[@]}" "${random[@]}" replay=digits --out digits-three
echo "replays: all as expected"
