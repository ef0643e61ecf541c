#!/bin/bash
# A second process on a run directory whose file system has no locks: it is refused while the first lives, takes over
# from one that gives no sign of life, and that one writes nothing when it comes back. Half a minute, asleep mostly.
# shellcheck source=tests/cli/replicas.sh
. "${CAVIAR_SOURCE:?}/tests/cli/replicas.sh"
unset SLURM_JOB_ID
small s 'checkpoint: {every_seconds: 0}' # which takes its time
cat >>s.yaml <<<"${search12/trials: 12/trials: 20000}"

has() { # RUN: a trial at least
  [ "$(finished "$1")" -ge 1 ] 2>/dev/null
}
worked_on_by() { # PID RUN
  "$CAVIAR" status "$2" --json >out
  grep -q "\"pid\": $1," out
}

export HDF5_USE_FILE_LOCKING=FALSE # as on a file system without locks
SLURM_JOB_ID=4712 "$CAVIAR" run s.yaml --out second >run.out 2>run.err &
pid=$!
await has second
expect 4 "" ranks 2 run s.yaml --out second
grep -q "second is in use by process $pid of .* (job 4712)" err || fail "without locks: the first is not named"
"$CAVIAR" status second --json >out
grep -q "\"state\": \"working\".*\"pid\": $pid," out || fail "status without locks"

# suspended so long that another takes over: it finds out before it writes
kill -STOP $pid
lost=$pid
"$CAVIAR" run s.yaml --out second >third.out 2>third.err &
pid=$!
await grep -qs 'gave no sign' third.err
await worked_on_by $pid second
kill -CONT "$lost"
wait "$lost"
code=$?
[ $code = 4 ] || fail "who lost the directory: exit $code"
grep -q "process $pid of .* took over second" run.err || fail "who lost the directory does not say to whom"
"$CAVIAR" stop second --wait >out || fail "stop"
over
[ $code = 75 ] || fail "who took over: exit $code"
echo "all is well"
