#!/bin/bash
# The whole program under the sanitizers, in their build: a search, its commands, refusals; nothing is lost or read wrongly.
# And, in any build: 300 trials in one process (10,000 with CAVIAR_LONG) leave its memory and its open files as they were.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small e "$search12" "checkpoint: {every_seconds: 0.01, keep_trials: 2}" "metrics: [f1, confusion]"
sanitized=0
if nm "$CAVIAR" 2>/dev/null | grep __asan_init >/dev/null; then
  sanitized=1
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
  # HDF5 1.10 loses some memory of its own when it meets a damaged file.
  echo "leak:libhdf5" >suppressions
  export LSAN_OPTIONS=suppressions=$PWD/suppressions:print_suppressions=0
fi

expect 0 "" ranks 0 run e.yaml search.trials=4 --out run
expect 0 "" ranks 0 run e.yaml search.trials=4 --out run
expect 0 "" "$CAVIAR" show run
expect 0 "" "$CAVIAR" show run 1 --yaml
expect 0 "run is in order" "$CAVIAR" fsck run --repair
printf '1,2,x\n3,4,y\n5,6,z\n' >rows.csv
expect 0 "" "$CAVIAR" import csv rows.csv -o rows.h5
expect 0 "" "$CAVIAR" verify rows.h5 run/results.h5
expect 0 "" "$CAVIAR" predict run rows.h5 -o p.csv
head -c 5000 run/results.h5 >cut.h5
expect 4 "cut.h5" "$CAVIAR" verify cut.h5
expect 3 "2 errors" "$CAVIAR" check e.yaml train.epohcs=1 train.batch_size=-1
expect 2 "unknown command" "$CAVIAR" fly
if [ $sanitized = 1 ]; then # the check itself
  ASAN_OPTIONS=max_allocation_size_mb=1 "$CAVIAR" run e.yaml data.source.rows=200000 --out large >/dev/null 2>&1 &&
    fail "the sanitizer is not at work"
  echo "all is well under the sanitizers"
  exit 0
fi

# Memory and open files of one process after a sixth of the trials, and after all.
n=${CAVIAR_LONG:+10000}
n=${n:-2000}
"$CAVIAR" run e.yaml "search.trials=$n" train.epochs=2 --out many >/dev/null 2>err &
pid=$!
state() { # resident KiB and open files of the process
  echo "$(awk '/^VmRSS/ { print $2 }' /proc/$pid/status 2>/dev/null) $(find /proc/$pid/fd -mindepth 1 2>/dev/null | wc -l)"
}
until_done() { # trials
  while kill -0 $pid 2>/dev/null && [ "$(awk 'END { print NR }' many/journal 2>/dev/null || echo 0)" -le "$1" ]; do sleep 0.02; done
}
until_done $((n / 6))
read -r rss_before fd_before <<<"$(state)"
until_done $((n * 2 / 3))
read -r rss_after fd_after <<<"$(state)"
wait $pid || fail "the search of $n trials"
echo "$n trials: $rss_before to $rss_after KiB, $fd_before to $fd_after open files"
if [ -z "$fd_before" ] || [ -z "$fd_after" ]; then fail "the process could not be watched: too short a search"; fi
[ "$fd_after" -le "$((fd_before + 1))" ] || fail "open files grow"
# Results are kept in memory, some KiB a trial.
[ "$rss_after" -le $((rss_before + 4096 + n * 12)) ] || fail "memory grows"
echo "all is well"
