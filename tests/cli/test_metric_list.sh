#!/bin/bash
# metrics and early stopping from outside: columns, test part, show, predict against a count by awk; the same digest
# on several ranks and after a kill; a searched patience.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Two clouds with names, and a number that depends on them.
clouds() { # rows, seed, last column
  awk -v n="$1" -v seed="$2" -v last="$3" 'BEGIN {
    srand(seed); split("no yes", name, " "); print "width,height," last
    for (i = 0; i < n; i++) {
      c = rand() < 0.3; x = c + rand() * 1.5; y = c + rand() * 1.5
      printf "%.4f,%.4f,%s\n", x, y, last == "kind" ? name[c + 1] : 100 + 3 * x - y + rand()
    }
  }'
}
for what in kind price; do
  clouds 400 1 $what >train-$what.csv
  clouds 150 2 $what >test-$what.csv
  values=()
  [ $what = price ] && values=(--values)
  for part in train test; do
    "$CAVIAR" import csv $part-$what.csv "${values[@]}" -o $part-$what.h5 >out 2>err || fail "import of $part-$what.csv"
  done
done

# ---- two classes -------------------------------------------------------------------------------------
cat >kind.yaml <<'YAML'
name: kind
data: {file: train-kind.h5, split: {train: 0.8, validation: 0.2}, test_file: test-kind.h5}
model: {layers: [{dense: {units: 6}}, tanh, {dense: {units: classes}}]}
metrics: [precision, recall, f1, auc, {f1: macro}, confusion]
metric: {name: validation_f1, at: best}
train: {epochs: 40, batch_size: 16, early_stopping: {patience: 5}}
YAML
expect 0 "" ranks 0 run kind.yaml --out kind
grep -q '^test part (150 rows): trial 0 has loss .*, accuracy .*, precision .*, recall .*, f1 .*, auc .*, f1_macro ' out ||
  fail "the test part's metrics are not printed"
test_f1=$(sed -n 's/^test part.*, f1 \([0-9.]*\),.*/\1/p' out)

"$CAVIAR" predict kind test-kind.h5 -o p.csv >out 2>err || fail "predict"
cp out said
paste -d, <(tail -n +2 test-kind.csv) <(tail -n +2 p.csv) | awk -F, '{
  counts[$3, $5]++; score[NR] = $7; is[NR] = $3 == "yes" }
  END {
    tp = counts["yes", "yes"]; fp = counts["no", "yes"]; fn = counts["yes", "no"]; tn = counts["no", "no"]
    for (i = 1; i <= NR; i++) for (k = 1; k <= NR; k++) if (is[i] && !is[k]) {
      pairs++; won += score[i] > score[k] ? 1 : score[i] == score[k] ? 0.5 : 0 }
    f1 = 2 * tp / (2 * tp + fp + fn); of_no = 2 * tn / (2 * tn + fp + fn)
    printf "precision %.4g\nrecall %.4g\nf1 %.4g\nauc %.4g\nf1_macro %.4g\n", tp / (tp + fp), tp / (tp + fn),
      f1, won / pairs, (f1 + of_no) / 2
    printf "matrix [[%d, %d], [%d, %d]]\n", tn, fp, fn, tp
    printf "rows %d %d;%d %d\n", tn, fp, fn, tp }' >want
grep -v '^matrix\|^rows' want >numbers
while read -r line; do grep -qxF -- "$line" said || fail "predict does not say: $line ($(tr '\n' ' ' <said))"; done <numbers
[ "$(sed -n 's/^f1 //p' want | cut -c1-5)" = "$(cut -c1-5 <<<"$test_f1")" ] || fail "run says f1 $test_f1 of the test part"
matrix=$(sed -n 's/^matrix //p' want)
"$CAVIAR" predict kind test-kind.h5 --json >out
grep -qF "\"confusion\": {\"classes\": [\"no\", \"yes\"], \"test\": $matrix}" out || fail "predict --json has not $matrix"
grep -qE '"metrics": \{"precision": [0-9.]+, "recall": ' out || fail "predict --json has no metrics"

