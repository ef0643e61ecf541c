#!/bin/bash
# tune, rewind, pause and resume while a run goes on, on 1, 2 and 4 ranks, with kill -9 in between: what
# comes of it is, to the digest, the experiment with these edits in its file. And what is refused.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

cat >p.yaml <<'END'
seed: 4
data: {source: {name: blobs, rows: 6000, classes: 4, features: 8, spread: 0.9}}
model: {layers: [{dense: {units: 64}}, batch_norm, relu, {dropout: {rate: 0.2}}, {dense: {units: classes}}]}
metric: {name: validation_loss, at: best}
train: {epochs: 60, batch_size: 48, shards: 4, optimizer: {name: adam, learning_rate: 0.001}}
resources: {stall_seconds: 2}
END
# Where much is asked of a run it saves after each of its 6,000 updates: that takes its time on any machine, and
# changes no bit.
cp p.yaml slow.yaml
echo 'checkpoint: {every_seconds: 0}' >>slow.yaml

# What the runs below come to: 100 updates an epoch.
sed 's/^resources/edits:\
  - {step: 100, train.optimizer.learning_rate: 0.0005}\
  - {step: 300, model.dropout.rate: 0.4, train.l2: 0.001}\
resources/' p.yaml >edited.yaml
expect 0 "" ranks 0 run edited.yaml --out edited
want=$(digest edited)
expect 0 "" ranks 0 run p.yaml train.epochs=3 --out plain
"$CAVIAR" run edited.yaml train.epochs=3 --out other >/dev/null || fail "edited.yaml: exit $?"
[ "$(digest plain)" != "$(digest other)" ] || fail "edits change nothing"

# begin DIR RANKS FILE [PATH=VALUE]: in the background, until it trains, and is paused
begin() {
  local dir=$1 launcher=(mpirun -q -n "$2" --oversubscribe)
  [ "$2" = 0 ] && launcher=()
  shift 2
  "${launcher[@]}" "$CAVIAR" run "$@" --out "$dir" >"$dir.out" 2>"$dir.err" &
  pid=$!
  for ((i = 0; i < 200; i++)); do
    "$CAVIAR" pause "$dir" >begun 2>/dev/null && break
    kill -0 $pid 2>/dev/null || break
    sleep 0.05
  done
  grep -qF 'paused before update' begun || fail "$dir: it did not pause: $(cat "$dir.err")"
}

# ends DIR: it came to its end, in the background
ends() {
  wait $pid || fail "$1: exit $?: $(cat "$1.err")"
}

# killed DIR: as by a power failure; ranks that mpirun leaves behind notice it within a moment
killed() {
  kill -9 $pid
  wait $pid 2>/dev/null
  for ((i = 0; i < 200; i++)); do
    "$CAVIAR" pause "$1" --wait 0.1 >/dev/null 2>left
    grep -qF 'nobody works on' left && return
    sleep 0.05
  done
  fail "$1: somebody still works on it"
}

# go_beyond DIR UPDATE: returns while it trains, that far at least
go_beyond() {
  local at=0
  for ((i = 0; i < 200 && at <= $2; i++)); do
    "$CAVIAR" pause "$1" >moment || fail "$1: it cannot be paused"
    at=$(sed 's/paused before update \([0-9]*\) .*/\1/' moment)
    "$CAVIAR" resume "$1" >/dev/null || fail "$1: it cannot go on"
  done
  [ "$at" -gt "$2" ] || fail "$1: it is at update $at still"
}

n_edits() {
  grep -c '"type": "edit"' "$1/journal"
}

