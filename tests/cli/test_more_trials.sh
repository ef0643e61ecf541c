#!/bin/bash
# A search that has begun, or is finished, is given more trials: the digest of starting with as many.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
space='parameters: {train.optimizer.learning_rate: {min: 0.001, max: 0.1, scale: log}}'
small m "search: {trials: 4, $space}"
for n in 4 9; do
  expect 0 "" ranks 0 run m.yaml search.trials=$n --out runs/whole$n
done
[ "$(digest runs/whole4)" != "$(digest runs/whole9)" ] || fail "one digest for 4 and 9 trials"

# By an override, by the file, twice, on other ranks, from a kill.
expect 0 "" ranks 2 run m.yaml
[ "$(digest runs/m)" = "$(digest runs/whole4)" ] || fail "4 trials: another digest"
expect 0 "" ranks 3 run m.yaml search.trials=6
"$CAVIAR" show runs/m | says "6 of 6 trials finished" || fail "not 6 trials"
sed -i 's/trials: 4/trials: 9/' m.yaml
expect 0 "" ranks 2 run m.yaml
[ "$(digest runs/m)" = "$(digest runs/whole9)" ] || fail "4, 6, then 9 trials: another digest"
expect 0 "" "$CAVIAR" show runs/m 8 --yaml
grep -q "^seed:" out || fail "trial 8 is not there"
expect 0 "" ranks 0 run m.yaml --expect-digest "$(digest runs/whole9)" # nothing is left to do

# A search that was stopped on its way is given more too; meanwhile it can be read.
sed -i 's/trials: 9/trials: 4/' m.yaml
"$CAVIAR" run m.yaml train.epochs=300 --out runs/slow4 >/dev/null || fail "slow4"
"$CAVIAR" run m.yaml train.epochs=300 search.trials=7 --out runs/slow7 >/dev/null || fail "slow7"
"$CAVIAR" run m.yaml train.epochs=300 --out runs/killed >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do
  [ "$(grep -c '"type": "trial"' runs/killed/journal 2>/dev/null)" -ge 1 ] 2>/dev/null && break
  sleep 0.02
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
"$CAVIAR" run m.yaml train.epochs=300 search.trials=7 --out runs/killed >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do # it has begun to be of 7 trials
  [ "$(grep -c '"type": "run"' runs/killed/journal)" -ge 2 ] && break
  sleep 0.02
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
expect 0 "" "$CAVIAR" show runs/killed
expect 0 "" "$CAVIAR" sample --run runs/killed
expect 0 "" ranks 2 run m.yaml train.epochs=300 search.trials=7 --out runs/killed
[ "$(digest runs/killed)" = "$(digest runs/slow7)" ] || fail "killed, then given more: another digest"

# Never fewer; not where the points depend on how many there are; nothing else may differ with it.
before=$(cat runs/m/journal runs/m/experiment.yaml | md5sum)
expect 3 "cannot become 4: choose another --out" "$CAVIAR" run m.yaml
expect 3 "+   epochs: 4" "$CAVIAR" run m.yaml train.epochs=4 search.trials=12
expect 3 "+   max_concurrent: 3" "$CAVIAR" run m.yaml search.max_concurrent=3 search.trials=12
[ "$before" = "$(cat runs/m/journal runs/m/experiment.yaml | md5sum)" ] || fail "a refusal wrote"
small g 'search: {method: grid, parameters: {train.batch_size: {values: [16, 32]}}}'
expect 0 "" ranks 0 run g.yaml
expect 3 "another experiment" "$CAVIAR" run g.yaml 'search.parameters.train.batch_size={values: [16, 32, 64]}'
echo "more trials: the digest of as many"
