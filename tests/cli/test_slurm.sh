#!/bin/bash
# Slurm jobs on two virtual nodes (slurm/vcluster): whatever befalls a job of `caviar submit`, the run ends by itself
# with the digest of an undisturbed one: time limit, requeue, USR1 again and again, preemption, the loss of a node.
# An array; `caviar stop`; a second job on the same directory. With CAVIAR_LONG=1; 20 cycles of USR1 with CAVIAR_CYCLES=20.
# shellcheck source=tests/cli/replicas.sh
. "${CAVIAR_SOURCE:?}/tests/cli/replicas.sh"
PATH=$PATH:/usr/sbin:/sbin
cluster=$CAVIAR_SOURCE/slurm/vcluster

cannot() {
  echo "skipped: $1"
  exit 77
}
[ -n "${CAVIAR_LONG:-}" ] || cannot "it takes five to seven minutes, and waits for Slurm's own clocks; CAVIAR_LONG=1 runs it"
[ "$(id -u)" = 0 ] || cannot "only root can start a virtual cluster"
for name in slurmctld slurmd sbatch srun unshare; do
  command -v $name >/dev/null || cannot "$name is not installed (Debian: slurmctld slurmd slurm-client)"
done
unshare --mount --uts --propagation private true 2>/dev/null || cannot "no name spaces here"

close_down() {
  "$cluster" down "$work/c"
  leave
}
trap close_down EXIT
chmod 755 "$work"
"$cluster" up "$work/c" 2 $((20000 + $$ % 5000 * 4)) >out 2>err || fail "the virtual cluster does not start"
export SLURM_CONF=$work/c/slurm.conf

