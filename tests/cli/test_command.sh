#!/bin/bash
# Programs as objectives: the same digest on any number of ranks and after a kill; what fails, hangs, prints no
# number or a nan is one trial's affair; nothing that was started outlives its trial.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# ---- a program that trains, so to speak -------------------------------------------------------------
cat >train.sh <<'SH'
#!/bin/bash
# train.sh RATE UNITS: three rows, and one line in the list of those who were started
for variable in OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE PMIX_RANK PMI_RANK; do
  [ -z "${!variable:-}" ] || { echo "$variable is still there" >&2; exit 3; }
done
[ "$CAVIAR_PARAM_units" = "$2" ] && [ "$CAVIAR_PARAM_rate" = "$1" ] || exit 4
[ "$WORD" = "so $2" ] && [ "$(cat)" = "" ] || exit 5
echo "$CAVIAR_TRIAL" >>"$STARTED"
sleep "${SLOW:-0}"
while [ -e hold ]; do sleep 0.05; done
echo "training with seed $CAVIAR_SEED" >&2
for epoch in 1 2 3; do
  echo "not {json"
  awk -v rate="$1" -v units="$2" -v epoch=$epoch 'BEGIN {
    printf "{\"accuracy\": %.6f, \"note\": \"NaN {\\\"\", \"loss\": %s}\n", 1 - rate / epoch - 1 / units, epoch == 1 ? "NaN" : "0.5" }'
done
SH
chmod +x train.sh
export STARTED=$work/started
cat >c.yaml <<'YAML'
command:
  run: [./train.sh, "{rate}", "{units}"]
  result: json
  timeout: 120
  environment: {WORD: "so {units}"}
parameters: {rate: 0.01, units: 64}
metric: {name: accuracy, goal: maximize, at: best}
search:
  trials: 12
  parameters:
    parameters.rate: {min: 0.0001, max: 0.9, scale: log}
    parameters.units: {min: 2, max: 128}
YAML
expect 0 "" ranks 0 run c.yaml --out one
want=$(digest one 2>note)
grep -q 'note: of what the command printed' note || fail "digest does not say whose results these are"
[ "$(sort -n started | uniq | wc -l)" = 12 ] || fail "not every trial was started"
[ "$(wc -l <started)" = 12 ] || fail "a trial was started twice"
for n in 1 2 3 8; do
  expect 0 "$want" ranks $n run c.yaml --out ranks$n
done
grep -q '"loss": \[null, 0.5, 0.5\]' <("$CAVIAR" show one 0 --json) || fail "a nan of Python's in the curves"
grep -q '^  parameters.units: [0-9]*$' <("$CAVIAR" show one 0) || fail "units are no whole number"
[ -s one/output/trial-000011.txt ] || fail "no output of trial 11"
grep -q '^training with seed' one/output/trial-000011.txt || fail "stderr is not in the output"
"$CAVIAR" show one 3 --yaml >trial.yaml || fail "show --yaml"
mkdir elsewhere && mv trial.yaml elsewhere
: >started
expect 0 "" ranks 0 run elsewhere/trial.yaml --out again
[ "$("$CAVIAR" show one 3 --json | grep -o '"curves".*')" = "$("$CAVIAR" show again 0 --json | grep -o '"curves".*')" ] ||
  fail "a trial alone gives other curves"
: >started
expect 0 "$want" ranks 0 run c.yaml --out one
[ ! -s started ] || fail "a finished run started something"
expect 2 "one is of a command" ranks 0 predict one x.h5

# alive NAME: processes of that name that work in this test's folder
alive() {
  local p
  for p in $(pgrep -f "$1"); do
    [ "$(readlink "/proc/$p/cwd")" = "$work" ] && [ "$p" != $$ ] && echo "$p"
  done
}

# ---- killed, and asked to stop ----------------------------------------------------------------------
finished() {
  local n
  n=$(grep -c '"type": "trial"' "$1/journal" 2>/dev/null)
  echo "${n:-0}"
}
begin() { # DIR COMMAND...: in the background, until 3 trials are there
  local dir=$1
  shift
  : >started
  SLOW=0.3 "$@" >out 2>err &
  pid=$!
  for _ in $(seq 3000); do
    [ "$(finished "$dir")" -ge 3 ] && break
    kill -0 $pid 2>/dev/null || break
    sleep 0.02
  done
}
begin killed "$CAVIAR" run c.yaml --out killed
touch hold
for _ in $(seq 200); do [ -n "$(alive '/train[.]sh')" ] && break; done
[ -n "$(alive '/train[.]sh')" ] || fail "the test does not see the program"
kill -9 $pid
wait $pid 2>/dev/null
for _ in $(seq 50); do [ -z "$(alive '/train[.]sh')" ] && break; sleep 0.1; done
[ -z "$(alive '/train[.]sh')" ] || fail "the program outlives a killed caviar"
rm hold
before=$(finished killed)
[ "$before" -lt 12 ] || fail "the kill came too late"
expect 0 "$want" ranks 2 run c.yaml --out killed
[ "$(wc -l <started)" -le 13 ] || fail "a finished trial was run again: $(sort -n started | uniq -d)"
for signal in USR1 TERM; do
  begin asked$signal "$CAVIAR" run c.yaml --out asked$signal
  kill -$signal $pid
  wait $pid
  [ $? = 75 ] || fail "SIG$signal: expected exit code 75"
  expect 0 "$want" ranks 0 run c.yaml --out asked$signal
