#!/bin/bash
# Population based training: one digest on any number of ranks, after kills, with and without the checkpoints of
# parents; each trial is an experiment of its own with edits; more generations; what is kept and what is shown.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

members=6
experiment() { # EPOCHS TRIALS [LINE]: a momentum's velocity, a running mean and the best epoch are what a parent hands on
  cat <<YAML
seed: 5
data: {source: {name: strokes, rows: 600}, split: {train: 0.8, validation: 0.1, test: 0.1}}
model: {layers: [{dense: {units: 12}}, batch_norm, relu, {dropout: {rate: 0.1}}, {dense: {units: classes}}]}
metric: {name: validation_loss, at: best}
train: {epochs: $1, batch_size: 32, shards: 2, optimizer: {name: adam, learning_rate: 0.001}, schedule: cosine}
checkpoint: {keep_trials: 2}
search:
  method: {name: population_based, population: $members, interval: 2, quantile: 0.4}
  trials: $2
  ${3:-max_concurrent: 16}
  parameters:
    train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}
    train.batch_size: {values: [16, 32]}
    train.l2: {min: 0.00001, max: 0.01, scale: log}
    model.dropout.rate: {min: 0, max: 0.6, q: 0.1}
YAML
}
experiment 12 36 >e.yaml

field() { # RUN TRIAL KEY
  "$CAVIAR" show "$1" "$2" --json | grep -o "\"$3\": \"*[^,\"]*" | head -n 1 | sed 's/.*: "*//'
}
unset_of() { sed -E 's/"schema_version": [0-9]+, //; s/"trial": [0-9]+, //; s/"parent": [0-9]+, //'; }

# The same lines on any number of ranks, few at a time or not: results and all that is known of trials
expect 0 "" ranks 0 run e.yaml --out alone
want=$(digest alone)
all_of alone | sort >want
for n in 2 3 8; do
  expect 0 "$want" ranks $n run e.yaml --out together
  all_of together | sort >got
  cmp -s want got || fail "other results on $n ranks: $(diff want got | cut -c 1-400)"
  [ $n = 2 ] || rm -r together
done
expect 0 "" ranks 3 run e.yaml search.max_concurrent=2 --out few
"$CAVIAR" show few --json | unset_of | sed -E 's/"(seconds|rank|host)": ("[^"]*"|[^,}]*)(, )?//g; s/"team": \[(\{[^}]*\}(, )?)*\](, )?//' | sort >got
unset_of <want | sort | cmp -s - got || fail "two at a time: other results"

# Only the best two keep a checkpoint; nothing is wrong with what is there; the record has the lines
[ "$(find alone/checkpoints -name '*.h5' | wc -l)" = 2 ] || fail "not two checkpoints: $(ls alone/checkpoints)"
expect 0 "alone is in order" "$CAVIAR" fsck alone
expect 0 "the forest expects" "$CAVIAR" importance alone
says "began their training with other values" <err || fail "importance is silent about what the values of a population are"
h5dump -d /trials/parent alone/results.h5 >out
grep -q '(0): -1, -1, -1, -1, -1, -1, [0-5],' out || fail "no parents in the record"
h5dump -d /trials/changed alone/results.h5 >out
grep -q 'train.optimizer.learning_rate: ' out || fail "no changes in the record"
"$CAVIAR" show alone | grep -q ' parent ' || fail "the table has no parents"

# Counted anew from what is shown: by the latest epoch's loss the worst two of six went on with one of the best two, the
# others with themselves; who did has the parent's curve up to there
"$CAVIAR" show alone --json | sed '/"parent": /!s/"trial": [0-9]*,/& "parent": -1,/' |
  sed -E 's/.*"trial": ([0-9]+),.*"parent": (-?[0-9]+),.*"curves": .*"validation_loss": \[([^]]*)\].*/\1 \2 \3/; s/,//g' | sort -n >curves
awk -v m=$members '{
    t = $1; parent[t] = $2; n[t] = NF - 2; last[t] = $NF
    for (i = 3; i <= NF; i++) curve[t, i] = $i
  }
  function place(t, k, first, p) {
    first = int(t / m) * m
    for (k = first; k < first + m; k++) p += last[k] < last[t] || (last[k] == last[t] && k < t)
    return p
  }
  END {
    for (t = m; t < NR; t++) {
      own = t - m; p = parent[t]
      if (place(own) >= m - 2 ? int(p / m) != int(own / m) || place(p) >= 2 : p != own) { print "trial " t " goes on with " p; bad = 1 }
      if (n[t] != n[p] + 2) { print "trial " t " has " n[t] " epochs"; bad = 1 }
      for (i = 3; i < n[p] + 3; i++) if (curve[t, i] != curve[p, i]) { print "trial " t " has another curve than " p; bad = 1; break }
      replaced += p != own
    }
    if (NR != 6 * m || replaced < 6) { print NR " trials, " replaced " replaced"; bad = 1 }
    exit bad
  }' curves >out || fail "lines"

