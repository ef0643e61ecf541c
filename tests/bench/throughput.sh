#!/usr/bin/env bash
# Trials a minute: random search over networks 64-64-32-10 with batch norm, Adam, batches of 64, 20 epochs of 1,437 rows of
# digits each, on one rank and on two; and what a search of trials of some 50 ms costs rank 0 besides its trainings.
#   tests/bench/throughput.sh [CAVIAR=build/caviar] [TRIALS=1000] [REPETITIONS=3]
# By the clock, which counts on a quiet machine alone, and by the CPU time of one rank, which others disturb less. What a
# start costs (MPI, data, a leaderboard) is measured by runs of one trial and taken off. With valgrind there is also a
# count of instructions, which nobody disturbs. CAVIAR_DATA names the folder with digits/.
set -euo pipefail
caviar=$(realpath "${1:-build/caviar}")
trials=${2:-1000} repetitions=${3:-3}
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$caviar" import csv "${CAVIAR_DATA:?names no folder with digits/}/digits/optdigits.tes.csv" -o digits.h5 >/dev/null
cat >search.yaml <<YAML
data: {file: digits.h5, split: {train: 0.8, validation: 0.2}, normalize: none}
model: {layers: [{dense: {units: 64}}, batch_norm, relu, {dense: {units: 32}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 20, batch_size: 64, optimizer: {name: adam, learning_rate: 0.001}}
metric: {name: validation_accuracy, goal: maximize}
search:
  method: random
  trials: $trials
  parameters:
    train.optimizer.learning_rate: {min: 0.0001, max: 0.1, scale: log}
    train.optimizer.beta1: {min: 0.9, max: 0.999, scale: one_minus_log}
YAML

# times COMMAND...: seconds by the clock, and of CPU
times() {
  local TIMEFORMAT='%R %U %S'
  { time "$@" >log 2>&1 || { cat log >&2; exit 1; }; } 2>&1 | awk '{ print $1, $2 + $3 }'
}

alone=("$caviar") two=(mpirun -q -n 2 "$caviar")
printf '%-4s %24s %24s %24s %8s\n' run "one rank: trials/min" "by CPU time, ms/trial" "two ranks: trials/min" ratio
for ((i = 1; i <= repetitions; i++)); do
  rm -rf a a1 b b1
  read -r wall cpu < <(times "${alone[@]}" run search.yaml --out a)
  read -r wall1 cpu1 < <(times "${alone[@]}" run search.yaml search.trials=1 --out a1)
  read -r both _ < <(times "${two[@]}" run search.yaml --out b)
  read -r both1 _ < <(times "${two[@]}" run search.yaml search.trials=1 --out b1)
  [ "$("$caviar" digest a)" = "$("$caviar" digest b)" ] || { echo "throughput.sh: another digest on two ranks" >&2; exit 1; }
  awk -v i=$i -v n="$trials" -v w="$wall" -v w1="$wall1" -v c="$cpu" -v c1="$cpu1" -v b="$both" -v b1="$both1" 'BEGIN {
    one = 60 * (n - 1) / (w - w1); cpu = (c - c1) / (n - 1); two = 60 * (n - 1) / (b - b1)
    printf "%-4d %24.0f %13.0f, %9.2f %24.0f %8.2f\n", i, one, 60 / cpu, 1e3 * cpu, two, two / one }' | tee -a table
done
sort -k2n table | awk '{ x[NR] = $2 } END { printf "median on one rank: %.0f trials a minute\n", x[int((NR + 1) / 2)] }'

# What rank 0 does besides: the whole search less the trials' own seconds (planned, trained, evaluated, weights hashed). A
# quarter of it are the checkpoints of those who are among the best ten when they end, some fifty.
rm -rf c c1
read -r wall _ < <(times "${alone[@]}" run search.yaml train.epochs=60 search.trials=1000 --out c)
read -r wall1 _ < <(times "${alone[@]}" run search.yaml train.epochs=60 search.trials=1 --out c1)
"$caviar" show c --json | sed 's/.*"seconds": \([^,]*\),.*/\1/' | awk -v w="$wall" -v w1="$wall1" '
  { s += $1 } END { w -= w1 - s / NR; printf "1,000 trials of %.1f ms: %.2f %% of the search is not in them, by the clock\n", 1e3 * s / NR, 100 * (w - s) / w }'
command -v valgrind >/dev/null || exit 0
# Under valgrind a second is fifty times shorter, so what the clock asks for (ticks: record, progress) is named apart; so are
# checkpoints, which the first trials of a search write and few later ones. Made data: the check of a file reads the limits
# on memory, which valgrind exceeds.
made='data={source: {name: strokes, rows: 1797, size: 8}, split: {train: 0.8, validation: 0.2}, normalize: none}'
valgrind --tool=callgrind --callgrind-out-file=counts "$caviar" run search.yaml "$made" train.epochs=60 search.trials=3 \
  checkpoint.keep_trials=0 checkpoint.every_seconds=100000 --out d >log 2>&1 || { cat log >&2; exit 1; }
callgrind_annotate --inclusive=yes --threshold=100 counts | awk '
  function most(name) { if (index($0, ":" name " ") && n + 0 > count[name]) count[name] = n + 0 }
  { n = $1; gsub(/,/, "", n); most("sched_serial"); most("trial_run"); most("trial_checkpoint_save"); most("search_tick") }
  END {
    all = count["sched_serial"] - count["search_tick"] - count["trial_checkpoint_save"]
    printf "by instructions, of 3 such trials: %.2f %% is not in them; besides, checkpoints %.2f %%, ticks %.2f %%\n",
      100 * (count["sched_serial"] - count["trial_run"]) / all, 100 * count["trial_checkpoint_save"] / all, 100 * count["search_tick"] / all }'
