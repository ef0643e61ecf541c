#!/bin/bash
# caviar plan: its figures agree with each other, whatever the machine, and it says where they come from.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

cat >search.yaml <<'YAML'
name: search
data: {source: {name: strokes, rows: 20000}}
model: {layers: [{dense: {units: 256}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 3, batch_size: 32}
search: {method: random, trials: 1000, parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}}}
YAML

# plan ARGUMENT...: JSON of a plan that measures no longer than it must, as "key value" lines in `figures`:
# of the object itself, then a line "ranks N" and what belongs to it
plan() {
  ranks 0 plan "$@" --seconds 0 --json >out 2>err || fail "plan $*: exit $?"
  [ "$(wc -l <out)" = 1 ] || fail "plan $*: not one line"
  figures_of out >figures
}

# No JSON tool is needed: keys and numbers as they come.
figures_of() {
  grep -oE '"[a-z0-9_]+": ?(\[[^]{]*\]|"[^"]*"|[-0-9.e+]+)' "$1" | tr -d '"[],' | sed 's/: */ /'
}

# value KEY [RANKS]: of the object itself, or of the forecast for so many ranks
value() {
  awk -v key="$1" -v ranks="${2:-}" '
    $1 == "ranks" { at = $2 }
    $1 == key && (ranks == "" || at == ranks) { print $2; exit }' figures
}

# holds WORDS CONDITION: awk's word for it
holds() {
  awk "BEGIN { exit !($2) }" || fail "$1: $2"
}

# ---- a search of many trials: all that can be worked out from something else
plan search.yaml --ranks 1,2,4,8
[ "$(value name) $(value trials) $(value trials_planned)" = "search 1000 1000" ] || fail "head: $(cat out)"
for n in 1 2 4 8; do
  s=$(value seconds $n)
  holds "trials a second" "($(value trials_per_second $n)) * $s / 1000 - 1 < 1e-6 && $s > 0"
  holds "messages a second" "($(value messages_per_second $n)) * $s / $(value messages $n) - 1 < 1e-6"
  holds "at least an ask, a task and a result a trial" "$(value messages $n) >= 3000"
  holds "speedup" "($(value speedup $n)) * $s / $(value work_seconds) - 1 < 1e-6"
  holds "nobody is faster than the work" "$s >= 0.999 * $(value work_seconds) / $n"
  holds "idle is what is lost" "1 - $(value work_seconds) / ($n * $s) - ($(value idle $n)) < 0.01"
  holds "shares" "$(value idle $n) >= 0 && $(value idle $n) < 0.2 && $(value rank0_share $n) <= 1"
  holds "what rank 0 does" "$(value rank0_share $n) * $s >= 0.99 * (1000 * ($(value point_seconds) + $(value result_seconds)) + $(value messages $n) * 5e-6)"
  holds "tail" "$(value tail_seconds $n) > 0 && $(value tail_seconds $n) < $s"
  [ "$(value largest_team $n)" = 1 ] || fail "one shard is for one rank"
done
for n in 1 2 4; do
  ratio="$(value seconds $n) / $(value seconds $((2 * n)))"
  holds "twice the ranks, half the time" "$ratio > 1.75 && $ratio < 2.1"
done
for key in step_seconds epoch_end_seconds start_seconds shuffle_seconds point_seconds result_seconds; do
  holds "measured $key" "$(value $key) > 0"
done
[ "$(value latency_seconds) $(value bytes_per_second)" = "5e-06 5000000000" ] || fail "what is assumed: $(cat out)"

# Trials of several sizes: every one is planned, the middle ones between the measured ones.
sed 's/^search.*/search: {method: grid, parameters: {model.0.dense.units: {values: [8, 16, 24, 32, 48, 64, 96, 128, 192, 256]}, train.epochs: {values: [1, 2]}}}/' \
  search.yaml >grid.yaml
plan grid.yaml --ranks 1,20
[ "$(value trials) $(value epochs)" = "20 1" ] || fail "a grid: $(cat out)"
low=$(awk '$1 == "step_seconds" { print $2 }' figures) high=$(awk '$1 == "step_seconds" { print $3 }' figures)
holds "a wide layer takes longer" "$high > 2 * $low"
holds "the largest trial is the end of it" "$(value seconds 20) >= 0.99 * $(awk '$1 == "trial_seconds" { print $3 }' figures)"

