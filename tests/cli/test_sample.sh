#!/bin/bash
# sample prints the points that run trains: all of them, the first, those that a run lacks; conditions.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small s 'search: {trials: 7, parameters: {train.optimizer.name: {values: [sgd, adam]},' \
  '  train.optimizer.momentum: {min: 0, max: 0.9, when: {train.optimizer.name: sgd}},' \
  '  train.optimizer.beta1: {min: 0.8, max: 0.99, when: {train.optimizer.name: adam}}}}'
expect 0 "" "$CAVIAR" sample s.yaml
cp out points
[ "$(wc -l <points)" = 7 ] || fail "expected 7 points"
[ "$(grep -c 'sgd, train.optimizer.momentum: [^,]*}$' points)" -ge 1 ] || fail "no sgd: $(cat points)"
[ "$(grep -c 'adam, train.optimizer.beta1: [^,]*}$' points)" -ge 1 ] || fail "no adam: $(cat points)"
[ "$(grep -cE 'sgd, train.optimizer.m|adam, train.optimizer.b' points)" = 7 ] || fail "$(cat points)"
expect 0 "" "$CAVIAR" sample s.yaml -n 3
cmp -s out <(head -n 3 points) || fail "-n 3: others"
expect 0 "" "$CAVIAR" sample s.yaml search.trials=3
cmp -s out <(head -n 3 points) || fail "the number of trials changes random points"

# What is trained is what was shown, in the table and in the record too.
expect 0 "" ranks 2 run s.yaml
for n in 0 1 2 3 4 5 6; do
  "$CAVIAR" show runs/s $n --json | sed 's/.*"point": \({[^}]*}\).*/\1/' >>trained
  "$CAVIAR" show runs/s $n --yaml >trial.yaml || fail "trial $n as a file"
  name=$(sed -n "$((n + 1))s/.*name: \([a-z]*\),.*/\1/p" points)
  grep -q "^    name: $name" trial.yaml || fail "trial $n is no $name: $(cat trial.yaml)"
done
expect 0 "" "$CAVIAR" sample s.yaml --json
sed 's/.*"point": \({[^}]*}\).*/\1/' out | cmp -s - trained || fail "other points were trained"
[ "$("$CAVIAR" show runs/s | grep -cE '(sgd +0\.[0-9]+ +-|adam +- +0\.[0-9]+)$')" = 7 ] ||
  fail "the table: $("$CAVIAR" show runs/s)"
if command -v h5dump >/dev/null; then
  h5dump -d /points/train.optimizer.momentum runs/s/results.h5 | grep -q 'nan' || fail "no NaN in the record"
fi
expect 0 "" "$CAVIAR" sample --run runs/s
[ ! -s out ] || fail "a finished run has points left: $(cat out)"

# A trial as a file, run alone, gives its bits.
"$CAVIAR" show runs/s 0 --yaml >alone.yaml
expect 0 "" "$CAVIAR" run alone.yaml --out runs/alone
weights() { "$CAVIAR" show "$1" 0 --json | sed 's/.*"weights": "\([0-9a-f]*\)".*/\1/'; }
[ "$(weights runs/s)" = "$(weights runs/alone)" ] || fail "the trial alone has other weights"

# A run that was stopped: what it lacks.
small long 'search: {trials: 4, parameters: {train.optimizer.learning_rate: {min: 0.001, max: 0.1}}}'
"$CAVIAR" sample long.yaml >all
"$CAVIAR" run long.yaml train.epochs=100000 --out runs/long >out 2>err &
pid=$!
for _ in $(seq 100); do [ -s runs/long/journal ] && break; sleep 0.1; done
kill -TERM $pid
wait $pid
[ $? = 75 ] || fail "not stopped"
expect 0 "" "$CAVIAR" sample --run runs/long
cmp -s out all || fail "the stopped run lacks other points"

expect 2 "of which experiment?" "$CAVIAR" sample
expect 2 "expected how many points" "$CAVIAR" sample s.yaml -n 0
expect 2 "expected how many points" "$CAVIAR" sample s.yaml -n
expect 2 "it takes no file" "$CAVIAR" sample s.yaml --run runs/s
expect 4 "no such run directory" "$CAVIAR" sample --run runs/none
small plain
expect 3 "has no search" "$CAVIAR" sample plain.yaml
expect 3 "no such path" "$CAVIAR" sample s.yaml 'search.parameters.train.epoch={values: [1]}'
echo "sample shows what is trained"
