#!/bin/bash
# Trials that end early because others do better: one digest on any number of ranks, after kills, also where a
# checkpoint of a trial that waits at a rung is lost; a trial that was cut is an experiment of its own.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

experiment() { # rule METHOD LINE...
  cat <<YAML
seed: 5
data: {source: {name: strokes, rows: 600}, split: {train: 0.8, validation: 0.2}}
model: {layers: [{dense: {units: 12}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 9, batch_size: 32, shards: 2, optimizer: {name: adam, learning_rate: 0.001}, schedule: cosine}
checkpoint: {keep_trials: 2}
search:
  method: random
  trials: 30
  max_concurrent: 4
  early_terminate: $1
  parameters: {train.optimizer.learning_rate: {min: 0.00001, max: 1, scale: log}}
YAML
}

# epochs RUN: how many trials trained how far, "20x1 7x3 3x9"
epochs() {
  "$CAVIAR" show "$1" --json | grep -o '"epochs": [0-9]*' | sed 's/.* //' | sort -n | uniq -c |
    awk '{ printf "%s%sx%s", (NR > 1 ? " " : ""), $1, $2 } END { print "" }'
}

grown() { # the journal has another trial
  local n
  n=$(finished again)
  [ "${n:-0}" -gt "${before:-0}" ]
}

experiment 'hyperband' >hyperband.yaml
experiment '{name: successive_halving, eta: 3}' >halving.yaml
experiment '{name: median, warmup_epochs: 2}' >median.yaml

for rule in hyperband halving median; do
  expect 0 "" ranks 0 run $rule.yaml --out alone
  want=$(digest alone) far=$(epochs alone)
  all_of alone | sort >want
  for n in 2 3 8; do
    expect 0 "$want" ranks $n run $rule.yaml --out together
    all_of together | sort >got
    cmp -s want got || fail "$rule: other results on $n ranks: $(diff want got | cut -c 1-400)"
    rm -r together
  done
  # killed again and again, on other numbers of ranks
  kills=0
  for n in 2 8 0 3 2 0; do
    launcher=(mpirun -q -n "$n" --oversubscribe)
    [ $n = 0 ] && launcher=()
    before=$(finished again)
    "${launcher[@]}" "$CAVIAR" run $rule.yaml checkpoint.every_seconds=0 --out again >out 2>err &
    pid=$!
    await grown
    kill -9 $pid 2>/dev/null && kills=$((kills + 1))
    over
    find again/checkpoints -name '*.h5' | sort | head -n 1 | xargs -r rm
  done
  expect 0 "$want" ranks 2 run $rule.yaml --out again
  [ $kills -ge 3 ] || fail "$rule: only $kills kills came in time"
  # nobody keeps a checkpoint but the best two
  [ "$(find again/checkpoints alone/checkpoints -name '*.h5' | wc -l)" -le 4 ] ||
    fail "$rule: more checkpoints than two a run: $(ls again/checkpoints alone/checkpoints)"
  # the first trial that was cut, run alone: the same weights
  cut=$("$CAVIAR" show alone --json | grep -v '"epochs": 9' | grep '"status": "COMPLETED"' |
    grep -o '"trial": [0-9]*' | sed 's/.* //' | sort -n | head -n 1)
  "$CAVIAR" show alone "$cut" --yaml >cut.yaml
  grep -q 'stop_at: ' cut.yaml || fail "$rule: trial $cut says not where it stops"
  expect 0 "" ranks 0 run cut.yaml --out cut
  for key in weights validation_accuracy; do
    [ "$("$CAVIAR" show alone "$cut" --json | grep -o "\"$key\": \"*[^,]*")" = \
      "$("$CAVIAR" show cut 0 --json | grep -o "\"$key\": \"*[^,]*")" ] || fail "$rule: trial $cut alone has other $key"
  done
  echo "$rule: $far epochs, $kills kills"
  rm -r alone again cut
  case $rule in
    halving) [ "$far" = "20x1 7x3 3x9" ] || fail "halving: $far" ;;
    hyperband) [[ $far =~ ^[0-9]+x1\ [0-9]+x3\ [0-9]+x9$ ]] || fail "hyperband: $far" ;;
    median) [[ $far =~ x3.*x9$ ]] || fail "median: $far" ;;
  esac
done
echo "all is well"
