#!/bin/bash
# caviar fsck and verify on runs that accidents have changed, and a search that goes on from the checkpoint before the newest
# after kill -9; the process that looks at a file first must cost little.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small e "$search12"
expect 0 "" ranks 0 run e.yaml --out run
whole=$(digest run)
kept=(run/checkpoints/*.h5)

expect 0 "run is in order" "$CAVIAR" fsck run
expect 0 "12 trials finished, digest $whole; all checksums hold" "$CAVIAR" verify run/results.h5
expect 0 "finished; all checksums and the hash of its weights hold" "$CAVIAR" verify "${kept[0]}"
expect 4 "no such run directory" "$CAVIAR" fsck nothing
expect 2 "unknown option --mend" "$CAVIAR" fsck run --mend
expect 4 "1 of 2 files are not in order" "$CAVIAR" verify run/results.h5 run/journal

# one byte each
change() { # FILE OFFSET
  printf '\x5a' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
broken() { rm -rf b; cp -r run b; }

broken
sed -i '5s/COMPLETED/DIVERGEX/' b/journal
expect 4 "b: 2 parts are damaged" "$CAVIAR" fsck b # the record knows of 12 trials
grep -q '^damaged  journal: line 5: its checksum does not hold' out || fail "which line?"
grep -q '^follows  trials: [0-9]* would be trained by' out || fail "what follows?"
expect 0 "b is in order" "$CAVIAR" fsck b --repair
cmp -s b/journal.damaged run/journal && fail "the old journal is not the damaged one"
[ "$(wc -l <b/journal)" = $(($(wc -l <run/journal) - 1)) ] || fail "one line is cut out"
expect 0 "b is in order" "$CAVIAR" fsck b
expect 0 "$whole" ranks 0 run e.yaml --out b # the trial is trained again, with the same bits
expect 0 "b is in order" "$CAVIAR" fsck b

broken
for at in 600 4200 9000 13000; do change b/results.h5 $at; done
expect 4 "1 part is damaged" "$CAVIAR" fsck b
grep -q '^damaged  results.h5: b/results.h5: ' out || fail "which file?"
expect 0 "repaired results.h5: made anew" "$CAVIAR" fsck b --repair
expect 0 "digest $whole" "$CAVIAR" verify b/results.h5

broken
echo "seed: 9" >b/resolved.yaml
first=b/${kept[0]#run/}
head -c 5000 "$first" >piece && cp piece "$first"
expect 4 "2 parts are damaged" "$CAVIAR" fsck b
grep -q '^follows  trial .*: its result stands' out || fail "what follows?"
expect 0 "b is in order" "$CAVIAR" fsck b --repair
cmp -s b/resolved.yaml run/resolved.yaml || fail "resolved.yaml is not what it was"
[ -e "$first.damaged" ] || fail "the damaged checkpoint is gone"

broken # weights of another trial under this one's name: every checksum holds
mapfile -t two < <(ls b/checkpoints/*.h5)
cp "${two[0]}" "${two[1]}"
expect 4 "1 part is damaged" "$CAVIAR" fsck b
grep -q "is of trial" out || fail "it does not say whose it is"

broken
sed -i '1s/^./x/' b/journal
expect 4 "the journal's first record" "$CAVIAR" fsck b --repair
[ ! -e b/journal.damaged ] || fail "a journal that cannot be used was changed"

# the chosen trial's checkpoint is spoiled before the test part was seen: it is trained again
broken
best=$("$CAVIAR" show run | awk '$1 == 1 { print $2; exit }')
best=$(printf '%06d' "$best")
sed -i '/"type": "test"/d' b/journal
head -c 5000 "run/checkpoints/trial-$best.h5" >"b/checkpoints/trial-$best.h5"
expect 0 "$whole" ranks 0 run e.yaml --out b
grep -q "is trained again, for its checkpoint cannot be used" err || fail "it does not say so"

# kill -9 with two checkpoints, the newest spoiled
long=(train.epochs=150 checkpoint.every_seconds=0.05 search.trials=1)
expect 0 "" ranks 0 run e.yaml "${long[@]}" --out straight
"$CAVIAR" run e.yaml "${long[@]}" train.epochs=100000000 --out killed >/dev/null 2>&1 &
pid=$!
for _ in $(seq 600); do
  [ -e killed/checkpoints/trial-000000.previous.h5 ] && break
  sleep 0.1
done
kill -9 $pid
wait $pid 2>/dev/null
[ -e killed/checkpoints/trial-000000.h5 ] || mv killed/checkpoints/trial-000000.previous.h5 killed/checkpoints/trial-000000.h5
expect 0 "killed is in order" "$CAVIAR" fsck killed
head -c 5000 killed/checkpoints/trial-000000.h5 >piece && cp piece killed/checkpoints/trial-000000.h5
if [ -e killed/checkpoints/trial-000000.previous.h5 ]; then
  expect 4 "1 part is damaged" "$CAVIAR" fsck killed
  grep -q "^follows  trial 0: goes on from killed/checkpoints/trial-000000.previous.h5" out || fail "what follows?"
  "$CAVIAR" run e.yaml "${long[@]}" train.epochs=100000000 --out killed >out 2>err &
  pid=$!
  for _ in $(seq 100); do
    grep -q "goes on from the checkpoint before its newest" err && break
    sleep 0.1
  done
  kill -9 $pid
  wait $pid 2>/dev/null
  grep -q "goes on from the checkpoint before its newest" err || fail "it does not say that it falls back"
fi

# datasets: found and named; a file that kills who looks at it ends nothing but that
"$CAVIAR_BUILD/tests/make_data" good good.h5
printf '1,2,x\n3,4,y\n5,6,x\n' >rows.csv
expect 0 "" "$CAVIAR" import csv rows.csv -o rows.h5
expect 0 "fingerprint" "$CAVIAR" verify rows.h5
expect 0 "without a fingerprint" "$CAVIAR" verify good.h5
at=$(grep -abo x rows.h5 | tail -n 1 | cut -d: -f1)
size=$(wc -c <rows.h5)
head -c $((size - 100)) rows.h5 >cut.h5
expect 4 "cut.h5: " "$CAVIAR" verify cut.h5
[ -n "$at" ] || fail "no text in rows.h5"

# the cost of looking: less than 50 ms of processor a file more than without (measured as the whole command)
time_of() {
  local start end
  start=$(date +%s%N)
  for _ in 1 2 3 4 5; do "$@" >/dev/null; done
  end=$(date +%s%N)
  echo $(((end - start) / 5000000))
}
echo "verify: $(time_of "$CAVIAR" verify rows.h5) ms, version: $(time_of "$CAVIAR" version) ms"
"$CAVIAR_BUILD/tests/limited" 0.15 200 "$CAVIAR" verify rows.h5 >/dev/null || fail "looking at a file costs too much"
echo "all is well"
