#!/usr/bin/env bash
# What `caviar plan` predicts beside what `caviar run` then takes: a search on 1 and 2 ranks and on 4, which share cores
# where there are fewer; and three equal trials by teams of two.
#   tests/bench/plan.sh [CAVIAR=build/caviar] [REPETITIONS=3] [TRIALS=24]
# The plan is made on as many ranks as it is for, so that it sees the machine as the search will. What a run takes
# besides its trials (MPI, data, leaderboard, the chosen trial's test) is measured by runs of one step a trial, and taken off.
set -euo pipefail
caviar=$(realpath "${1:-build/caviar}")
repetitions=${2:-3} trials=${3:-24}
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >search.yaml <<YAML
seed: 3
data: {source: {name: strokes, rows: 5000}, split: {train: 0.8, validation: 0.2}}
model:
  layers: [{name: hidden, repeat: 2, layers: [{dense: {units: 64}}, batch_norm, relu]}, {dense: {units: classes}}]
train: {epochs: 40, batch_size: 64}
checkpoint: {keep_trials: 0}
search:
  method: random
  trials: $trials
  parameters:
    train.optimizer.learning_rate: {min: 0.0001, max: 0.1, scale: log}
    model.hidden.dense.units: {min: 32, max: 256}
    train.batch_size: {values: [32, 64, 128]}
YAML
cat >teams.yaml <<YAML
seed: 5
data: {source: {name: strokes, rows: 6400, size: 28}, split: {train: 0.8, validation: 0.2}}
model:
  layers: [{dense: {units: 1024}}, batch_norm, relu, {dense: {units: 1024}}, batch_norm, relu, {dense: {units: classes}}]
train: {epochs: 8, batch_size: 256, shards: 2}
checkpoint: {keep_trials: 0}
search: {method: grid, parameters: {train.optimizer.learning_rate: {values: [0.001, 0.0011, 0.0012]}}}
YAML

for file in search teams; do sed 's/epochs: [0-9]*/steps: 1/' $file.yaml >$file-start.yaml; done

# launch N ARGUMENT...: caviar on N ranks
launch() {
  local n=$1
  shift
  if [ "$n" = 1 ]; then "$caviar" "$@"; else mpirun -q --oversubscribe -n "$n" "$caviar" "$@"; fi
}

# seconds COMMAND...: how long it took
seconds() {
  local begin=${EPOCHREALTIME/,/.}
  "$@" >log 2>&1 || { cat log >&2; exit 1; }
  awk -v a="$begin" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { print b - a }'
}

# predicted N FILE: seconds of the search on N ranks
predicted() {
  launch "$1" plan "$2" --ranks "$1" --json | sed 's/.*"forecast": \[{"ranks": [0-9]*, "seconds": \([0-9.e+-]*\),.*/\1/'
}

printf '%d cores; seconds of the search alone, predicted beside measured\n' "$(nproc)"
printf '%-12s %5s %3s %10s %10s %7s\n' search ranks run predicted measured ratio
count=0
for file in search teams; do
  for n in 1 2 4; do
    [ "$file $n" = 'teams 4' ] && continue
    note=
    [ "$n" -gt "$(nproc)" ] && note='  (ranks share cores)'
    for ((i = 1; i <= repetitions; i++)); do
      count=$((count + 1))
      p=$(predicted $n $file.yaml)
      start=$(seconds launch $n run $file-start.yaml --out start$count)
      all=$(seconds launch $n run $file.yaml --out run$count)
      awk -v f=$file -v n=$n -v i=$i -v p="$p" -v m="$all" -v s="$start" -v note="$note" \
        'BEGIN { printf "%-12s %5d %3d %10.2f %10.2f %7.2f%s\n", f, n, i, p, m - s, p / (m - s), note }'
    done
  done
done
