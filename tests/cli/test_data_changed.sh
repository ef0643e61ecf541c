#!/bin/bash
# A dataset that is written to, or cut off, while a search reads it: exit 4 says which file, nothing is recorded that came of it,
# and with the file put back the same command ends in the digest of an undisturbed run. A new name or mode disturbs nothing.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"
"${CAVIAR_BUILD:?}/tests/make_data" good good.h5 || fail "make_data"
cat >e.yaml <<'YAML'
seed: 7
data: {file: x.h5, split: {train: 0.7, validation: 0.2, test: 0.1}}
model: {layers: [{dense: {units: 32}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 500, batch_size: 42, shards: 2}
checkpoint: {every_seconds: 0.05}
search: {method: random, trials: 24, parameters: {train.optimizer.learning_rate: {min: 0.001, max: 0.01, scale: log}}}
YAML
cp good.h5 x.h5
expect 0 "" ranks 0 run e.yaml --out whole
want=$(digest whole)
x=$(($(grep -abo "$(printf '\200\277')" x.h5 | head -n 1 | cut -d: -f1) - 2)) # -1.0f: the first number of /x

three_finished() {
  [ "$(finished run)" -ge 3 ] 2>/dev/null
}
saved() {
  [ -s run/checkpoints/trial-000000.h5 ]
}
write_into() {
  printf '\x42' | dd of=x.h5 bs=1 seek=$x conv=notrunc 2>/dev/null
}
cut_off() {
  truncate -s 100 x.h5
}
rename_it() {
  ln x.h5 y.h5 && chmod 600 x.h5 && mv x.h5 z.h5 && mv z.h5 x.h5 && rm y.h5
}

# during RANKS ACTION READY [OVERRIDE...]: a search, and ACTION when READY says so; sets code
during() {
  local n=$1 action=$2 ready=$3
  shift 3
  rm -rf run
  cp good.h5 x.h5
  if [ "$n" = 0 ]; then
    "$CAVIAR" run e.yaml --out run "$@" >out 2>err &
  else
    mpirun -q --oversubscribe -n "$n" "$CAVIAR" run e.yaml --out run "$@" >out 2>err &
  fi
  pid=$!
  await "$ready"
  "$action"
  over
  finished=$(finished run)
}

# refused ACTION: the search has ended by it
refused() {
  [ $code = 4 ] || fail "$1: exit $code"
  grep -qE 'x.h5: (was changed while it was in use|was cut off|cannot be read any more)' err || fail "$1: which file?"
  if grep -qE 'MPI_ABORT|\*\*\* |Segmentation|Bus error|\[[0-9]+\] /|Sanitizer' err; then fail "$1: a stack trace"; fi
}

for n in 0 2; do
  for action in write_into cut_off; do
    during $n $action three_finished
    refused $action
    [ "$finished" -lt 24 ] || fail "$action: it came too late"
    case $action in # what is there now is another dataset, or none
      write_into) expect 3 "run was trained on other data" ranks 0 run e.yaml --out run ;;
      cut_off) expect 4 "x.h5: " ranks 0 run e.yaml --out run ;;
    esac
    cp good.h5 x.h5
    expect 0 "$want" ranks 0 run e.yaml --out run
    echo "$action, $n ranks: ended with $finished of 24 trials, went on to $want"
  done
done

# one trial of two ranks, which agree on it before a checkpoint is written
for action in write_into cut_off; do
  during 2 $action saved search.trials=1 train.epochs=10000000
  refused "$action, a team"
done

during 0 rename_it three_finished
[ $code = 0 ] || fail "a new name: exit $code"
[ "$(digest run)" = "$want" ] || fail "a new name: another digest"
echo "all is well"
