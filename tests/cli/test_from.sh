#!/bin/bash
# search.from: another run's best trials first, its results told to a method that looks; the other run's digest is part of
# the experiment.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
space='train.optimizer.learning_rate: {min: 0.001, max: 0.1, scale: log}'
small old "search: {trials: 8, parameters: {$space, train.batch_size: {values: [16, 32]}}}"
expect 0 "" ranks 0 run old.yaml
best() { "$CAVIAR" show runs/old --json | head -n "$1" | sed 's/.*"point": \({[^}]*}\).*/\1/'; }

small new "search: {trials: 6, from: {run: runs/old, best: 3}, try: [{train.batch_size: 16," \
  "  train.optimizer.learning_rate: 0.002}], parameters: {$space, train.batch_size: {values: [16, 32]}}}"
expect 0 "" "$CAVIAR" sample new.yaml --json
sed 's/.*"point": \({[^}]*}\).*/\1/' out >points
[ "$(wc -l <points)" = 6 ] || fail "not 6 points"
cmp -s <(sed -n 2,4p points) <(best 3) || fail "not the best of the other run: $(cat points)"
expect 0 "" "$CAVIAR" sample new.yaml search.from=null search.trials=3 --json
sed 's/.*"point": \({[^}]*}\).*/\1/' out | cmp -s - <(sed -n '1p;5,6p' points) ||
  fail "the method's points are others"

expect 0 "" ranks 0 run new.yaml
expect 0 "" ranks 3 run new.yaml --out runs/three
[ "$(digest runs/new)" = "$(digest runs/three)" ] || fail "another digest on three ranks"
"$CAVIAR" show runs/new --json | sed 's/.*"point": \({[^}]*}\).*/\1/' | sort >trained
sort points | cmp -s - trained || fail "others were trained"
grep -q "^    digest: \"\?$(digest runs/old)" runs/new/resolved.yaml || fail "resolved.yaml does not say the digest"

# The short form; the same run at another place; pinned by its digest, or by another one.
expect 0 "" "$CAVIAR" sample new.yaml search.from=runs/old search.trials=9
[ "$(wc -l <out)" = 9 ] || fail "the short form takes other than 5"
cp -r runs/old elsewhere
expect 0 "" ranks 0 run new.yaml search.from.run="$PWD/elsewhere" --out runs/moved
[ "$(digest runs/moved)" = "$(digest runs/new)" ] || fail "the place of the other run counts"
expect 0 "" "$CAVIAR" check new.yaml "search.from.digest='$(digest runs/old)'"
expect 3 "search.from: runs/old has the digest $(digest runs/old)" "$CAVIAR" check new.yaml search.from.digest=abc

# Stopped at once: the points are the journal's; then the other run changes, or is gone.
"$CAVIAR" run new.yaml train.epochs=100000 --out runs/stopped >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do [ -s runs/stopped/journal ] && break; sleep 0.1; done
kill -TERM $pid
wait $pid
[ $? = 75 ] || fail "not stopped"
mv runs/old gone
expect 0 "" "$CAVIAR" sample --run runs/stopped --json
sed 's/.*"point": \({[^}]*}\).*/\1/' out | cmp -s - points || fail "the journal has other points"
expect 0 "" "$CAVIAR" show runs/stopped 1 --yaml
expect 4 "search.from: " "$CAVIAR" run new.yaml
mv gone runs/old
expect 0 "" ranks 0 run new.yaml # finished: nothing to do
expect 0 "" ranks 2 run new.yaml search.trials=8
expect 0 "" ranks 0 run new.yaml search.trials=8 --out runs/eight
[ "$(digest runs/new)" = "$(digest runs/eight)" ] || fail "more trials: another digest"
expect 0 "" ranks 0 run old.yaml search.trials=9
expect 3 "+     digest: " "$CAVIAR" run new.yaml search.trials=8

# What was not searched there is what it had; what is not in this space does not count.
small other 'search: {trials: 3, from: {run: runs/old, best: 2}, parameters: {model.0.dense.units: {min: 4, max: 8},' \
  '  train.batch_size: {values: [16]}}}'
expect 0 "" "$CAVIAR" sample other.yaml
[ "$(head -n 2 out | cut -d' ' -f3- | sort -u)" = "{model.0.dense.units: 8, train.batch_size: 16}" ] || fail "other: $(cat out)"
expect 3 "are in this search's space" "$CAVIAR" sample other.yaml 'search.parameters.model.0.dense.units={min: 4, max: 7}'
expect 3 "best asks for 60" "$CAVIAR" check new.yaml search.from.best=60 search.trials=70
expect 4 "no such run directory" "$CAVIAR" check new.yaml search.from.run=runs/none

# Results, told to a method that looks.
if "$CAVIAR" describe sampler | says '^tpe '; then
  small looks "search: {method: tpe, trials: 12, max_concurrent: 4, from: {run: runs/old, best: 0, results: true}," \
    "  parameters: {$space, train.batch_size: {values: [16, 32]}}}"
  expect 0 "" ranks 0 run looks.yaml
  expect 0 "" ranks 3 run looks.yaml --out runs/looks3
  [ "$(digest runs/looks)" = "$(digest runs/looks3)" ] || fail "results: another digest on three ranks"
  expect 0 "" "$CAVIAR" sample looks.yaml search.from=null
  cp out alone
  expect 0 "" "$CAVIAR" sample looks.yaml
  cmp -s out alone && fail "what the other run came to makes no difference"
  expect 3 "results of runs/old are of validation_accuracy, maximize" "$CAVIAR" sample looks.yaml metric.name=validation_loss
else
  echo "skipped: results of another run, for there is no tpe"
fi
echo "from another run: its best first"
