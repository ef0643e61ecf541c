#!/bin/bash
# Costs from outside: the parabola ends at 5.0000 whatever the optimizer, a resumed or exported training
# gives the same bits, a search the same digest on 1 and 2 ranks; data by name, from the experiment and a file.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
folder=$CAVIAR_SOURCE/experiments/automatic-differentiation

# parameter RUN NAME: its value in trial 0, as JSON
parameter() {
  "$CAVIAR" show "$1" 0 --json | grep -oP "\"$2\": \K(\[[^]]*\]|[^,}]*)" | head -1
}
weights() { # of trial 0
  "$CAVIAR" show "$1" 0 --json | grep -oP '"weights": "\K[^"]*'
}
# near RUN NAME VALUE [DIGITS]: to so many decimal places
near() {
  local found
  found=$(parameter "$1" "$2")
  [ "$(printf "%.${4:-4}f" "$found")" = "$3" ] || fail "$1: $2 is $found, expected $3"
}

# ---- the parabola, and the optimizer swapped by one line ------------------------------------------
expect 0 "" ranks 0 run "$folder/parabola.yaml" --out parabola
near parabola w 5.0000
grep -q '^w       5.00000' out || fail "run does not print the parameter"
expect 0 "parameter w = 5.00000" ranks 0 show parabola 0
for optimizer in sgd momentum rmsprop; do
  rate=0.1
  [ $optimizer = rmsprop ] && rate=0.001
  sed "s/^  optimizer: .*/  optimizer: {name: $optimizer, learning_rate: $rate}/; s/steps: 1000/steps: 20000/" \
    "$folder/parabola.yaml" >$optimizer.yaml
  expect 0 "" ranks 0 run $optimizer.yaml --out $optimizer
  near $optimizer w 5.00 2
done
expect 0 "" ranks 0 run "$folder/coefficients.yaml" --out coefficients
near coefficients w 5.0000
expect 0 "" ranks 0 run "$folder/coefficients.yaml" "data.x=[1, -6, 9]" --out other
near other w 3.0000

# ---- vectors, columns -------------------------------------------------------------------------------
expect 0 "" ranks 0 run "$folder/rosenbrock.yaml" --out rosenbrock
near rosenbrock x 1.000 3
near rosenbrock y 1.000 3
expect 0 "" ranks 0 run "$folder/line.yaml" --out line
near line a 3.00 2
near line b 20.0 1
printf 'area,rooms,price\n50,2,170\n80,3,260\n100,3,320\n120,5,380\n60,2,200\n' >houses.csv
expect 0 "" ranks 0 import csv houses.csv --values -o houses.h5
sed 's/^data:.*/data: {file: houses.h5}/; /^  area/d; /^  price/d' "$folder/line.yaml" >columns.yaml
expect 0 "" ranks 0 run columns.yaml --out columns
near columns a 3.00 2
near columns b 20.0 1
expect 0 "" ranks 0 check columns.yaml
grep -q '^# data        area (5 values), price (5 values)$' out || fail "check: $(grep '^# data' out)"
grep -q '^# parameters  a (1 value), b (1 value)$' out || fail "check: $(grep '^# param' out)"
expect 3 'no parameter or data is called "garden"; there are a, b, area, rooms, price' \
  ranks 0 check columns.yaml 'cost=mean((price - a*garden - b)^2)'
printf '1,2,3\n4,5,6\n' >nameless.csv
expect 0 "" ranks 0 import csv nameless.csv --values -o nameless.h5
expect 4 'nameless.h5: its columns have no names' ranks 0 check columns.yaml data.file=nameless.h5
cat >vector.yaml <<'YAML'
cost: sum((w - x)^2)
parameters: {w: [0, 0, 0]}
data: {x: [1, -2, 0.5]}
train: {steps: 3, optimizer: {name: sgd, learning_rate: 0.5}}
YAML
expect 0 "" ranks 0 run vector.yaml --out vector
[ "$(parameter vector w)" = "[1, -2, 0.5]" ] || fail "vector: $(parameter vector w)"

