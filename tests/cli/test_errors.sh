#!/bin/bash
# Bad data, bad directories, a second run: one message with the path, the right exit code, nothing written, no hang,
# no stack trace; alone and on three ranks.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
make_data=$CAVIAR_BUILD/tests/make_data

cat >e.yaml <<'END'
name: e
data: {file: x.h5, split: {train: 0.7, validation: 0.2, test: 0.1}}
model: {layers: [{dense: {units: classes}}], loss: softmax_cross_entropy}
train: {epochs: 2, batch_size: 8}
END
$make_data good good.h5 || fail "make_data"

# refused CODE TEXT [OVERRIDE...]: on 0 and 3 ranks, and no run directory is made
refused() {
  local code=$1 text=$2
  shift 2
  for n in 0 3; do
    expect "$code" "$text" ranks $n run e.yaml "$@"
    [ ! -e runs ] || fail "a refused run made a directory"
  done
}

refused 4 "x.h5: cannot open: No such file or directory"
: >x.h5
refused 4 "x.h5"
echo "no HDF5" >x.h5
refused 4 "x.h5"
head -c 1000 good.h5 >x.h5
refused 4 "x.h5"
head -c $(($(wc -c <good.h5) - 1)) good.h5 >x.h5
refused 4 "x.h5"
mkdir x; rm x.h5; mv x x.h5
refused 4 "x.h5"
rmdir x.h5
for kind in nan label negative no_x fewer; do
  $make_data $kind x.h5
  refused 4 "x.h5"
  case $kind in
    nan) grep -q '/x\[8' err || fail "the message does not say where the NaN is" ;;
    label) grep -q '/y\[12\] is 3' err || fail "the message does not say which label" ;;
    negative) grep -q '/y\[12\] is -1' err || fail "the message does not say which label" ;;
  esac
done

# more in a batch than there is to train on: at its place, and where a search may draw it
cp good.h5 x.h5
sed -i 's/batch_size: 8/batch_size: 43/' e.yaml
refused 3 "e.yaml:4:32: error: train.batch_size: 43 is more than the 42 rows of the training part"
sed -i 's/batch_size: 43/batch_size: 42/' e.yaml
expect 0 "" ranks 0 run e.yaml --out just-enough
{
  cat e.yaml
  echo "search: {method: random, trials: 5, parameters: {train.batch_size: {min: 43, max: 50}}}"
} >s.yaml
for n in 0 3; do
  expect 3 "s.yaml:5:50: error: train.batch_size: 43 is more than the 42 rows" ranks $n run s.yaml
done
refused 3 "no metric is called" metric.name=validation_acuracy
refused 3 "3 errors" train.epohcs=1 train.batch_size=-1 model.loss=none

# an experiment file that cannot be read
for n in 0 3; do
  expect 4 "nothing.yaml: No such file" ranks $n run nothing.yaml
done

# the data are there for rank 0 only: its rank and host are named, and all leave
mkdir a b
cp e.yaml good.h5 x.h5 a
cp e.yaml b
expect 4 "rank 1 on $(uname -n): x.h5: cannot open" \
  timeout 300 mpirun -q --oversubscribe -n 1 --wdir "$work/a" "$CAVIAR" run e.yaml : \
  -n 2 --wdir "$work/b" "$CAVIAR" run e.yaml
if [ -e a/runs ] || [ -e b/runs ]; then fail "a refused run made a directory"; fi
# other data on a rank
$make_data good b/x.h5
printf '\x42' | dd of=b/x.h5 bs=1 seek=$(($(grep -abo a b/x.h5 | tail -n 1 | cut -d: -f1))) conv=notrunc 2>/dev/null
expect 4 "rank 1 on $(uname -n): " \
  timeout 300 mpirun -q --oversubscribe -n 1 --wdir "$work/a" "$CAVIAR" run e.yaml : \
  -n 2 --wdir "$work/b" "$CAVIAR" run e.yaml

# run directories that cannot be: below a file, not ours, not writable
refused 4 "the directory good.h5: Not a directory" --out good.h5/run
for name in experiment.yaml resolved.yaml results.h5; do
  mkdir theirs
  echo "mine: true" >theirs/$name
  refused 4 "theirs has a file $name but no journal" --out theirs
  [ "$(cat theirs/$name)" = "mine: true" ] || fail "somebody's $name was changed"
  rm -r theirs
done
if [ "$(id -u)" != 0 ]; then
  mkdir locked
  chmod a-w locked
  refused 4 "locked/run" --out locked/run
fi
# a journal with a line that is not what was written
expect 0 "" ranks 0 run e.yaml --out damaged
sed -i '2s/COMPLETED/DIVERGED_/' damaged/journal
for n in 0 3; do
  expect 4 "damaged/journal" ranks $n run e.yaml --out damaged
done
expect 4 "damaged/journal" ranks 0 show damaged

# pipes in the place of its files: nobody writes into them
waits_for_nobody() { # FILE COMMAND [ARG...]
  expect 4 "damaged/$1: not a file" timeout 60 "$CAVIAR" "${@:2}"
}
for name in journal experiment.yaml lock; do
  rm damaged/$name && mkfifo damaged/$name
  waits_for_nobody $name status damaged
  [ $name = lock ] || waits_for_nobody $name show damaged
  [ $name = experiment.yaml ] || waits_for_nobody $name run e.yaml --out damaged
  rm -r damaged
  expect 0 "" ranks 0 run e.yaml --out damaged
done

# a second run while one is going waits ten seconds, then says who has it; the first is not disturbed
"$CAVIAR" run e.yaml train.epochs=10000000 --out taken >/dev/null 2>&1 &
first=$!
while [ ! -s taken/journal ]; do sleep 0.05; done
expect 4 "$first" ranks 2 run e.yaml train.epochs=10000000 --out taken
grep -q "$(uname -n)" err || fail "the message does not name the host"
kill -0 $first || fail "the first run is gone"
kill -TERM $first
wait $first
[ $? = 75 ] || fail "the first run did not stop with 75"

# a checkpoint that cannot be written is a warning: the trial counts all the same
small f "$search12"
expect 0 "" ranks 0 run f.yaml --out whole
second=$(awk '$1 == 2 { print $2; exit }' out)
file=$(printf 'fail/checkpoints/trial-%06d.h5' "$second")
mkdir -p "$file/x"
expect 0 "$(digest whole)" ranks 2 run f.yaml --out fail
grep -q "warning: trial $second: checkpoint: cannot write $file: .*; its result counts" err ||
  fail "no warning of a checkpoint that is not kept"

# what fails in a trial is that trial's: the search goes on, and exit 1 says so
cat >g.yaml <<'YAML'
command: {run: [sh, -c, 'test $CAVIAR_TRIAL != 3 || test -e good || exit 9; echo 0.5', "{x}"], result: last_line}
parameters: {x: 1}
metric: {name: value, goal: minimize}
search: {trials: 6, parameters: {parameters.x: {min: 0, max: 1}}}
YAML
expect 1 "1 of 6 trials failed" ranks 2 run g.yaml --out g
grep -q '^trial 3 failed: .*9' out || fail "the leaderboard does not say why"
touch good
expect 0 "" ranks 2 run g.yaml --out g
expect 0 "$(digest g 2>/dev/null)" ranks 0 run g.yaml --out g-whole
echo "all is well"
