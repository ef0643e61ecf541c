#!/bin/bash
# Idle ranks join running trials: the record says who trained what, and what comes of it is what one process comes to;
# also when it is interrupted at any moment and continued on another number of ranks. Where ranks are given to trials by
# the experiment, nobody joins. CAVIAR_LONG=1: many more interruptions.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

cat >joining.yaml <<YAML
seed: 21
data: {source: {name: blobs, rows: 1500, features: 64, classes: 8, spread: 2}}
model: {layers: [{dense: {units: 160}}, batch_norm, relu, {dense: {units: 160}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 30, batch_size: 128, shards: 4, optimizer: {name: adam, learning_rate: 0.001}}
search: {method: random, trials: 9, parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 0.1, scale: log}}}
YAML

# As many epochs, of 10 steps each, as make a trial of 0.5 s here: nobody joins who would gain less than 0.2 s.
expect 0 "" ranks 0 run joining.yaml search.trials=1 --out pace
epochs=$("$CAVIAR" show pace 0 --json | grep -o '"seconds": [0-9.e-]*' |
  awk '{ n = int(30 * 0.5 / $2); print (n < 30 ? 30 : n > 2000 ? 2000 : n) }')
[ -n "$epochs" ] || fail "no time of a trial"
sed -i "s/epochs: 30/epochs: $epochs/" joining.yaml
each=$((10 * epochs))

# alone TRIALS: sets want, and writes all that is known of the trials to the file want
alone() {
  rm -rf alone
  expect 0 "" ranks 0 run joining.yaml search.trials="$1" --out alone
  want=$(digest alone)
  all_of alone >want
}

# together RANKS TRIALS ARGUMENT...: into the directory run, which must have the same results
together() {
  local n=$1 trials=$2
  shift 2
  rm -rf run
  expect 0 "$want" ranks "$n" run joining.yaml search.trials="$trials" "$@" --out run
  grep -q '^caviar: ' err && fail "$trials trials on $n ranks: words on stderr"
  completed run "$trials"
  all_of run >got
  cmp -s want got || fail "$trials trials on $n ranks: other results: $(diff want got | cut -c 1-400)"
  for ((t = 0; t < trials; t++)); do sound $t "$n"; done
  record_has_them
}