for n in 0 2 4; do
  dir=r$n
  begin $dir $n slow.yaml
  if [ $n = 4 ]; then
    sleep 4 # longer than a stall
    grep -iE 'wait(s|ed|ing) |stall' $dir.err && fail "$dir: a rank is missed while the run is paused"
  fi
  expect 2 "refused: the training is paused already" ranks 0 pause $dir
  expect 2 "is not over" ranks 0 rewind $dir --epoch 59
  expect 0 "goes on with update" ranks 0 resume $dir
  expect 2 "refused: the training is not paused" ranks 0 resume $dir
  go_beyond $dir 100
  expect 0 "from update" ranks 0 tune $dir train.clip_norm=0.1
  expect 0 "paused before" ranks 0 pause $dir
  expect 0 "back at the end of epoch 1, before update 101 (epoch 2 of 60), 1 edit undone" \
    ranks 0 rewind $dir --epoch 1
  expect 0 "{train.optimizer.learning_rate: 0.0005} from update 101 (epoch 2 of 60) on" \
    ranks 0 tune $dir train.optimizer.learning_rate=5.0e-4
  expect 0 "goes on with update 101" ranks 0 resume $dir
  go_beyond $dir 300
  expect 0 "{train.optimizer.beta1: 0.5} from update" ranks 0 tune $dir train.optimizer.beta1=0.5
  killed $dir
  [ "$(n_edits $dir)" = 3 ] || fail "$dir: $(n_edits $dir) of 3 edits in the journal"
  "$CAVIAR" show $dir 0 --yaml >killed.yaml || fail "$dir: no experiment after the kill"
  grep -qF '{step: 100, train.optimizer.learning_rate: 0.0005}' killed.yaml || fail "$dir: an edit is lost"
  grep -qF 'train.optimizer.beta1: 0.5}' killed.yaml || fail "$dir: the last edit is lost"

  begin $dir $n slow.yaml
  expect 0 ", 1 edit undone" ranks 0 rewind $dir --epoch 3
  expect 0 "from update 301" ranks 0 tune $dir model.dropout.rate=0.4
  expect 0 "from update 301" ranks 0 tune $dir train.l2=0.001
  killed $dir # paused; run again it goes on
  expect 0 "$want" ranks $n run p.yaml --out $dir
  [ "$(digest $dir)" = "$want" ] || fail "$dir: another digest than the file with the edits"
  ! ls $dir/checkpoints/kept >/dev/null 2>&1 || fail "$dir: kept checkpoints are still there"
  [ -z "$(ls $dir/requests)" ] || fail "$dir: requests are left: $(ls $dir/requests)"
done

# one that is changed and simply goes on; its experiment run alone, and replayed, gives its bits
begin on 2 slow.yaml train.epochs=10
expect 0 "" ranks 0 resume on
expect 0 "from update" ranks 0 tune on train.optimizer.learning_rate=0.01 train.max_norm=1
expect 0 "from update" ranks 0 tune on train.schedule='{name: exponential, decay: 0.99}'
ends on
expect 0 "$(digest on)" ranks 2 replay on
expect 4 "on-replay is there already" ranks 0 replay on
"$CAVIAR" show on 0 --yaml >on.yaml
[ "$(grep -c 'step:' on.yaml)" = 2 ] || fail "show --yaml has other edits"
expect 0 "$(digest on)" ranks 0 run on.yaml --out alone
# seen to fail: a run whose experiment is not what was trained
cp -r edited forged
sed -i 's/^seed: 4/seed: 5/' forged/experiment.yaml
expect 1 "the digest is" ranks 0 replay forged
expect 75 "0 of 1 trials are finished" ranks 0 replay "$(mkdir -p none && cp r0/experiment.yaml none/ &&
  head -1 r0/journal >none/journal && echo none)"

# ---- refusals --------------------------------------------------------------------------------------

small s 'search: {trials: 3, parameters: {train.optimizer.learning_rate: {min: 0.001, max: 0.1}}}'
expect 0 "" ranks 0 run s.yaml --out s
expect 2 "s is a search of 3 trials" ranks 0 tune s train.l2=0.1
expect 2 "s is a search of 3 trials" ranks 0 rewind s --epoch 1
expect 2 "plain is finished" ranks 0 tune plain train.l2=0.1
expect 4 "no such run directory" ranks 0 tune nowhere train.l2=0.1
expect 2 "what changes?" ranks 0 tune plain
expect 2 "expected path=value" ranks 0 tune plain train.l2
expect 2 "usage: caviar rewind" ranks 0 rewind plain
expect 2 "expected the number of an epoch" ranks 0 rewind plain --epoch two
expect 2 "unknown option --epoch" ranks 0 pause plain --epoch 2
expect 2 "--wait: expected seconds" ranks 0 pause plain --wait soon

expect 2 "nobody works on none" ranks 0 pause none

begin b 0 slow.yaml
expect 3 "train.batch_size cannot change during a training: the epochs are cut into batches by it" \
  ranks 0 tune b train.batch_size=8
expect 3 "expected a number above 0" ranks 0 tune b train.optimizer.learning_rate=-1
[ "$(n_edits b)" = 0 ] || fail "a refused edit is in the journal"
kill -STOP $pid
expect 4 "no answer within 0.5 s" ranks 0 tune b train.l2=0.1 --wait 0.5
"$CAVIAR" tune b train.l2=0.1 --wait 60 >out 2>err &
asker=$!
until ls b/requests/*.request >out 2>&1; do kill -0 $asker 2>/dev/null || fail "it did not ask"; done
kill -TERM $asker
wait $asker
code=$?
[ $code = 75 ] || fail "asked no more: exit $code, expected 75"
grep -qF "nothing was done, and the request is taken back" err || fail "what became of the request?"
kill -CONT $pid
[ -z "$(ls b/requests)" ] || fail "what nobody answered is still asked"
kill -TERM $pid # a paused run can be stopped
wait $pid
code=$?
[ $code = 75 ] || fail "stopped while paused: exit $code, expected 75"
echo "edits while a run goes on: ok"