# The longest lines, alone: the same weights, curves and seed
"$CAVIAR" show alone --json | grep -o '"trial": [0-9]*' | sed 's/.* //' | sort -n >trials
deep=
for t in $(tail -n $members trials); do
  "$CAVIAR" show alone "$t" --yaml >line.yaml || fail "trial $t has no text"
  if [ "$(grep -cE '(- |\{)step: ' line.yaml)" -ge 2 ]; then deep="$deep $t"; fi
done
for t in $(tail -n $members trials) 20; do
  "$CAVIAR" show alone "$t" --yaml >line.yaml
  rm -rf line
  expect 0 "" ranks 2 run line.yaml --out line
  for key in weights metric chosen_epoch epochs seed; do
    [ "$(field alone "$t" $key)" = "$(field line 0 $key)" ] ||
      fail "trial $t alone: $key is $(field line 0 $key), not $(field alone "$t" $key)"
  done
  diff <("$CAVIAR" show alone "$t" --json | grep -o '"curves": .*') <("$CAVIAR" show line 0 --json | grep -o '"curves": .*') >/dev/null ||
    fail "trial $t alone: other curves"
done
[ "$(wc -w <<<"$deep")" -ge 2 ] || fail "only these lines have two edits:$deep"
grep -q 'stop_at: 8' line.yaml || fail "trial 20 says not where it stops"
# Who wants a trial's weights that were not kept has it trained again: the recorded ones
awk 'BEGIN { for (i = 0; i < 64; i++) printf "x%d,", i; print "y"
             for (r = 0; r < 20; r++) { for (i = 0; i < 64; i++) printf "%g,", (i * r) % 7; print r % 10 } }' >rows.csv
expect 0 "" "$CAVIAR" import csv rows.csv -o rows.h5
[ ! -f alone/checkpoints/trial-000020.h5 ] || fail "trial 20 is one of the best"
cp -r alone predicted
expect 0 "" "$CAVIAR" predict predicted:20 rows.h5
grep -q 'training it again' err || fail "predict: not trained again"
expect 0 "predicted is in order" "$CAVIAR" fsck predicted
t=$(wc -w <<<"$deep") && t=$(cut -d ' ' -f "$((t + 1))" <<<"$deep")
"$CAVIAR" show alone "$t" | says "^goes on with trial .* after epoch 10" || fail "show says not with whom trial $t goes on"

# A parent's checkpoint that is lost or damaged costs time alone; one that is damaged is seen to be so
half() { # RUN: a run whose third generation has not begun, with all its checkpoints
  rm -rf "$1"
  "$CAVIAR" run e.yaml search.trials=$((2 * members)) checkpoint.keep_trials=99 --out "$1" >/dev/null || fail "half"
  [ "$(find "$1/checkpoints" -name '*.h5' | wc -l)" = $((2 * members)) ] || fail "half: $(ls "$1/checkpoints")"
}
half damaged # what it would train next, known by its results alone, is what it then trains
"$CAVIAR" sample --run damaged --json >out || fail "sample --run"
[ ! -s out ] || fail "a finished run has more to train"
rm -rf next && mkdir next && cp -r damaged next/run
sed -i '$d' next/run/journal # the end
while [ "$(finished next/run)" -gt 9 ]; do sed -i '$d' next/run/journal; done
"$CAVIAR" sample --run next/run --json >next/out || fail "sample --run"
[ "$(wc -l <next/out)" = 3 ] || fail "not three to come"
while read -r line; do
  t=$(grep -o '"trial": [0-9]*' <<<"$line" | sed 's/.* //')
  "$CAVIAR" show damaged "$t" --json >next/is
  for key in seed parent point; do
    [ "$(grep -oE "\"$key\": ([0-9]+|\\{[^}]*\\})" <<<"$line")" = "$(grep -oE "\"$key\": ([0-9]+|\\{[^}]*\\})" next/is | head -n 1)" ] ||
      fail "sample --run: another $key of trial $t: $line"
  done
  "$CAVIAR" show next/run "$t" --yaml | tail -n +2 >next/now || fail "show --yaml of what is to come"
  "$CAVIAR" show damaged "$t" --yaml | tail -n +2 | cmp -s - next/now || fail "show --yaml: another trial $t"