done
begin askedmpi mpirun -q -n 3 --oversubscribe "$CAVIAR" run c.yaml --out askedmpi
kill -USR1 $pid
wait $pid
[ $? = 75 ] || fail "SIGUSR1 to mpirun: expected exit code 75"
expect 0 "$want" ranks 3 run c.yaml --out askedmpi

# ---- all that can go wrong in a trial ---------------------------------------------------------------
cat >odd.sh <<'SH'
#!/bin/bash
case $1 in
fine) echo "some words"; echo " 2.5e-1 " ;;
fails) echo "out of luck"; echo "no such file" >&2; exit 7 ;;
silent) ;;
words) echo "accuracy: 0.5" ;;
nan) echo nan ;;
infinite) echo -inf ;;
signal) kill -SEGV $$ ;;
hangs) sleep 1234.5 & sleep 1234.5 ;;
stubborn) trap '' TERM; while :; do sleep 0.05; done ;;
bytes) printf '\377\376 not text'; exit 1 ;;
leaves) sleep 1234.5 & echo 4 ;;
much) head -c 3000000 /dev/zero | tr '\0' 'x'; echo; echo "the end"; echo 7 ;;
esac
SH
chmod +x odd.sh
cat >odd.yaml <<'YAML'
command: {run: [./odd.sh, "{how}"], timeout: 1, keep_output: 2000}
parameters: {how: fine}
metric: {goal: minimize}
search:
  method: grid
  parameters:
    parameters.how: {values: [fine, fails, silent, words, nan, infinite, signal, hangs, stubborn, bytes, leaves, much]}
YAML
expect 1 "7 of 12 trials failed; run again to try them again" ranks 2 run odd.yaml --out odd
status() { # TRIAL STATUS TEXT
  "$CAVIAR" show odd "$1" >out 2>err
  grep -q "^trial $1: $2" out || fail "trial $1 is not $2"
  grep -qF -- "$3" out || fail "trial $1: expected \"$3\""
}
status 0 COMPLETED "result 0.25 at epoch 1"
status 1 FAILED 'it ended with exit code 7; it said last: no such file; see odd/output/trial-000001.txt'
status 2 FAILED "it printed nothing; expected a number on the last line of its output"
status 3 FAILED 'the last line of its output is "accuracy: 0.5", expected a number alone'
status 4 DIVERGED "the command's result is nan"
status 5 DIVERGED "the command's result is -inf"
status 6 FAILED "it was ended by signal 11 (Segmentation fault)"
status 7 FAILED "it was ended after 1 s (command.timeout)"
status 8 FAILED "it was ended after 1 s (command.timeout)"
status 9 FAILED "it said last: ?? not text"
status 10 COMPLETED "result 4 at epoch 1"
status 11 COMPLETED "result 7 at epoch 1"
size=$(wc -c <odd/output/trial-000011.txt)
if [ "$size" -lt 2000 ] || [ "$size" -gt 2100 ]; then fail "an output of $size bytes is kept"; fi
tail -2 odd/output/trial-000011.txt | head -1 | grep -qx "the end" || fail "the end of an output is missing"
grep -q 'bytes are left out: command.keep_output' odd/output/trial-000011.txt || fail "no word of what is left out"
[ -z "$(alive 'sleep 1234[.]5')" ] || fail "what a command started outlives its trial"
expect 1 "" ranks 0 run odd.yaml --out odd # those that failed are tried again, the others not
grep -c '"type": "trial"' odd/journal | grep -qx 19 || fail "tried again: $(grep -c '"type": "trial"' odd/journal)"

# ---- a program that is an MPI job itself ------------------------------------------------------------
small inner
cat >job.sh <<'SH'
#!/bin/bash
mpirun -q -n 2 --oversubscribe "$CAVIAR" run inner.yaml "seed=$1" --out "inner-$1" >&2 || exit 1
"$CAVIAR" show "inner-$1" 0 --json | grep -oP '"metric": \K[0-9.]+'
SH
chmod +x job.sh
cat >outer.yaml <<'YAML'
command: {run: [./job.sh, "{seed_of_it}"], timeout: 120}
parameters: {seed_of_it: 1}
metric: {goal: maximize}
search: {method: grid, parameters: {parameters.seed_of_it: {values: [1, 2, 3]}}}
YAML
expect 0 "" ranks 2 run outer.yaml --out outer

# ---- the plan ---------------------------------------------------------------------------------------
sed 's|./train.sh|./no-such-program|' c.yaml >missing.yaml
expect 3 'command.run: ./no-such-program is no program (seen from' ranks 0 check missing.yaml
grep -q '^missing.yaml:2:9: error' err || fail "no place in the file"
sed 's|./train.sh|no-such-program|' c.yaml >missing.yaml
expect 3 'command.run: there is no program "no-such-program" on PATH' ranks 0 run missing.yaml --out missing
[ ! -e missing ] || fail "a run without a program began"
expect 3 'command.directory: there is no folder' ranks 0 check c.yaml command.directory=nowhere
expect 0 "" ranks 0 run c.yaml --out one command.timeout=60 # how long it may take is no part of what it is
expect 3 "holds another experiment" ranks 0 run c.yaml --out one 'command.environment={WORD: "so {units}", A: 1}'
echo "commands: all as expected"
