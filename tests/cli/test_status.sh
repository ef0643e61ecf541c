#!/bin/bash
# caviar status: exit codes, what it says while a run goes on, after a kill, at its end; and that it writes nothing.
# shellcheck source=tests/cli/replicas.sh
. "${CAVIAR_SOURCE:?}/tests/cli/replicas.sh"
unset SLURM_JOB_ID
small s "$search12"
sed 's/rows: 400/rows: 4000/; s/epochs: 3/epochs: 1000/' s.yaml >long.yaml

field() { # of the JSON in out
  grep -oE "\"$1\": (\"[^\"]*\"|[^,}]*)" out | head -n 1 | sed 's/^[^:]*: //; s/"//g'
}
has() { # RUN N: so many trials at least
  [ "$(finished "$1")" -ge "$2" ] 2>/dev/null
}
is() { # FIELD VALUE
  [ "$(field "$1")" = "$2" ] || fail "$1 is $(field "$1"), expected $2"
}
expect 4 "no such run directory" "$CAVIAR" status nope
mkdir empty
expect 4 "is not a run directory" "$CAVIAR" status empty
expect 2 "usage: caviar status RUN" "$CAVIAR" status
expect 2 "unknown option --jsn" "$CAVIAR" status s --jsn

# ---- complete ----------------------------------------------------------------------------------------
expect 0 "" ranks 0 run s.yaml --out whole
expect 0 "s: complete, 12 of 12 trials finished" "$CAVIAR" status whole
grep -q '^best      trial [0-9]*, validation_accuracy [0-9.]*$' out || fail "no word of the best"
expect 0 "" "$CAVIAR" status whole --json
[ "$(wc -l <out)" = 1 ] || fail "more than one line"
is state complete
is "done" 12
is missing 0
is worker null
best=$("$CAVIAR" show whole --json | head -n 1 | grep -oE '"trial": [0-9]+')
grep -qF "\"best\": {$best, \"metric\"" out || fail "another best trial than that of show"

# all trials, but killed before the test part, or before the record: not complete, and nothing says that it is
lines=$(wc -l <whole/journal)
for cut in 1 2; do
  cp -r whole cut$cut
  head -n $((lines - cut)) whole/journal >cut$cut/journal
  "$CAVIAR" status cut$cut >out
  [ $? = 75 ] || fail "a run without its last $cut records is complete"
  grep -q '^next      run it again: the test part or the record is missing' out || fail "no word of what is missing"
  expect 0 "" ranks 0 run s.yaml --out cut$cut
  expect 0 "complete" "$CAVIAR" status cut$cut
  cmp -s whole/journal cut$cut/journal || fail "cut$cut: another journal"
done


# ---- while it goes on --------------------------------------------------------------------------------
"$CAVIAR" run long.yaml --out busy >run.out 2>run.err &
pid=$!
await has busy 2
"$CAVIAR" status busy --json >out
[ $? = 75 ] || fail "status of a run that goes on"
is state working
is trials 12
is pid $pid
is host "$(hostname)"
is user "$(id -un)"
is job null
{ [ "$(field "done")" -ge 2 ] && [ "$(field "done")" -lt 12 ]; } || fail "$(field "done") trials are done"
[ $(($(field "done") + $(field running) + $(field missing))) = 12 ] || fail "done, running and missing are not all"
now=$(date +%s) at=$(field progress)
{ [ $((now - at)) -le 10 ] && [ $((at - now)) -le 2 ]; } || fail "progress at $at, now it is $now"
"$CAVIAR" status busy >out
grep -q "^at work   process $pid of $(id -un) on $(hostname)$" out || fail "no word of who is at work"

# its holder is suspended, with a lock that still holds: alive; without locks: silent
kill -STOP $pid
"$CAVIAR" status busy --json >out
is state working
HDF5_USE_FILE_LOCKING=FALSE "$CAVIAR" status busy --json >out
is state silent
is pid $pid
kill -CONT $pid

# killed: nobody is at work, whatever the lock's text says
kill -9 $pid
wait $pid 2>/dev/null
pid=
"$CAVIAR" status busy >out
[ $? = 75 ] || fail "status of a run that was killed"
grep -q '^long: unfinished, \|^s: unfinished, ' out || fail "a killed run is not unfinished"
grep -q '^at work' out && fail "somebody dead is at work"
grep -q '^next      run it again: it goes on where it was' out || fail "no word of what to do"
first=$("$CAVIAR" status busy --progress)
[ "$first" = "$("$CAVIAR" status busy --progress)" ] || fail "progress without any"
sums() { find busy -type f -exec md5sum {} + | sort; }
sums >a
"$CAVIAR" status busy >out
"$CAVIAR" status busy --json >out
sums >b
cmp -s a b || fail "status writes"
expect 0 "" ranks 2 run long.yaml --out busy
expect 0 "complete" "$CAVIAR" status busy
[ "$first" != "$("$CAVIAR" status busy --progress)" ] || fail "no progress although it is complete"

# of ten million trials, of which a few are there: what it takes depends on these
"$CAVIAR" run s.yaml search.trials=10000000 --out many >out 2>err &
pid=$!
await has many 5
kill -TERM $pid
over
[ $code = 75 ] || fail "many: exit $code"
(
  ulimit -t 5 # half a minute and more, where each is looked for
  exec "$CAVIAR" status many >out
)
[ $? = 75 ] || fail "status of ten million trials"
grep -q 'of 10000000 trials finished' out || fail "many: not told"
echo "all is well"