done <next/out
for how in whole lost flipped cut; do
  half damaged
  for file in damaged/checkpoints/*.h5; do
    case $how in
      lost) rm "$file" ;;
      flipped) printf '\377\377\377\377\377\377\377\377' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") / 2)) conv=notrunc status=none ;;
      cut) truncate -s 5000 "$file" ;;
    esac
  done
  expect 0 "$want" ranks 2 run e.yaml checkpoint.keep_trials=99 --out damaged
  case $how in
    whole | lost) ! grep -q 'cannot be used' err || fail "$how: a warning" ;;
    *) grep -q 'trains from the beginning; the checkpoint of trial [0-9]*, with which it would go on, cannot be used' err || fail "$how: no warning" ;;
  esac
  all_of damaged | sort | cmp -s want - || fail "$how: other results"
done

# While a generation trains, all of the one before keep their checkpoints, best or not
eight() {
  local n
  n=$(finished kept)
  [ "${n:-0}" -ge 8 ]
}
"$CAVIAR" run e.yaml data.source.rows=60000 --out kept >out 2>err &
pid=$!
await eight
kill -9 $pid
over
n=$(finished kept)
[ "$n" -lt $((2 * members)) ] || fail "the kill came after $n trials"
[ "$(find kept/checkpoints -name 'trial-00000[0-5].h5' | wc -l)" = $members ] || fail "parents were removed: $(ls kept/checkpoints)"

# Killed again and again, on other numbers of ranks, checkpoints lost on the way
grown() {
  local n
  n=$(finished again)
  [ "${n:-0}" -gt "$((${before:-0} + 2))" ]
}
kills=0
for n in 2 8 0 3 2 0 3; do
  launcher=(mpirun -q -n "$n" --oversubscribe)
  [ $n = 0 ] && launcher=()
  before=$(finished again)
  "${launcher[@]}" "$CAVIAR" run e.yaml checkpoint.every_seconds=0 --out again >out 2>err &
  pid=$!
  await grown
  kill -9 $pid 2>/dev/null && kills=$((kills + 1))
  over
  find again/checkpoints -name '*.h5' | sort | head -n 1 | xargs -r rm
done
expect 0 "$want" ranks 2 run e.yaml --out again
all_of again | sort | cmp -s want - || fail "after kills: other results"
[ $kills -ge 3 ] || fail "only $kills kills came in time"
[ "$(find again/checkpoints -name '*.h5' | wc -l)" -le 2 ] || fail "after kills: more checkpoints than two: $(ls again/checkpoints)"

# More generations: the digest of starting with as many; a generation is whole, and within train.epochs
experiment 12 18 >few.yaml
expect 0 "" ranks 2 run few.yaml --out longer
expect 0 "" "$CAVIAR" sample --run longer
expect 0 "" ranks 3 run few.yaml search.trials=24 --out longer
expect 0 "$want" ranks 2 run few.yaml search.trials=36 --out longer
expect 3 "37 trials are no whole generations of population 6; write 36 or 42" "$CAVIAR" run few.yaml search.trials=37 --out longer
expect 3 "7 generations of 2 epochs each are 14 epochs, and train.epochs is 12" "$CAVIAR" run few.yaml search.trials=42 --out longer

# All diverge: each begins anew; points to try are the first members
experiment 12 18 'try: [{train.optimizer.learning_rate: 0.5, train.batch_size: 16, train.l2: 0.001, model.dropout.rate: 0.2}]' >try.yaml
expect 0 "" ranks 2 run try.yaml --out try
"$CAVIAR" show try 0 | grep -q 'learning_rate: 0.5$' || fail "the point to try is not trial 0"
sed 's/name: adam, learning_rate: 0.001/name: sgd, learning_rate: 0.001/; s/{min: 0.0001, max: 1, scale: log}/{min: 1.0e+30, max: 1.0e+32, scale: log}/; s/batch_norm, //' few.yaml >wild.yaml
expect 0 "" ranks 2 run wild.yaml --out wild
expect 0 "$(digest wild)" ranks 0 run wild.yaml --out wild0
"$CAVIAR" show wild --json >out
grep -q '"status": "DIVERGED"' out || fail "nothing diverged"
! grep -q '"parent"' out || fail "a trial goes on with one that diverged"

# What can be known before
expect 0 "" "$CAVIAR" plan e.yaml --ranks 1,8
grep -q '2 epochs' out || fail "plan: a trial trains two epochs"
expect 0 "" "$CAVIAR" sample e.yaml
[ "$(wc -l <out)" = $members ] || fail "sample: not the first generation"
diff out <("$CAVIAR" sample e.yaml search.method=random -n $members) >/dev/null || fail "the first generation is not random search's"
echo "population: $kills kills"
