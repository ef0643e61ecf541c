# shellcheck shell=bash
# For the tests of jobs without a Slurm: sourced after lib.sh. Its commands as scripts on the path: sbatch keeps the script
# and names job 71, squeue says what the file `queue` does, scontrol and scancel note what they were asked, and a requeue ends the script, as Slurm does; mpirun is
# caviar alone.
mkdir bin
fake() { # NAME TEXT
  printf '#!/bin/bash\n%s\n' "$2" >"bin/$1"
  chmod +x "bin/$1"
}
# shellcheck disable=SC2016
{
  fake sbatch 'cp "${@: -1}" "$FAKE/sent"; [ ! -e "$FAKE/refuse" ] || { echo "sbatch: error: no such partition" >&2; exit 1; }; echo 71'
  fake squeue '[ ! -e "$FAKE/down" ] || { echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }
cat "$FAKE/queue" 2>/dev/null || { echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }'
  fake scontrol 'echo "$*" >>"$FAKE/asked"; [ ! -e "$FAKE/refuse" ] && kill $PPID'
  fake scancel 'echo "cancel $*" >>"$FAKE/asked"; rm -f "$FAKE/queue"'
  fake mpirun '[ "$1" = -q ] && shift; exec "$@"'
}
export FAKE=$PWD PATH=$PWD/bin:$PATH

# job: what was sent, as job 71 of the queue; sets code
# shellcheck disable=SC2034
job() {
  code=0
  rm -f asked
  SLURM_JOB_ID=71 timeout 300 bash sent >out 2>err || code=$?
}
