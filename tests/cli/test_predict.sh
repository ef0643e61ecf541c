#!/bin/bash
# caviar predict: the files it writes, the accuracy it prints, models that were not kept, wrong input.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*"
  exit 1
}
# says CODE WORDS COMMAND...: it ends with that code, and its error has these words
says() {
  local code=$1 words=$2 rc=0
  shift 2
  "$@" >out.txt 2>err.txt || rc=$?
  [ "$rc" = "$code" ] || fail "exit code $rc instead of $code: $*: $(cat err.txt)"
  grep -qF -- "$words" err.txt || fail "no \"$words\" in: $(cat err.txt)"
}

# Three clouds; the third class's name needs quotes in CSV.
clouds() { # rows, seed
  awk -v n="$1" -v seed="$2" 'BEGIN {
    srand(seed); split("ant bee \"cat,fish\"", name, " "); print "width,height,kind"
    for (i = 0; i < n; i++) {
      c = i % 3
      printf "%.4f,%.4f,%s\n", c * 3 + rand() * 4, (c == 1) * 3 + rand() * 4, name[c + 1]
    }
  }'
}
clouds 300 1 >train.csv
clouds 90 2 >test.csv
head -2 test.csv >one.csv
cut -d, -f2- test.csv >narrow.csv
for f in train test one narrow; do "$CAVIAR" import csv $f.csv -o $f.h5 >/dev/null; done

cat >e.yaml <<'YAML'
name: clouds
seed: 5
data:
  file: train.h5
  split: {train: 0.8, validation: 0.2}
model:
  layers: [{dense: {units: 8}}, batch_norm, relu, {dense: {units: classes}}]
train: {epochs: 8, batch_size: 16, optimizer: {name: sgd, learning_rate: 0.1}}
search:
  method: grid
  parameters:
    train.optimizer.learning_rate: {values: [0.001, 0.3, 1.0e+30]}
checkpoint: {keep_trials: 1}
YAML
"$CAVIAR" run e.yaml --out run >/dev/null 2>&1

# The best trial is number 1; what it prints is what its file says.
"$CAVIAR" predict run test.h5 -o p.csv >out.txt
head -1 p.csv | grep -qx 'row,predicted,prob_ant,prob_bee,"prob_cat,fish"' || fail "header: $(head -1 p.csv)"
[ "$(wc -l <p.csv)" = 91 ] || fail "90 rows and a header expected"
accuracy=$(paste -d, <(tail -n +2 test.csv | cut -d, -f3-) <(tail -n +2 p.csv) | sed 's/"cat,fish"/cat/g' |
  awk -F, '{ right += $1 == $3; sum = $4 + $5 + $6; if (sum < 0.9999 || sum > 1.0001) exit 1
             top = $4; name = "ant"; if ($5 > top) { top = $5; name = "bee" } if ($6 > top) name = "cat"
             if (name != $3) exit 1; if ($2 != NR - 1) exit 1 }
           END { printf "%.4f", right / NR }') || fail "rows of p.csv"
grep -qx "accuracy $accuracy" out.txt || fail "accuracy $accuracy expected: $(cat out.txt)"
awk -v a="$accuracy" 'BEGIN { exit !(a > 0.9) }' || fail "it learned nothing: $accuracy"
grep -q '^trial 1: 90 rows' out.txt || fail "trial 1 is the best: $(cat out.txt)"

# The same as JSON and HDF5; one row alone; a trial whose checkpoint was not kept.
"$CAVIAR" predict run:1 test.h5 -o p.h5 --json >out.txt
grep -q '"schema_version": 1, "trial": 1, "rows": 90, "accuracy": 0\.' out.txt || fail "$(cat out.txt)"
[ -s p.h5 ] || fail "no p.h5"
"$CAVIAR" predict run one.h5 -o one.out.csv >out.txt
grep -q '^trial 1: 1 row$' out.txt || fail "$(cat out.txt)"
cmp <(sed -n 2p p.csv) <(sed -n 2p one.out.csv) || fail "one row alone is normalised otherwise"
[ "$(ls run/checkpoints)" = trial-000001.h5 ] || fail "kept: $(ls run/checkpoints)"
says 0 "training it again" "$CAVIAR" predict run:0 test.h5
grep -q '^trial 0: 90 rows' out.txt || fail "$(cat out.txt)"

