#!/bin/bash
# caviar stop, the signals, and a second process on the same directory: how soon a run ends, that nothing is lost, and
# that whoever comes second is refused.
# shellcheck source=tests/cli/replicas.sh
. "${CAVIAR_SOURCE:?}/tests/cli/replicas.sh"
unset SLURM_JOB_ID
small s "$search12"
n_trials=120
sed -i "s/trials: 12/trials: $n_trials/; s/rows: 400/rows: 4000/; s/epochs: 3/epochs: 2/" s.yaml
# Who is to be stopped saves after each of the 24,000 updates: that takes its time on any machine, and changes no bit.
cp s.yaml slow.yaml
echo 'checkpoint: {every_seconds: 0}' >>slow.yaml
expect 0 "" ranks 0 run s.yaml --out undisturbed
want=$(digest undisturbed)

has() { # RUN: a trial at least
  [ "$(finished "$1")" -ge 1 ] 2>/dev/null
}
# begin RUN COMMAND...: in the background, until a trial is done
begin() {
  local run=$1
  shift
  "$@" >run.out 2>run.err &
  pid=$!
  await has "$run"
}
seconds() { date +%s.%N; }
# sooner FROM SECONDS: it is
sooner() {
  awk -v from="$1" -v now="$(seconds)" -v most="$2" 'BEGIN { exit !(now - from < most) }' || fail "not within $2 s"
}
goes_on() { # RUN: it does, to the right end
  [ "$(finished "$1")" -lt $n_trials ] || fail "$1: it was over before it was to stop"
  expect 0 "$want" ranks 0 run s.yaml --out "$1"
  [ ! -e "$1/stop" ] || fail "$1: the request to stop is still there"
}

# ---- caviar stop -------------------------------------------------------------------------------------
expect 4 "no such run directory" "$CAVIAR" stop nope
expect 0 "nobody is at work" "$CAVIAR" stop undisturbed
[ ! -e undisturbed/stop ] || fail "a request to nobody"
for n in 0 2; do
  command=("$CAVIAR")
  [ $n = 0 ] || command=(mpirun -q -n "$n" --oversubscribe "$CAVIAR")
  begin asked$n "${command[@]}" run slow.yaml --out asked$n
  from=$(seconds)
  expect 0 "on $(hostname) is asked to save and stop" "$CAVIAR" stop asked$n
  expect 0 "" "$CAVIAR" stop asked$n --wait # again: the same
  sooner "$from" 10
  over
  [ $code = 75 ] || fail "asked to stop: exit $code"
  grep -q "stopped as asked by $(id -un) on $(hostname) (process [0-9]*): run the same command again" run.err ||
    fail "no word of who asked"
  "$CAVIAR" status asked$n >out
  grep -q "^stop      asked by $(id -un) on " out || fail "status does not say who asked"
  expect 0 "nobody is at work" "$CAVIAR" stop asked$n
  goes_on asked$n
done

# ---- signals -----------------------------------------------------------------------------------------
stopped() { # SIGNAL RANKS SECONDS: exit 75 within so many
  local run=$1$2
  local command=("$CAVIAR")
  [ "$2" = 0 ] || command=(mpirun -q -n "$2" --oversubscribe "$CAVIAR")
  begin "$run" "${command[@]}" run slow.yaml --out "$run"
  local from
  from=$(seconds)
  kill "-$1" $pid
  over
  sooner "$from" "$3"
  [ $code = 75 ] || fail "$1 on $2 ranks: exit $code"
  goes_on "$run"
}
stopped USR1 0 10
stopped USR1 2 10
stopped TERM 0 2 # 1 s, and one for a machine that is busy

# TERM to mpirun: Open MPI passes it on a second later, and KILL after another one, in which the ranks save and publish the
# record, mostly in a tenth of it. Whether they had the time or not: nothing that was recorded is lost.
mark() { : >TERM2.mark; }
published() { [ TERM2/results.h5 -nt TERM2.mark ]; }
for _ in 1 2 3; do
  rm -rf TERM2
  begin TERM2 mpirun -q -n 2 --oversubscribe "$CAVIAR" run slow.yaml --out TERM2
  n=$(finished TERM2)
  mark
  from=$(seconds)
  kill -TERM $pid
  over
  sooner "$from" 4
  [ $code != 0 ] || fail "TERM to mpirun: exit 0"
  [ "$(finished TERM2)" -ge "$n" ] || fail "a record is lost"
  "$CAVIAR" status TERM2 >out
  code=$?
  [ $code = 75 ] || fail "TERM to mpirun: status exits $code"
  published && break
done
published || fail "TERM to mpirun, three times: the record was not published"
goes_on TERM2

# Twice, with more than a second between, ends at once; twice within a moment is once. Somebody who does not listen, for
# he is suspended, hears both together.
begin twice "$CAVIAR" run slow.yaml --out twice
kill -STOP $pid
kill -USR1 $pid
kill -TERM $pid
kill -CONT $pid
over
[ $code = 75 ] || fail "two signals at a time: exit $code"
grep -q 'run the same command again' run.err || fail "two signals at a time are no reason to leave without a word"
goes_on twice

# ---- a second process on the directory ---------------------------------------------------------------
begin first env SLURM_JOB_ID=4711 "$CAVIAR" run slow.yaml search.trials=2000 --out first
expect 4 "first is in use by process $pid of $(id -un) on $(hostname) (job 4711): wait for it, or end it with \`caviar stop first\`" \
  ranks 0 run slow.yaml search.trials=2000 --out first
"$CAVIAR" stop first --wait >out || fail "stop"
over
[ $code = 75 ] || fail "first: exit $code"
echo "all is well"
