#!/usr/bin/env bash
# How long the end of a search takes: 3 equal trials of the 784-1024-1024-10 network on 2 ranks, 2 shards, against one
# trial on one rank. Without joining it would be twice as long, with ranks that double the speed 1.5 times.
#   tests/bench/tail.sh [CAVIAR=build/caviar] [REPETITIONS=5] [EPOCHS=10]
# Both take turns. What a start costs (data, MPI, a leaderboard) is measured by runs of one step and taken off.
set -euo pipefail
caviar=$(realpath "${1:-build/caviar}")
repetitions=${2:-5} epochs=${3:-10}
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >one.yaml <<YAML
seed: 5
data: {source: {name: strokes, rows: 6400, size: 28}, split: {train: 0.8, validation: 0.2}}
model:
  layers: [{dense: {units: 1024}}, batch_norm, relu, {dense: {units: 1024}}, batch_norm, relu, {dense: {units: classes}}]
train: {epochs: $epochs, batch_size: 256, shards: 2, optimizer: {name: adam, learning_rate: 0.001}}
checkpoint: {keep_trials: 0}
YAML
cp one.yaml three.yaml
echo 'search: {method: grid, parameters: {train.optimizer.learning_rate: {values: [0.001, 0.0011, 0.0012]}}}' >>three.yaml

for file in one three; do sed 's/epochs: [0-9]*/steps: 1/' $file.yaml >$file-start.yaml; done

# seconds COMMAND...: how long it took
seconds() {
  local begin=${EPOCHREALTIME/,/.}
  "$@" >log 2>&1 || { cat log >&2; exit 1; }
  awk -v a="$begin" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { print b - a }'
}

printf 'run  one trial  its start  three trials  their start  ratio\n'
for ((i = 1; i <= repetitions; i++)); do
  one=() three=()
  for file in one one-start; do one+=("$(seconds "$caviar" run $file.yaml --out $file$i)"); done
  for file in three three-start; do three+=("$(seconds mpirun -q -n 2 "$caviar" run $file.yaml --out $file$i)"); done
  awk -v i=$i -v a="${one[0]}" -v a0="${one[1]}" -v b="${three[0]}" -v b0="${three[1]}" \
    'BEGIN { printf "%3d %10.2f %10.2f %13.2f %12.2f %6.3f\n", i, a, a0, b, b0, (b - b0) / (a - a0) }' | tee -a table
done
sort -k6n table | awk '{ r[NR] = $6 } END { printf "median ratio %.3f (of %d)\n", r[int((NR + 1) / 2)], NR }'
for t in 0 1 2; do
  echo "trial $t: $("$caviar" show three1 $t --json | grep -o '"team": \[\({[^}]*}\(, \)*\)*\]' || echo '(no team in the record)')"
done
