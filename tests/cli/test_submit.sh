#!/bin/bash
# caviar submit without a Slurm (fake_slurm.sh): the script, whatever the names; what is checked before; and what the
# script does with each end of a run: done, stopped, asked to stop, invalid, no progress.
# shellcheck disable=SC2016 # scripts are written here: their $ are their own
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/fake_slurm.sh
. "${CAVIAR_SOURCE:?}/tests/cli/fake_slurm.sh"
small e "$search12"
"$CAVIAR" run e.yaml --out plain >out 2>err || fail "run"
want=$(digest plain)

clean() { # the script passes shellcheck, where that is installed
  command -v shellcheck >/dev/null || return 0
  shellcheck "$1" >out || fail "shellcheck of $1"
}
lines() { # FILE LINE...: it has them
  local file=$1 line
  shift
  for line; do grep -qxF -- "$line" "$file" || fail "$file has no line: $line"; done
}

# ---- the script --------------------------------------------------------------------------------------
expect 0 "" "$CAVIAR" submit e.yaml train.epochs=4 --nodes 4 --ntasks-per-node=32 --time 2:00:00 --partition=p --account a \
  --qos q --mem 3G --constraint 'a&b' --dependency afterok:1 --mail-type END --signal-seconds 90 --dry-run -- --exclusive -x n1
[ ! -e runs ] || fail "a dry run made a directory"
mv out script
clean script
lines script '#SBATCH --job-name=e' '#SBATCH --nodes=4' '#SBATCH --ntasks-per-node=32' '#SBATCH --time=2:00:00' \
  '#SBATCH --partition=p' '#SBATCH --account=a' '#SBATCH --qos=q' '#SBATCH --mem=3G' '#SBATCH --constraint="a&b"' \
  '#SBATCH --dependency=afterok:1' '#SBATCH --mail-type=END' '#SBATCH --requeue' '#SBATCH --open-mode=append' \
  '#SBATCH --signal=B:USR1@90' "#SBATCH --output=$work/runs/e/slurm-%j.log" '#SBATCH --exclusive -x n1' \
  "run=$work/runs/e" "set -- $work/e.yaml train.epochs=4 --submitted \"\$run/submitted.yaml\"" 'mpirun -q "$caviar" run "$@" --out "$run" &'
expect 0 'srun --mpi=pmix "$caviar" run "$@" --out "$run" &' "$CAVIAR" submit e.yaml --srun --dry-run
"$CAVIAR" submit --template >template || fail "--template"
clean template
cmp -s template "$CAVIAR_SOURCE/slurm/caviar.sbatch" || fail "slurm/caviar.sbatch is not what --template prints"
cmp -s <(sed -n '/^# USR1/,$p' script) <(sed -n '/^# USR1/,$p' template) || fail "two scripts for one thing"

# ---- to the end, whatever the names ------------------------------------------------------------------
for name in 'a b' "it's" 'x"y' '$HOME `id` $(id)' $'new\nline' '50%j' 'back\slash' '-dash' 'é*~!'; do
  mkdir -p "in $name"
  cp e.yaml "in $name/e.yaml"
  rm -f sent queue
  expect 0 "" "$CAVIAR" submit "in $name/e.yaml" "name=$name" --out "out $name"
  cmp -s sent "out $name/submit.sh" || fail "$name: sent is not what was kept"
  clean sent
  [ "$(cut -d' ' -f1 "out $name/jobs")" = 71 ] || fail "$name: the job is not noted"
  job
  [ $code = 0 ] || fail "$name: exit $code"
  [ "$(digest "out $name")" = "$want" ] || fail "$name: another digest"
  [ ! -e asked ] || fail "$name: back to the queue although it is done"
done

# ---- what was submitted is run, whatever the file has become -----------------------------------------
mkdir moved
cp e.yaml moved/e.yaml
commit=unknown
if command -v git >/dev/null; then
  (cd moved && git init -q && git add e.yaml && git -c user.name=n -c user.email=e commit -qm e) >out 2>&1 || fail "git"
  commit=$(git -C moved rev-parse HEAD)
