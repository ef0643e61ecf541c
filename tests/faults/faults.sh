#!/bin/bash
# A small search in which the N-th call on a file fails, for every N and in every way (shim.c), and then the same
# command again: the digest is the undisturbed one, the record says all, and no temporary file is left.
#   faults.sh [--every K] [--only SCENARIO] [--seconds S]     every K-th (call, way), from a place that the time chooses
# Needs CAVIAR and SHIM, the library. Also with a CAVIAR that has the sanitizers.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

: "${CAVIAR:?}" "${SHIM:?}"
every=1 only="" limit=100000
while [ $# -gt 0 ]; do
  case $1 in
    --every) every=$2 ;;
    --only) only=$2 ;;
    --seconds) limit=$2 ;;
  esac
  shift 2
done
work=$(pwd -P)
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0:detect_leaks=0
ways=(before after half term enospc eio erofs short full dead)

# ---- the scenarios: a file, the directory that is there before, and what it is to come to --------------------------

cat >rungs.yaml <<'YAML'
seed: 5
data: {source: {name: blobs, rows: 60}, split: {train: 0.6, validation: 0.2, test: 0.2}}
model: {layers: [{dense: {units: 3}}, relu, {dense: {units: classes}}], loss: softmax_cross_entropy}
train: {epochs: 4, batch_size: 18, optimizer: {name: adam, learning_rate: 0.01}}
checkpoint: {keep_trials: 2, every_seconds: 0}
search:
  method: tpe
  trials: 6
  max_concurrent: 1
  early_terminate: {name: successive_halving, eta: 2}
  parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}}
YAML
cat >cost.yaml <<'YAML'
cost: (x - 3)^2 + y^2
parameters: {x: 0, y: 1}
train: {steps: 6, optimizer: {name: sgd, learning_rate: 0.1}}
checkpoint: {keep_trials: 2}
search:
  method: evolution
  trials: 8
  max_concurrent: 2
  parameters: {parameters.x: {min: -5, max: 5}, train.optimizer.learning_rate: {min: 0.001, max: 0.4, scale: log}}
YAML
sed 's/trials: 6/trials: 3/; s/method: tpe/method: random/; /early_terminate/d' rungs.yaml >more.yaml

run() { # FILE OVERRIDE...
  timeout 60 "$CAVIAR" run "$@"
}

# begin SCENARIO: makes $work/before, or not, and sets file and overrides
begin() {
  rm -rf "$work/before"
  overrides=()
  case $1 in
    rungs | cost) file=$1.yaml ;;
    stopped) # was asked to stop when a third was done, so it has a record and checkpoints
      file=rungs.yaml
      disturb term "$((counted / 3))" "$work/before"
      ;;
    more) # is given more trials
      file=more.yaml
      run more.yaml --out before >out 2>err || fail "more: the first three trials"
      overrides=(search.trials=5)
      ;;
    over) # has nothing to do
      file=cost.yaml
      run cost.yaml --out before >out 2>err || fail "over"
      ;;
  esac
}

# disturb WAY N DIR: sets code
disturb() {
  code=0
  (
    timeout 60 env FAULT_DIR="$3" FAULT_KIND="$1" FAULT_AT="$2" FAULT_LOG="$work/log" LD_PRELOAD="$SHIM" \
      "$CAVIAR" run "$file" "${overrides[@]}" --out "$3"
    exit $? # and no word of the shell about a kill
  ) >out 2>err || code=$?
}

fresh() {
  rm -rf "$work/run" "$work/run.moved"
  [ ! -d before ] || cp -r before run
}

where() { # what failed, for people
  echo "$scenario, $way at call $n ($(sed -n "${n}s/^[0-9]* //p" "$work/calls.$scenario"))"
}

