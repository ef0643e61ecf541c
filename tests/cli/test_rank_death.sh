#!/bin/bash
# A rank that dies: the job is over within five seconds, one line names the rank and its host, nothing is lost but what
# was being trained, and the same command continues. Rank 0, the first and the last of a team, alone and as a member.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"
host=$(uname -n)

cat >team.yaml <<YAML
seed: 3
data: {source: {name: blobs, rows: 2000, features: 16}}
model: {layers: [{dense: {units: 32}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 300, batch_size: 64, shards: 2}
checkpoint: {every_seconds: 0.2}
search: {method: random, trials: 6, parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 0.1, scale: log}}}
YAML
expect 0 "" ranks 0 run team.yaml --out alone
want=$(digest alone)

process_of() { # of a rank: as its environment tells
  local p
  for p in $(pgrep -P "$pid" -x caviar); do
    if tr '\0' '\n' <"/proc/$p/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then echo "$p"; fi
  done
}

alive() { # is any of these processes, a zombie aside?
  local p
  for p in "$@"; do
    if grep -qs '^State:[[:space:]]*[RSDT]' "/proc/$p/status"; then return; fi
  done
  return 1
}

some_done() {
  local n
  n=$(finished run)
  [ "${n:-0}" -ge "$at" ]
}

# dies RANKS RANK ARGUMENT...: rank RANK is killed when $at trials are done
dies() {
  local n=$1 rank=$2 victim begin took others
  shift 2
  rm -rf run
  mpirun -q --oversubscribe -n "$n" "$CAVIAR" run team.yaml --out run "$@" >out 2>err &
  pid=$!
  await some_done
  victim=$(process_of "$rank")
  others=$(pgrep -P $pid -x caviar | grep -vx "$victim")
  begin=${EPOCHREALTIME/[.,]/}
  kill -9 "$victim" || fail "the search of $n ranks was over before rank $rank could be killed"
  over
  # shellcheck disable=SC2086 # many words
  while alive $others; do sleep 0.01; done
  took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
  [ "$code" = 137 ] || fail "rank $rank of $n killed: exit $code"
  [ $took -lt 5000 ] || fail "rank $rank of $n killed: the job was over after $took ms"
  [ "$(grep -c "rank $rank on $host (process $victim) is gone, so the job ends; run the same command again" err)" = 1 ] ||
    fail "rank $rank of $n killed: not one line that names it"
  [ "$(finished run)" -lt 6 ] || fail "the kill came too late"
  expect 0 "$want" ranks 3 run team.yaml --out run
  completed run 6
  echo "rank $rank of $n: over after $took ms"
}

at=1 && dies 2 1
at=2 && dies 3 0
at=1 && dies 4 3 resources.ranks_per_trial=2
at=1 && dies 4 0 resources.ranks_per_trial=2

# it is nothing that a rank which ended in peace would bring about
expect 0 "$want" ranks 4 run team.yaml --out peace
grep -q "^caviar:" err && fail "words on stderr"
echo "all is well"