# ---- teams: one training by up to 8 ranks, and what its messages cost
grep -v '^search' search.yaml >one.yaml
plan one.yaml data.source.rows=2000 train.shards=8 train.batch_size=512 model.0.dense.units=1024 --ranks 1,2,8,64 --latency 1 --bandwidth 50
[ "$(value trials) $(value shards)" = "1 8" ] || fail "one training: $(cat out)"
for n in 2 8 64; do
  [ "$(value largest_team $n)" = $((n < 8 ? n : 8)) ] || fail "a team of $n: $(cat out)"
done
holds "ranks that train together are faster" "$(value seconds 8) < $(value seconds 2) && $(value seconds 2) < $(value seconds 1)"
holds "ranks beyond the shards are idle" "$(value idle 64) > 0.87"
plan one.yaml data.source.rows=2000 train.shards=8 train.batch_size=512 model.0.dense.units=1024 --ranks 8 --latency 1e6 --bandwidth 0.001
# 12 steps; each a sum, an exchange, an agreement (3 levels each) and batch norm both ways (6) of messages of a second,
# and 4 bytes of (64 + 2 + 10) 1024 + 10 weights 2 * 7/8 times over a wire of 1 MB/s, 8 of 1024 features 2 * 3 times
expected="12 * (3 + 3 + 3 + 6 + 4 * 77834 * 1.75 / 1e6 + 6 * 8 * 1024 / 1e6)"
holds "messages have their price" "$(value seconds 8) > 0.99 * $expected && $(value seconds 8) < 1.03 * $expected + 25"

# ---- 4,096 ranks, 100,000 trials: rank 0 has its time for something else too
begin=$SECONDS
plan search.yaml search.trials=100000 --ranks 4096 train.epochs=20
[ $((SECONDS - begin)) -le 120 ] || fail "this took $((SECONDS - begin)) s"
[ "$(value trials_planned)" = 2000 ] || fail "the sample: $(cat out)"
holds "messages" "$(value messages 4096) >= 300000"

# ---- a cost, a panda, and words
cat >cost.yaml <<'YAML'
cost: (w - 5)^2
parameters: {w: 0}
train: {steps: 500, optimizer: {name: sgd, learning_rate: 0.1}}
YAML
plan cost.yaml --ranks 1,4
[ "$(value largest_team 4) $(value parameters)" = "1 1" ] || fail "a cost: $(cat out)"
expect 0 'assumed    a message 7 us, 3 GB/s (--latency, --bandwidth; measured under mpirun)' \
  ranks 0 plan search.yaml --seconds 0 --latency 7 --bandwidth=3 --ranks 64
expect 0 'search: 1,000 trials by random, ' ranks 0 plan search.yaml --seconds 0
[ "$(grep -cE '^ +[0-9]+ +[0-9.e+]+ (us|ms|s|min|h|days) ' out)" = 8 ] || fail "eight rows by default"
expect 0 'between the first and the last rank: a message ' ranks 2 plan search.yaml --seconds 0 --ranks 2
grep -q 'trained some steps on 2 ranks at once' out || fail "who measured"
ls -d runs >/dev/null 2>&1 && fail "something was written"

# ---- errors, also of a job: once
expect 2 'which experiment?' ranks 0 plan
expect 2 'unknown option --rank; did you mean --ranks?' ranks 0 plan search.yaml --rank 3
expect 2 '--ranks wants up to 32 numbers from 1 to 100000' ranks 0 plan search.yaml --ranks 1,0
expect 2 '--ranks needs a value' ranks 0 plan search.yaml --ranks
expect 2 '--latency wants a number from 0.001 to 1e+06, found "fast"' ranks 0 plan search.yaml --latency fast
expect 2 'expected an override like' ranks 0 plan search.yaml other.yaml
expect 4 'nowhere.yaml' ranks 0 plan nowhere.yaml
expect 3 'did you mean "epochs"?' ranks 0 plan search.yaml train.epoch=3
expect 3 'did you mean "epochs"?' ranks 2 plan search.yaml train.epoch=3
cat >command.yaml <<'YAML'
command: {run: [touch, started]}
metric: {goal: minimize}
YAML
expect 2 'plan times trainings, and here results come from "command"' ranks 0 plan command.yaml
[ -e started ] && fail "the command was run"
expect 3 'resources.ranks_per_trial' ranks 0 plan search.yaml train.shards=8 resources.ranks_per_trial=4 --ranks 2
expect 0 '' ranks 0 plan search.yaml train.shards=8 resources.ranks_per_trial=4 --ranks 4,8 --seconds 0
echo "plan: figures, words and errors are as documented"