# show: the file of one line has the test part's matrix; people see both with the names of the classes
"$CAVIAR" show kind 0 --json >out
grep -qF "\"test\": $matrix}" out || fail "show --json has not $matrix"
grep -qF '"stopped_early": true' out || fail "show --json does not say that it stopped early"
"$CAVIAR" show kind 0 >out
grep -q ', stopped early after epoch ' out || fail "show does not say that it stopped early"
grep -q '^ *no  *yes$' out || fail "show has no heads of the matrix"
read -r tn fp fn tp <<<"$(sed -n 's/^rows //p' want | tr ';' ' ')"
grep -qE "^ *no +$tn +$fp\$" out || fail "show: no row 'no $tn $fp'"
grep -qE "^ *yes +$fn +$tp\$" out || fail "show: no row 'yes $fn $tp'"

# ---- numbers -----------------------------------------------------------------------------------------
cat >price.yaml <<'YAML'
name: price
data: {file: train-price.h5, split: {train: 0.8, validation: 0.2}, test_file: test-price.h5}
model: {layers: [{dense: {units: 1}}], loss: mean_squared_error}
metrics: [r2, mean_absolute_error]
metric: {name: validation_r2}
train: {epochs: 30, batch_size: 16, optimizer: {name: sgd, learning_rate: 0.05}}
YAML
expect 0 "" ranks 0 run price.yaml --out price
"$CAVIAR" show price 0 --yaml | grep -A1 'name: validation_r2' | grep -q 'goal: maximize' || fail "r2 is not maximized"
"$CAVIAR" predict price test-price.h5 -o p.csv >said 2>err
paste -d, <(tail -n +2 test-price.csv) <(tail -n +2 p.csv) | awk -F, '{ y[NR] = $3; p[NR] = $5; sum += $3 }
  END { for (i = 1; i <= NR; i++) { r += (y[i] - p[i]) ^ 2; t += (y[i] - sum / NR) ^ 2
                                    a += y[i] > p[i] ? y[i] - p[i] : p[i] - y[i] }
        printf "r2 %.3f\nmean_absolute_error %.3f\n", 1 - r / t, a / NR }' >want
awk '/^(r2|mean_absolute_error) / { printf "%s %.3f\n", $1, $2 }' said | diff - want || fail "predict's r2 or error"
awk '/^r2 / && $2 > 0.5 { good = 1 } END { exit !good }' want || fail "r2 is only $(cat want): this shows little"
sed 's/\[r2, mean_absolute_error\]/[auc]/; s/^metric:.*//' price.yaml >auc.yaml
expect 3 "metrics: auc is of predicted classes, but the targets here are numbers" ranks 0 run auc.yaml --out auc

# ---- ranks, kills, a searched patience ------------------------------------------------------------------
small s 'metrics: [auc, confusion]' 'metric: {name: validation_auc, at: best}' \
  'search: {method: grid, parameters: {train.early_stopping.patience: {values: [1, 2, 30]}, train.optimizer.learning_rate: {values: [0.001, 0.01, 0.3]}}}'
sed -i 's/rows: 400/rows: 1500, spread: 0.8/; s/epochs: 3,/epochs: 30, early_stopping: {patience: 3},/' s.yaml
expect 0 "" ranks 0 run s.yaml --out one
want=$(digest one)
expect 0 "$want" ranks 3 run s.yaml --out three
epochs=$("$CAVIAR" show one --json | grep -o '"epochs": [0-9]*' | sort -u | wc -l)
[ "$epochs" -ge 4 ] || fail "only $epochs different lengths of training: this shows little"
[ "$("$CAVIAR" show one --json | grep -c stopped_early)" -ge 4 ] || fail "hardly a trial stopped early"
cat >>s.yaml <<<'checkpoint: {every_seconds: 0.05}'
for i in 1 2 3; do
  mpirun -q -n 2 --oversubscribe "$CAVIAR" run s.yaml --out killed >out 2>err &
  pid=$!
  for _ in $(seq 200); do
    [ "$(grep -c '"type": "trial"' killed/journal 2>/dev/null)" -ge $((2 * i)) ] 2>/dev/null && break
    kill -0 $pid 2>/dev/null || break
    sleep 0.02
  done
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
done
expect 0 "$want" ranks 2 run s.yaml --out killed
echo ok