# Hardmax: 1 at the predicted class, 0 elsewhere, in both forms.
"$CAVIAR" predict run test.h5 --hardmax -o hard.csv >hard.txt
head -1 hard.csv | grep -qx 'row,predicted,hardmax_ant,hardmax_bee,"hardmax_cat,fish"' || fail "$(head -1 hard.csv)"
paste -d, <(cut -d, -f1-2 p.csv) <(tail -n +1 hard.csv) | sed 's/"cat,fish"/cat/g; s/"cat/cat/g' |
  awk -F, 'NR > 1 { want = $2 == "ant" ? "1,0,0" : $2 == "bee" ? "0,1,0" : "0,0,1"; n[$2]++
                    if ($2 != $4 || $5 "," $6 "," $7 != want) { print; exit 1 } }
           END { if (NR != 91 || !n["ant"] || !n["bee"] || !n["cat"]) exit 1 }' || fail "rows of hard.csv"
cmp <(sed -n 2,3p hard.txt) <("$CAVIAR" predict run test.h5 | sed -n 2,3p) || fail "hardmax changes the scores"
"$CAVIAR" predict run test.h5 --hardmax -o hard.h5 >out.txt
grep -qa hardmax hard.h5 || fail "no /hardmax"
grep -qa probabilities hard.h5 && fail "/probabilities beside /hardmax"

says 1 "trial 2 is DIVERGED and has no model" "$CAVIAR" predict run:2 test.h5
says 2 "no trial 3; there are 0 to 2" "$CAVIAR" predict run:3 test.h5
says 2 "ends in .csv or .h5" "$CAVIAR" predict run test.h5 -o p.txt
cp test.h5 before.h5
ln test.h5 same.h5
says 2 "test.h5 would be lost" "$CAVIAR" predict run test.h5 -o ./test.h5
says 2 "test.h5 would be lost" "$CAVIAR" predict run test.h5 -o same.h5
cmp test.h5 before.h5 || fail "the data were written over"
before=$(cat run/results.h5 run/checkpoints/* | cksum)
says 2 "run/results.h5 would be lost" "$CAVIAR" predict run test.h5 -o run/results.h5
says 2 "that folder is the run's own" "$CAVIAR" predict run test.h5 -o "$(echo run/checkpoints/*1.h5)"
[ "$(cat run/results.h5 run/checkpoints/* | cksum)" = "$before" ] || fail "the run was written over"
says 2 "usage: caviar predict" "$CAVIAR" predict run
says 2 "unknown option --jsn" "$CAVIAR" predict run test.h5 --jsn
says 4 "narrow.h5: 1 features a row, but the model was trained on 2" "$CAVIAR" predict run narrow.h5
says 4 "nix.h5" "$CAVIAR" predict run nix.h5
says 4 "nowhere" "$CAVIAR" predict nowhere test.h5
says 4 "p.csv" "$CAVIAR" predict run test.h5 -o nowhere/p.csv

# normalize: {binarize: 3} is kept with the model: only the side of 3 on which a number lies counts.
awk -F, 'BEGIN { OFS = "," } NR > 1 { for (i = 1; i <= 2; i++) $i = $i > 3 ? 99 : 3 } 1' test.csv >sides.csv
"$CAVIAR" import csv sides.csv -o sides.h5 >/dev/null
"$CAVIAR" run e.yaml 'data.normalize={binarize: 3}' --out binary >/dev/null 2>&1
"$CAVIAR" predict binary test.h5 -o binary.csv >/dev/null
"$CAVIAR" predict binary sides.h5 -o sides.out.csv >/dev/null
cmp binary.csv sides.out.csv || fail "binarize: 3 is not applied at prediction"
[ "$(tail -n +2 binary.csv | cut -d, -f3- | sort -u | wc -l)" = 4 ] || fail "two bits make 4 rows at most"

# A damaged checkpoint is an error; without it the trial is trained again, to the same bits.
cp p.csv before.csv
truncate -s 3000 run/checkpoints/trial-000001.h5
says 4 "run/checkpoints/trial-000001.h5" "$CAVIAR" predict run test.h5 -o p.csv
rm run/checkpoints/trial-000001.h5
says 0 "training it again" "$CAVIAR" predict run test.h5 -o p.csv
cmp p.csv before.csv || fail "trained again, it predicts otherwise"
# Not so on other data.
rm run/checkpoints/trial-000001.h5
cp test.h5 train.h5
says 4 "the data has changed" "$CAVIAR" predict run test.h5 -o p.csv