# sound TRIAL RANKS: each of its teams begins with the one before, is larger, a power of two, of ranks that there are, each
# once
sound() {
  local before="" last=-1 step members
  while IFS=: read -r step members; do
    local list
    read -ra list <<<"$members"
    [[ " 1 2 4 8 " == *" ${#list[@]} "* ]] || fail "trial $1: ${#list[@]} ranks: $members"
    [ "$(printf '%s\n' "${list[@]}" | sort -nu | wc -l)" = ${#list[@]} ] || fail "trial $1: a rank twice: $members"
    [ "$(printf '%s\n' "${list[@]}" | sort -n | tail -n 1)" -lt "$2" ] || fail "trial $1: no such rank: $members"
    [[ "$members " == "$before "* && "$members" != "$before" ]] || fail "trial $1: '$before' did not grow: '$members'"
    [ "$step" -gt "$last" ] || fail "trial $1: step $step after $last"
    before=$members last=$step
  done < <(teams run "$1")
}

# what show says is in results.h5 too, trial by trial
record_has_them() {
  local t want
  h5dump -y -w 0 -d /trials/team run/results.h5 | sed -n '/^ *DATA {/{n;p;q}' |
    sed 's/\\000//g; s/", "\[/\n[/g; s/^ *"//; s/"$//' >in-record
  [ "$(wc -l <in-record)" = "$(wc -l <got)" ] || fail "/trials/team of $(wc -l <in-record) trials, not $(wc -l <got)"
  for ((t = 0; t < $(wc -l <got); t++)); do
    want=$("$CAVIAR" show run "$t" --json | grep -oE '"team": \[(\{[^}]*\}(, )?)*\]' | sed 's/"team": //')
    [ "$(sed -n "$((t + 1))p" in-record)" = "${want:-[]}" ] || fail "trial $t: another team in results.h5"
  done
}

most() { # members of any team of run
  local t n most=0
  for ((t = 0; t < $(wc -l <got); t++)); do
    n=$(members run "$t")
    [ "$n" -gt "$most" ] && most=$n
  done
  echo "$most"
}

grew() { # how many trials of run had more than one team
  local t n=0
  for ((t = 0; t < $(wc -l <got); t++)); do
    [ "$(teams run "$t" | wc -l)" -gt 1 ] && n=$((n + 1))
  done
  echo $n
}

# joined RANKS TRIALS MOST: a team did grow, and the largest has MOST ranks. Whether somebody is free while others train
# is the machine's affair, so that goes for one of six runs.
joined() {
  for _ in 1 2 3 4 5 6; do
    together "$1" "$2"
    if [ "$(grew)" -ge 1 ] && [ "$(most)" = "$3" ]; then return; fi
  done
  fail "$2 trials on $1 ranks: $(grew) grew, to $(most) ranks at most, and before that no better"
}

# ---- they join -----------------------------------------------------------------------------------------
alone 9
joined 4 9 4
echo "9 trials on 4 ranks: $(grew) grew"

# by the word of the file: teams of two for the whole job, of five ranks one alone
for n in 4 5; do
  together $n 9 resources.ranks_per_trial=2
  { [ "$(grew)" = 0 ] && [ "$(most)" = 2 ]; } || fail "teams of two on $n ranks: $(grew) grew, to $(most)"
done

alone 3
joined 2 3 2
grown=$(for t in 0 1 2; do [ "$(teams run "$t" | wc -l)" = 2 ] && echo $t; done | head -n 1)
"$CAVIAR" show run "$grown" | says -E '^ranks [01], then [01] [01] \(from step [0-9]+\)$' || fail "show does not say who trained"

# a trial that needs only one: the others have nothing to do, and it is said
rm -rf run
expect 0 "" ranks 4 run joining.yaml search.trials=3 train.shards=1 --out run
[ "$(teams run 0)$(teams run 1)$(teams run 2)" = "" ] || fail "teams without shards"
grep -q '1 rank will have nothing to do' err || fail "no word of the rank that has nothing to do"

alone 5
joined 8 5 4

# fewer than ranks: teams as large as all make, from the start
alone 2
together 8 2
for t in 0 1; do
  [[ "$(teams run "$t" | head -n 1)" =~ ^0:( [0-7]){4}$ ]] || fail "2 trials on 8 ranks: trial $t begins with $(teams run "$t")"
done

# ---- interrupted ---------------------------------------------------------------------------------------
begun() { # a checkpoint is newer than the start
  find run/checkpoints -name '*.h5' -newer mark 2>/dev/null | grep -q .
}

ranks_are_gone() { # those of a killed mpirun live on for a moment, and save
  local i p
  for ((i = 0; i < 2000; i++)); do
    for p in $(pgrep -x caviar); do
      if [ "$(readlink "/proc/$p/cwd")" = "$PWD" ]; then sleep 0.01 && continue 2; fi
    done
    return
  done
  fail "ranks live on for 20 s and more"
}

# The run has come to $goal updates, and this start of it has saved some.
is_far() {
  begun && [ "$(steps run "$each")" -ge "$goal" ]
}

# interrupt RANKS: stops or kills what runs when it has done up to three quarters of what was left; counts those that came
# in the middle
interrupt() {
  local n=$1 how=$((RANDOM % 4)) victims
  goal=$(steps run $each)
  goal=$((goal + (3 * each - goal) * (RANDOM % 75) / 100))
  touch mark
  mpirun -q --oversubscribe -n "$n" "$CAVIAR" run joining.yaml search.trials=3 checkpoint.every_seconds=0.01 --out run \
    >out 2>err &
  pid=$!
  await is_far
  case $how in
    0 | 1) kill -USR1 $pid 2>/dev/null ;;
    2) kill -9 $pid 2>/dev/null ;;
    3)
      mapfile -t victims < <(pgrep -P $pid -x caviar)
      kill -9 "${victims[RANDOM % n]:-$pid}" 2>/dev/null
      ;;
  esac
  over
  ranks_are_gone
  case $how:$code in
    *:0) return ;;
    [01]:75 | [23]:137) cut=$((cut + 1)) ;;
    *) fail "round $round, seed $seed, $n ranks, way $how: exit $code" ;;
  esac
}

alone 3
cut=0 rounds=3
[ -n "${CAVIAR_LONG:-}" ] && rounds=40
for ((seed = 1; seed <= rounds; seed++)); do
  RANDOM=$seed
  sizes=(2 4 3 8 5)
  rm -rf run
  for round in 1 2 3; do interrupt "${sizes[RANDOM % 5]}"; done
  n=${sizes[RANDOM % 5]}
  expect 0 "$want" ranks "$n" run joining.yaml search.trials=3 --out run
  completed run 3
  all_of run >got
  cmp -s want got || fail "seed $seed: other results: $(diff want got | cut -c 1-400)"
done
[ $cut -ge $((2 * rounds)) ] || fail "only $cut of $((3 * rounds)) interruptions came in the middle"
echo "$cut of $((3 * rounds)) interruptions came in the middle; all is well"