fi
"$CAVIAR" submit moved/e.yaml --out kept >out 2>err || fail "submit"
job
grep -q "\"commit\": \"$commit\"" kept/journal || fail "another commit is named"
"$CAVIAR" submit moved/e.yaml --out moved/run >out 2>err || fail "submit"
sed -i 's/epochs: 3/epochs: 4/' moved/e.yaml
job
[ $code = 0 ] || fail "a file that was edited: exit $code"
[ "$(digest moved/run)" = "$want" ] || fail "what was submitted was not run"
cmp -s moved/run/experiment.yaml e.yaml || fail "another text is kept"
grep -q '"commit": "unknown"' moved/run/journal || fail "a commit is named that has another experiment"
rm moved/e.yaml
job
[ $code = 0 ] || fail "a file that is gone: exit $code"
"$CAVIAR" submit e.yaml --out moved/run >out 2>err || fail "submitted again"
rm moved/run/submitted.yaml
job
[ $code = 4 ] || fail "what was submitted is gone: exit $code"

# ---- how a job ends ----------------------------------------------------------------------------------
sed 's/rows: 400/rows: 4000/; s/epochs: 3/epochs: 1000/' e.yaml >long.yaml
expect 0 "as job 71" "$CAVIAR" submit long.yaml --out long
SLURM_JOB_ID=71 bash sent >out 2>err &
pid=$!
until grep -q '"type": "trial"' long/journal 2>/dev/null; do sleep 0.05; done
kill -USR1 $pid
kill -USR1 $pid # Slurm may send it twice
wait $pid
code=$?
[ $code = 143 ] || fail "a job that goes back to the queue: exit $code"
[ "$(cat asked)" = "requeue 71" ] || fail "not sent again after USR1"
grep -q 'run the same command again' err || fail "USR1 did not come to the run"
[ "$(head -n 1 long/requeued)" = 0 ] || fail "progress was made"

fake mpirun 'exit 0' # a run that comes to nothing, and says that all is well
job
[ "$(cat asked)" = "requeue 71" ] || fail "not sent again after a job without progress"
job
[ $code = 75 ] || fail "no progress twice: exit $code"
[ ! -e asked ] || fail "sent again for ever"
grep -q 'does not go again' err || fail "no word of why"
job
[ "$(cat asked)" = "requeue 71" ] || fail "a new start counts anew"
touch refuse
echo PENDING >queue # it is there already
SLURM_JOB_ID=71 bash sent >out 2>err &
pid=$!
for ((i = 0; i < 600; i++)); do
  [ "$(cat /proc/$pid/comm 2>/dev/null)" != sleep ] || break
  sleep 0.05
done
[ "$(cat /proc/$pid/comm 2>/dev/null)" = sleep ] || fail "it does not wait although Slurm had put it back"
kill $pid
wait $pid
says 'submit it again' <err && fail "to be submitted again although it is in the queue"
rm queue long/requeued
job
rm refuse
[ $code = 75 ] || fail "a job that cannot go back: exit $code"
grep -q 'submit it again' err || fail "no word of what to do"
fake mpirun 'exit 3'
job
[ $code = 3 ] || fail "an invalid experiment: exit $code"
[ ! -e asked ] || fail "sent again although the experiment is wrong"
fake mpirun 'sleep 300 & echo $! >sleeper; trap "kill %1; exit 143" TERM; wait'
SLURM_JOB_ID=71 bash sent >out 2>err &
pid=$!
until [ -s sleeper ]; do sleep 0.05; done
kill -TERM $pid # scancel, or a preemption
wait $pid
[ $? = 75 ] || fail "TERM: exit $?"
[ ! -e asked ] || fail "sent again after TERM"
fake mpirun '[ "$1" = -q ] && shift; exec "$@"'
SLURM_JOB_ID=71 bash sent >out 2>err &
pid=$!
n=$(grep -c '"type": "trial"' long/journal)
until [ "$(grep -c '"type": "trial"' long/journal)" -gt "$n" ]; do sleep 0.05; done
"$CAVIAR" stop long >stop.out || fail "stop"
wait $pid
code=$?
[ $code = 75 ] || fail "asked to stop: exit $code"
[ ! -e asked ] || fail "sent again although it was asked to stop"

