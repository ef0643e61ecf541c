#!/bin/bash
# What an experiment says of ranks and shards and this job cannot do: one message, by rank 0, with its place in the file,
# before anything is written; no rank hangs. What it can do only in part is a warning, said once.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

# experiment NAME TRAIN RESOURCES
experiment() {
  cat >"$1.yaml" <<YAML
seed: 7
data: {source: {name: blobs, rows: 400}}
model: {layers: [{dense: {units: 8}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 2, batch_size: 32, $2}
resources: {$3}
YAML
}

# refused NAME TEXT RANKS...
refused() {
  local name=$1 text=$2 n
  shift 2
  for n in "$@"; do
    expect 3 "$name.yaml:$text" ranks "$n" run "$name.yaml" --out "$name"
    [ ! -s out ] || fail "$name on $n ranks: something on stdout"
    [ "$(grep -c error: err)" = 1 ] || fail "$name on $n ranks: more than one error"
    [ ! -e "$name" ] || fail "$name on $n ranks: a run directory"
  done
}

# warned NAME TEXT RANKS: it trains all the same, to the same bits
warned() {
  rm -rf "$1" "$1-alone"
  ranks 0 run "$1.yaml" --out "$1-alone" resources.ranks_per_trial=auto >out 2>err || fail "$1 alone"
  expect 0 "$(digest "$1-alone")" ranks "$3" run "$1.yaml" --out "$1"
  [ "$(grep -cF -- "$2" err) $(grep -c 'warning:' err)" = "1 1" ] || fail "$1 on $3 ranks: not once: $2"
}

experiment three 'shards: 3' 'ranks_per_trial: auto'
refused three '4:44: error: shards: expected a power of two, found 3' 0 2 4
experiment seven 'shards: 8' 'ranks_per_trial: 7'
refused seven '5:30: error: ranks_per_trial: expected a power of two or auto, found 7; write 4 or 8' 0 2
experiment many 'shards: 2' 'ranks_per_trial: 4'
refused many '5:30: error: ranks_per_trial: 4 ranks cannot share a batch that is computed as 2 parts; write train.shards: 4, or ranks_per_trial: 2' 0 4 8
experiment large 'shards: 8' 'ranks_per_trial: 8'
refused large '5:30: error: ranks_per_trial: 8, but this job has 4 ranks; start it with mpirun -n 8, or write auto' 4
refused large '5:30: error: ranks_per_trial: 8, but this job has 1 rank; start it with mpirun -n 8, or write auto' 0

experiment odd 'shards: 2' 'ranks_per_trial: 2'
echo 'search: {method: random, trials: 3, parameters: {train.optimizer.learning_rate: {min: 0.001, max: 0.1}}}' >>odd.yaml
warned odd 'odd.yaml:5:30: warning: 3 ranks are no whole number of teams of 2: they make 1 of 2 and 1 of 1' 3
experiment idle 'shards: 2' 'ranks_per_trial: auto'
warned idle 'idle.yaml:4:44: warning: 5 ranks for 1 trial of 2 shards: 3 ranks will have nothing to do; train.shards: 4 would use 4' 5
echo "all is well"