# within COMMAND...: until it succeeds, at most two minutes and a half
within() {
  local i
  for ((i = 0; i < 1500; i++)); do
    if "$@"; then return; fi
    sleep 0.1
  done
  squeue >out 2>&1
  tail -n 30 ./*/slurm-*.log >err 2>&1
  fail "not within 150 s: $*"
}

of_job() { # JOB FIELD: as scontrol shows it
  scontrol show job "$1" 2>/dev/null | grep -oE "(^| )$2=[^ ]*" | head -n 1 | cut -d= -f2
}
# A start within the second of the last end is refused ("Job credential revoked"), and the job is gone; Slurm's own two
# minutes of waiting see to it elsewhere.
hurry() { # job $1, which waits for its time to come: it has come, once its last end is behind it
  if [ "$(of_job "$1" JobState) $(of_job "$1" Reason)" = "PENDING BeginTime" ]; then
    sleep 2
    scontrol update "JobId=$1" StartTime=now 2>/dev/null
  fi
}
restarts() { # at least $2, of job $1; no waiting for the queue
  hurry "$1"
  [ "$(of_job "$1" Restarts)" -ge "$2" ] 2>/dev/null
}
gone() { # job $1 is no longer in the queue
  [ -z "$(squeue --noheader --jobs "$1" 2>/dev/null)" ]
}
at_work() { # job $2, on run $1
  "$CAVIAR" status "$1" >out 2>&1
  grep -q "^at work .*(job $2)$" out
}
off() { # job $1 does not run, or does again
  [ "$(of_job "$1" JobState)" != RUNNING ] || restarts "$1" 1
}
has() { # at least $2 trials of run $1
  [ "$(finished "$1")" -ge "$2" ] 2>/dev/null
}
over_or_hurried() { # job $1 is over
  hurry "$1"
  gone "$1"
}

# submit RUN FILE OPTION...: sets job
submit() {
  local run=$1
  shift
  "$CAVIAR" submit "$@" --out "$run" >out 2>err || fail "submit $*"
  job=$(sed -n 's/.* as job //p' out)
  [ "$(cut -d' ' -f1 "$run/jobs" | tail -n 1)" = "$job" ] || fail "$run/jobs does not have job $job"
}

# ends RUN JOB DIGEST: by itself, complete
ends() {
  within over_or_hurried "$2"
  cat "$1"/slurm-*.log >err 2>/dev/null
  "$CAVIAR" status "$1" >out || fail "$1 is not complete: $(tail -n 5 err)"
  [ "$(digest "$1")" = "$3" ] || fail "$1: another digest than undisturbed"
  [ "$(grep -o '"result": {"schema_version": 1, "trial": [0-9]*' "$1/journal" | sort | uniq -d | wc -l)" = 0 ] ||
    fail "$1: a trial was recorded twice"
  echo "$1: $(of_job "$2" Restarts) restarts, $SECONDS s"
}

sized() { # NAME EPOCHS
  small "$1" "$search12"
  sed -i "s/rows: 400/rows: 4000/; s/units: 8/units: 32/; s/epochs: 3, batch_size: 32/epochs: $2, batch_size: 16/" "$1.yaml"
  echo 'checkpoint: {every_seconds: 1}' >>"$1.yaml"
}
sized short 2400 # on a machine with nothing else to do it must last for three cycles
sized long 28000 # not over before Slurm looks at time limits, every 30 s

# ---- the time limit, beside all the others -----------------------------------------------------------
submit limit long.yaml --nodelist=n1 --ntasks=1 --time=1 --signal-seconds=60
limit=$job
"$CAVIAR" run short.yaml --out undisturbed >out 2>err || fail "undisturbed"
want=$(digest undisturbed)

# ---- the end, and what status says meanwhile ---------------------------------------------------------
odd="an \"end\" of \$HOME's 5%j #"
submit "$odd" short.yaml --nodes=2 --ntasks-per-node=1 --time=10
within has "$odd" 1
"$CAVIAR" status "$odd" >out
[ $? = 75 ] || fail "status of a run that goes on"
grep -qE "^at work   process [0-9]+ of root on n[12] \(job $job\)$" out || fail "status does not say who is at work"
grep -qE "^job       $job RUNNING on n\[1-2\], .* left$" out || fail "status does not say how the job is"
"$CAVIAR" submit short.yaml --out "$odd" >out 2>err
[ $? = 4 ] || fail "submitted while it goes on"
grep -q "(job $job)" err || fail "the job at work is not named"
second=$(sbatch --parsable "$odd/submit.sh") # by hand: it starts, waits, and names the first
ends "$odd" "$job" "$want"
within gone "$second"

# ---- put back into the queue by hand -----------------------------------------------------------------
submit requeue short.yaml --nodes=2 --ntasks-per-node=1 --time=10
within has requeue 3
scontrol requeue "$job" || fail "scontrol requeue"
within restarts "$job" 1
ends requeue "$job" "$want"

# ---- USR1, as before the time limit: it saves, and goes back to the queue by itself ------------------
cycles=3 file=short.yaml
[ "${CAVIAR_CYCLES:-3}" -gt 3 ] && cycles=$CAVIAR_CYCLES file=long.yaml
submit cycles $file --nodes=2 --ntasks-per-node=1 --time=10
for ((i = 1; i <= cycles; i++)); do
  within at_work cycles "$job"
  sleep 0.$((i * 37 % 10))
  scancel --batch --signal=USR1 "$job"
  within restarts "$job" $i
done
# Counted at once: a job that still runs may also be preempted below, and lose its node.
[ "$(of_job "$job" Restarts)" = "$cycles" ] || fail "$(of_job "$job" Restarts) restarts after $cycles times USR1"
cycled=$job

# ---- preempted ---------------------------------------------------------------------------------------
submit preempted short.yaml --nodelist=n2 --ntasks=2 --time=10
within has preempted 2
urgent=$(sbatch --parsable --partition=high --exclusive --nodelist=n2 --output=/dev/null --wrap='sleep 1')
within gone "$urgent"
[ "$(of_job "$job" Restarts)" -ge 1 ] || fail "not preempted"
ends preempted "$job" "$want"

# ---- a node is lost ----------------------------------------------------------------------------------
submit node short.yaml --nodes=2 --ntasks-per-node=1 --time=10
within has node 1
"$cluster" lose "$work/c" n2
within off "$job"
scontrol update NodeName=n2 State=DOWN Reason=lost # so that nobody waits for its answer
sleep 15 # a node that is back within a second is still told to end what the job had there, and ends what is new
"$cluster" mend "$work/c" n2
ends node "$job" "$want"
[ "$(of_job "$job" Restarts)" -ge 1 ] || fail "the loss of a node came too late"

# ---- asked to stop: not sent again, until somebody sends it ------------------------------------------
submit stop short.yaml --nodes=2 --ntasks-per-node=1 --time=10
within has stop 2
"$CAVIAR" stop stop --wait >out 2>err || fail "stop"
grep -q "job $job" out || fail "stop does not say who is asked"
within gone "$job"
[ "$(of_job "$job" Restarts)" = 0 ] || fail "it went back to the queue although it was asked to stop"
"$CAVIAR" status stop >out
[ $? = 75 ] || fail "status of a run that was stopped"
grep -q '^stop      asked by root on ' out || fail "status does not say who asked"
submit stop short.yaml --ntasks=1 --time=10 --begin=now+1hour
"$CAVIAR" status stop >out
grep -q "^job       $job PENDING" out || fail "status of a job that waits"
"$CAVIAR" stop stop >out || fail "stop of a job that waits"
within gone "$job"
submit stop short.yaml --ntasks=2 --time=10
ends stop "$job" "$want"

# ---- an array: one seed a task -----------------------------------------------------------------------
"$CAVIAR" submit short.yaml train.epochs=100 --out seeds --array=3-4%1 --ntasks=1 --time=10 >out 2>err || fail "array"
for seed in 3 4; do
  "$CAVIAR" run short.yaml train.epochs=100 seed=$seed --out alone-$seed >out 2>err || fail "seed $seed"
  ends seeds-$seed "$(cut -d' ' -f1 seeds-$seed/jobs)" "$(digest alone-$seed)"
done

# ---- and what the time limit did meanwhile -----------------------------------------------------------
"$CAVIAR" run long.yaml --out undisturbed-long >out 2>err || fail "undisturbed"
scontrol update "JobId=$limit" TimeLimit=20 2>/dev/null
ends limit "$limit" "$(digest undisturbed-long)"
[ $file = short.yaml ] || want=$(digest undisturbed-long)
ends cycles "$cycled" "$want"
[ "$(of_job "$limit" Restarts)" -ge 1 ] || fail "the time limit did not come"
grep -q 'run the same command again' limit/slurm-*.log || fail "the time limit was no reason to stop"
echo "all is well"