# ---- a trial as a plain file ------------------------------------------------------------------------
for run in coefficients columns vector; do
  "$CAVIAR" show $run 0 --yaml >again-$run.yaml || fail "$run: --yaml"
  mkdir -p elsewhere
  mv again-$run.yaml elsewhere
  expect 0 "" ranks 0 run elsewhere/again-$run.yaml --out again-$run
  [ "$(weights $run)" = "$(weights again-$run)" ] || fail "$run: exported, it has other weights"
  [ "$(digest $run)" = "$(digest again-$run)" ] || fail "$run: exported, it has another digest"
done

# ---- a search, on one and two ranks -----------------------------------------------------------------
expect 0 "" ranks 0 run "$folder/optimizers.yaml" --out one
expect 0 "$(digest one)" ranks 2 run "$folder/optimizers.yaml" --out two
cat >starts.yaml <<'YAML'
cost: (w^2 - 1)^2 + 0.1*w + sum(v^2)
parameters: {w: 0, v: [1, 1]}
train: {steps: 200, optimizer: {name: sgd, learning_rate: 0.05}}
search:
  method: grid
  parameters:
    parameters.w: {values: [-0.5, 0.5]}
    parameters.v: {values: [[1, 1], [2, 3]]}
YAML
expect 0 "" ranks 2 run starts.yaml --out starts
[ "$(parameter starts w | cut -c1-3)" = "-1." ] || fail "starts: trial 0 is at $(parameter starts w)"
"$CAVIAR" show starts --json >starts.json
[ "$(grep -c '"parameters.w": 0.5.*"parameters": {"w": 0.98' starts.json)" = 2 ] ||
  fail "starts: from 0.5 on the right there is another minimum"

# ---- killed and stopped -----------------------------------------------------------------------------
cat >long.yaml <<'YAML'
cost: (1 - x)^2 + 100*(y - x^2)^2
parameters: {x: -1.2, y: 1}
train: {steps: 1000000, optimizer: {name: sgd, learning_rate: 0.0001}}
checkpoint: {every_seconds: 0.05}
YAML
expect 0 "" ranks 0 run long.yaml --out undisturbed
begin() { # in the background, until a checkpoint is there
  "$CAVIAR" run long.yaml --out "$1" >out 2>err &
  pid=$!
  while [ ! -e "$1/checkpoints/trial-000000.h5" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
}
begin killed
kill -9 $pid
wait $pid 2>/dev/null
expect 75 "" ranks 0 digest killed
expect 0 "$(digest undisturbed)" ranks 0 run long.yaml --out killed
begin asked
kill -USR1 $pid
wait $pid
[ $? = 75 ] || fail "SIGUSR1: expected exit code 75"
expect 0 "$(digest undisturbed)" ranks 0 run long.yaml --out asked
[ "$("$CAVIAR" show undisturbed 0 --json | grep -o '"epochs": [0-9]*')" = '"epochs": 1000' ] ||
  fail "the curve of 1,000,000 steps has not 1,000 rows"

# ---- what a cost cannot do --------------------------------------------------------------------------
expect 2 'parabola minimises a cost, so there is no model to predict with' ranks 0 predict parabola houses.h5
cat >log.yaml <<'YAML'
cost: log(w - 3)
parameters: {w: 4}
train: {steps: 100, optimizer: {name: sgd, learning_rate: 0.5}}
YAML
expect 0 'log of a negative number in "log(w - 3)" (cost, column 1): w - 3 is -0.5' ranks 0 run log.yaml --out log
expect 0 "log of a negative number in" ranks 0 show log 0
"$CAVIAR" show log 0 --json >log.json
grep -q '"status": "DIVERGED".*"reason": "log of a negative number in' log.json || fail "no reason in the JSON"
grep -q '"parameters"' log.json && fail "a diverged cost has no parameters"
if command -v h5dump >/dev/null; then
  h5dump -d /trials/error log/results.h5 >log.h5.txt || fail "h5dump log/results.h5"
  grep -q "log of a negative number" log.h5.txt || fail "no reason in results.h5"
fi
echo "costs: all as expected"