# ---- refused before it is sent -----------------------------------------------------------------------
rm -f sent
expect 3 "unknown key" "$CAVIAR" submit e.yaml train.epoch=4 --out new
expect 3 "holds another experiment" "$CAVIAR" submit e.yaml seed=9 --out plain
expect 4 "cannot open" "$CAVIAR" submit nope.yaml
expect 2 "did you mean --nodes?" "$CAVIAR" submit e.yaml --node 3
echo 'PENDING|Priority||1:00:00' >queue
expect 4 "is submitted already: job 71 PENDING (Priority)" "$CAVIAR" submit long.yaml --out long
rm queue
"$CAVIAR" status long >out
grep -q '^job       71, no longer in the queue$' out || fail "status does not say that the job is gone"
touch down
"$CAVIAR" status long >out
grep -q '^job       71; how it is, is not known: .*Unable to contact slurm controller$' out ||
  fail "status takes silence for the end of the job"
rm down
if [ -e sent ] || [ -e new ]; then fail "a refused job left something"; fi
# files of somebody else
for name in submit.sh results.h5; do
  mkdir theirs
  echo mine >theirs/$name
  "$CAVIAR" submit e.yaml --out theirs >out 2>err
  [ $? = 4 ] || fail "submitted into somebody's folder"
  grep -q "$name .*choose another --out" err || fail "no word of $name"
  if [ -e sent ] || [ "$(cat theirs/*)" != mine ]; then fail "somebody's $name was written over"; fi
  rm -r theirs
done
touch refuse
expect 4 "no such partition" "$CAVIAR" submit e.yaml --out refused
rm refuse
(
  PATH=$(dirname "$(command -v bash)")
  rm bin/sbatch
  if [ ! -e "$PATH/sbatch" ]; then expect 4 "there is no sbatch here" "$CAVIAR" submit e.yaml --out refused; fi
) || exit 1
# shellcheck disable=SC2016
fake sbatch 'cp "${@: -1}" "$FAKE/sent"; echo "71;cluster"'

# ---- arrays ------------------------------------------------------------------------------------------
expect 0 "submitted 3 runs as job 71" "$CAVIAR" submit e.yaml --array 2-6:2%1 --out "s d"
lines sent '#SBATCH --array=2-6:2%1' "#SBATCH --output=\"$work/s d-%a/slurm-%j.log\""
clean sent
for seed in 2 4 6; do
  [ "$(cut -d' ' -f1 "s d-$seed/jobs")" = 71_$seed ] || fail "the task of seed $seed is not noted"
  "$CAVIAR" run e.yaml seed=$seed --out alone >out 2>err || fail "run"
  SLURM_ARRAY_TASK_ID=$seed job
  [ "$(digest "s d-$seed")" = "$(digest alone)" ] || fail "seed $seed of an array: another digest than alone"
  rm -r alone
done
expect 0 "submitted 2 runs" "$CAVIAR" submit e.yaml train.epochs=%a --array=1-2 --out "by %a/x"
SLURM_ARRAY_TASK_ID=2 job
"$CAVIAR" run e.yaml train.epochs=2 --out alone >out 2>err || fail "run"
[ "$(digest "by 2/x")" = "$(digest alone)" ] || fail "epochs of an array"
small f
expect 0 "submitted 2 runs" "$CAVIAR" submit e.yaml f.yaml train.epochs=2 --array %1 --out both
lines sent '#SBATCH --array=0-1%1' "#SBATCH --output=$work/both/slurm-%A_%a.log"
clean sent
SLURM_ARRAY_TASK_ID=1 job
SLURM_ARRAY_TASK_ID=0 job
[ "$(digest both/e)" = "$(digest alone)" ] || fail "a file of an array"
expect 0 "f: complete" "$CAVIAR" status both/f
expect 2 "would share" "$CAVIAR" submit e.yaml "in it's/e.yaml" --out twice
expect 2 "the files are 0 to 1" "$CAVIAR" submit e.yaml f.yaml --array 1-2 --out both
echo "all is well"
