#!/bin/bash
# kill -9 of mpirun at several moments, then the same command again at once; SIGUSR1 and SIGTERM: no trial is lost
# or counted twice, and the digest is the undisturbed one.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small k 'search: {method: random, trials: 24, parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}, train.batch_size: {values: [4, 8, 16]}}}'
sed -i 's/rows: 400/rows: 4000/; s/epochs: 3/epochs: 40/' k.yaml
expect 0 "" ranks 0 run k.yaml --out undisturbed
want=$(digest undisturbed)

finished() { # of directory $1
  local n
  n=$(grep -c '"type": "trial"' "$1/journal" 2>/dev/null)
  echo "${n:-0}"
}

# begin DIR COMMAND...: in the background, until DIR's journal has $at trials or the command is over
begin() {
  local dir=$1
  shift
  "$@" >out 2>err &
  pid=$!
  while [ "$(finished "$dir")" -lt "$at" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
}

check() { # the finished directory $1
  [ "$(digest "$1")" = "$want" ] || fail "$1: another digest than undisturbed"
  [ "$(finished "$1")" = 24 ] || fail "$1: $(finished "$1") records of 24 trials"
  grep -o '"result": {"schema_version": 1, "trial": [0-9]*' "$1/journal" | sort | uniq -d | grep . &&
    fail "$1: a trial was recorded twice"
}

killed=0
for at in 0 1 7 15; do
  begin killed mpirun -q -n 3 --oversubscribe "$CAVIAR" run k.yaml --out killed
  [ "$(finished killed)" -lt 24 ] && killed=$((killed + 1))
  kill -9 $pid
  wait $pid 2>/dev/null
done
[ $killed -ge 2 ] || fail "only $killed of 4 kills came in mid-search"
expect 0 "$want" ranks 3 run k.yaml --out killed
check killed

# a process without mpirun, killed and continued on two ranks
at=5
begin alone "$CAVIAR" run k.yaml --out alone
kill -9 $pid
wait $pid 2>/dev/null
[ "$(finished alone)" -lt 24 ] || fail "the kill came too late"
expect 75 "$(finished alone) of 24 trials are finished" ranks 0 digest alone
expect 0 "$want" ranks 2 run k.yaml --out alone
check alone

# asked to stop: exit 75, a checkpoint of what was going on, a published record, and on it goes
for signal in USR1 TERM; do
  at=3
  begin asked$signal "$CAVIAR" run k.yaml --out asked$signal
  kill -$signal $pid
  wait $pid
  code=$?
  [ $code = 75 ] || fail "SIG$signal: exit $code, expected 75"
  [ "$(grep -c 'run the same command again' err)" = 1 ] || fail "SIG$signal: no word of what to do"
  [ -s asked$signal/results.h5 ] || fail "SIG$signal: no record"
  expect 0 "$want" ranks 0 run k.yaml --out asked$signal
  check asked$signal
done
at=3
begin askedmpi mpirun -q -n 3 --oversubscribe "$CAVIAR" run k.yaml --out askedmpi
kill -USR1 $pid
wait $pid
code=$?
[ $code = 75 ] || fail "SIGUSR1 to mpirun: exit $code, expected 75"
[ "$(grep -c 'run the same command again' err)" = 1 ] || fail "SIGUSR1 to mpirun: one message expected"
[ -s askedmpi/results.h5 ] || fail "SIGUSR1 to mpirun: no record"
[ "$(finished askedmpi)" -lt 24 ] || fail "SIGUSR1 to mpirun came too late"
expect 0 "$want" ranks 2 run k.yaml --out askedmpi
check askedmpi

# a journal whose last line was torn loses that trial only
at=4
begin torn "$CAVIAR" run k.yaml --out torn
kill -9 $pid
wait $pid 2>/dev/null
size=$(wc -c <torn/journal)
truncate -s $((size - 20)) torn/journal
expect 0 "$want" ranks 0 run k.yaml --out torn
check torn
# a launcher that is killed leaves no rank behind that waits for it, while it starts
left() { # ranks with this directory
  local p
  for p in $(pgrep -x caviar); do [ "$(readlink "/proc/$p/cwd")" = "$PWD" ] && echo "$p"; done
}
mpirun -q -n 2 --oversubscribe -x LD_PRELOAD="${HANG_SHIM:?}" "$CAVIAR" run k.yaml --out early >out 2>err &
for ((i = 0; i < 400; i++)); do [ "$(left | wc -l)" = 2 ] || sleep 0.05; done
[ "$(left | wc -l)" = 2 ] || fail "the ranks did not start"
kill -9 $!
wait $! 2>/dev/null
for ((i = 0; i < 200; i++)); do [ -z "$(left)" ] || sleep 0.05; done
[ -z "$(left)" ] || fail "ranks that wait for a launcher that is gone: $(left | tr '\n' ' ')"
echo "all is well"