# sensible: the exit code, and words where there are to be some
sensible() {
  grep -qE 'Sanitizer|Segmentation|caviar: a bug' err && fail "$(where): it broke"
  case $way:$code in
    before:137 | after:137 | half:137) return ;;
    term:75 | term:0) return ;;
    *:0) return ;; # what failed was not needed
    enospc:4 | eio:4 | erofs:4 | short:4 | full:4 | dead:4)
      grep -q "$work/run" err || fail "$(where): exit 4 without a file"
      grep -qE 'No space left|Input/output error|Read-only file system|no room' err || fail "$(where): exit 4 without a reason"
      ;;
    *) fail "$(where): exit $code" ;;
  esac
}

# acknowledged: what the journal said before it says still
acknowledged() {
  [ ! -f torn ] || cmp -s -n "$(wc -c <torn)" torn run/journal || fail "$(where): the journal lost records"
}

whole_lines() { # of a journal: all but what is behind the last newline
  rm -f torn
  [ ! -f run/journal ] || head -n "$(wc -l <run/journal)" run/journal >torn
}

recovered() {
  local stray
  whole_lines
  run "$file" "${overrides[@]}" --out "$work/run" --expect-digest "$want" >out 2>err ||
    fail "$(where): exit $code; then, undisturbed, exit $?"
  [ -s err ] && grep -qv 'cannot be used' err && grep -qE 'error|warning' err && fail "$(where): words afterwards"
  acknowledged
  stray=$(find run ! -type d ! -path run/journal ! -path run/lock ! -path run/experiment.yaml ! -path run/resolved.yaml \
    ! -path run/results.h5 ! -path 'run/checkpoints/trial-00000?.h5')
  [ -z "$stray" ] || fail "$(where): left behind: $stray"
  [ "$(find run/checkpoints -type f | wc -l)" -le "$kept" ] || fail "$(where): checkpoints $(ls run/checkpoints)"
  h5diff -q "$work/undisturbed/results.h5" run/results.h5 /trials/metric || fail "$(where): another record"
  [ ! -f has_test ] || h5diff -q "$work/undisturbed/results.h5" run/results.h5 /test >/dev/null || fail "$(where): another test in the record"
}

declare -A seen
tried=0 counted=0
began=$SECONDS
# a different sample at every run, and the place in the name of a failure
offset=$(($(date +%s) % every))
for scenario in rungs cost stopped more over; do
  [ -z "$only" ] || [ "$only" = "$scenario" ] || [ "$counted" = 0 ] || continue
  begin "$scenario"
  rm -rf undisturbed
  [ ! -d before ] || cp -r before undisturbed
  expect 0 "" run "$file" "${overrides[@]}" --out undisturbed
  want=$(digest undisturbed)
  rm -f has_test
  h5ls undisturbed/results.h5 | grep -q '^test ' && touch has_test
  kept=$(find undisturbed/checkpoints -type f | wc -l)
  fresh
  disturb count 0 "$work/run"
  [ $code = 0 ] || fail "$scenario under the shim: exit $code"
  mv log "calls.$scenario"
  counted=$(wc -l <"calls.$scenario")
  [ -z "$only" ] || [ "$only" = "$scenario" ] || continue
  here=0
  for ((n = 1; n <= counted; n++)); do
    for w in "${!ways[@]}"; do
      way=${ways[w]}
      [ $(((n * ${#ways[@]} + w) % every)) = $offset ] || continue
      [ $((SECONDS - began)) -lt "$limit" ] || break 3
      fresh
      disturb "$way" "$n" "$work/run"
      sensible
      seen[$way:$code]=$((${seen[$way:$code]:-0} + 1))
      recovered
      here=$((here + 1)) tried=$((tried + 1))
    done
  done
  echo "$scenario: $counted calls, $here faults, all recovered"
done
for key in "${!seen[@]}"; do echo "  $key ${seen[$key]}"; done | sort
[ $tried -gt 0 ] || fail "nothing was tried"
echo "$tried faults in $((SECONDS - began)) s; all is well"
