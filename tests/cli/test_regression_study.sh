#!/bin/bash
# Models without hidden layers from outside: least squares against its closed form, softmax against logistic
# regression; losses and schedules with options: the same digest on one and two ranks, and what balanced means.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
studies=$CAVIAR_SOURCE/experiments/regression

# weights RUN: the hash of trial 0's
weights() {
  "$CAVIAR" show "$1" 0 --json | grep -oE '"weights": "[0-9a-f]{32}"' || fail "no weights in $1"
}
# curve RUN NAME: one number an epoch
curve() {
  "$CAVIAR" show "$1" 0 --json | grep -oE "\"$2\": \[[^]]*" | tail -1 | sed 's/.*\[//; s/, /\n/g'
}

# y = 4 - 0.003 x + noise, x around 500: hopeless for gradient descent, were it not normalised
awk 'BEGIN { srand(3); print "x,y"; for (i = 0; i < 200; i++) { x = 400 + 200 * rand()
  printf "%.3f,%.5f\n", x, 4 - 0.003 * x + rand() } }' >line.csv
expect 0 "" "$CAVIAR" import csv line.csv --values -o line.h5
cat >line.yaml <<'YAML'
data: {file: line.h5, split: {train: 1}}
model: {layers: [{dense: {units: 1}}], loss: mean_squared_error}
train: {epochs: 60, batch_size: all, optimizer: {name: sgd, learning_rate: 0.25}}
YAML
expect 0 "" ranks 0 run line.yaml --out line
expect 0 "" "$CAVIAR" predict line line.h5 -o line.out.csv
paste -d, <(tail -n +2 line.csv) <(tail -n +2 line.out.csv) | awk -F, '
  { x[NR] = $1; got[NR] = $4; sx += $1; sy += $2; sxx += $1 * $1; sxy += $1 * $2 }
  END { b = (NR * sxy - sx * sy) / (NR * sxx - sx * sx); a = (sy - b * sx) / NR
        if (NR != 200 || b > -0.001) exit 1
        for (i = 1; i <= NR; i++) { e = got[i] - a - b * x[i]; if (e > 1e-5 || e < -1e-5) { print a, b, x[i], got[i]; exit 1 } } }' ||
  fail "not the line of least squares"

# the study: two classes by softmax are logistic regression at twice the rate
for study in linear logistic softmax; do
  expect 0 "" ranks 0 run "$studies/$study.yaml" --out $study
done
paste -d' ' <(curve logistic train_loss) <(curve softmax train_loss) |
  awk '{ e = $1 - $2; if (e > 1e-6 || e < -1e-6) exit 1; last = $1; if (NR == 1) first = $1 }
       END { exit !(NR == 50 && first > 0.69314 && first < 0.69316 && last < 0.1779 && last > 0.1777) }' ||
  fail "softmax is not logistic regression: $(curve softmax train_loss | tail -1)"
curve linear train_loss | awk '{ last = $1; if (NR == 20) then = $1 } END { e = then - last
  exit !(NR == 100 && e < 1e-6 && last > 0.06306 && last < 0.06307) }' || fail "linear: $(curve linear train_loss | tail -1)"

# rates that an epoch gets: alpha0 / (1 + epoch), and the same over two epochs of warm-up at one update an epoch
expect 0 "" ranks 0 run "$studies/softmax.yaml" train.epochs=4 train.schedule=inverse_time --out decay
[ "$(curve decay learning_rate | tr '\n' ' ')" = "0.1 0.06666666666666667 0.05 0.04 " ] || fail "$(curve decay learning_rate)"
expect 0 "" ranks 0 run "$studies/softmax.yaml" train.epochs=4 train.schedule=inverse_time train.warmup_epochs=2 --out warm
[ "$(curve warm learning_rate | tr '\n' ' ')" = "0.05 0.06666666666666667 0.05 0.04 " ] || fail "$(curve warm learning_rate)"

# options of losses and schedules: one digest, whatever the number of ranks
cat >options.yaml <<'YAML'
data: {source: {name: blobs, classes: 3, rows: 300}}
model:
  layers: [{dense: {units: 8}}, relu, {dense: {units: classes}}]
  loss: {name: softmax_cross_entropy, label_smoothing: 0.1, class_weights: balanced}
train:
  epochs: 4
  batch_size: 32
  shards: 2
  warmup_epochs: 1.5
  optimizer: {name: sgd}
  schedule: {name: table, epochs: [1, 3], rates: [0.2, 0.05]}
search:
  method: grid
  parameters:
    model.loss.label_smoothing: {values: [0, 0.1]}
    train.schedule.rates: {values: [[0.2, 0.05], [0.1, 0.01]]}
YAML
for n in 1 2; do
  expect 0 "" ranks $n run options.yaml --out options$n
done
[ "$(digest options1)" = "$(digest options2)" ] || fail "another digest on two ranks"
[ "$("$CAVIAR" show options1 --json | grep -o '"weights": "[0-9a-f]*"' | sort -u | wc -l)" = 4 ] || fail "four trainings expected"

# balanced is n / (C n_c): here classes of 90, 45 and 15 rows, all of them to train on
awk 'BEGIN { srand(4); print "a,b,c"; for (i = 0; i < 150; i++) { c = i < 90 ? 0 : i < 135 ? 1 : 2
  printf "%.4f,%.4f,%d\n", c + 2 * rand(), (c == 1) + 2 * rand(), c } }' >uneven.csv
expect 0 "" "$CAVIAR" import csv uneven.csv -o uneven.h5
cat >uneven.yaml <<'YAML'
data: {file: uneven.h5, split: {train: 1}}
model: {layers: [{dense: {units: classes}}]}
train: {epochs: 3, batch_size: 16}
YAML
i=0
for words in balanced '[0.5555555555555556, 1.1111111111111112, 3.3333333333333335]' '[1, 1, 1]'; do
  expect 0 "" ranks 0 run uneven.yaml "model.loss.class_weights=$words" --out uneven$i
  i=$((i + 1))
done
expect 0 "" ranks 0 run uneven.yaml --out uneven
[ "$(weights uneven0)" = "$(weights uneven1)" ] || fail "balanced is not n / (C n_c)"
[ "$(weights uneven2)" = "$(weights uneven)" ] || fail "weights of 1 change bits"
[ "$(weights uneven0)" != "$(weights uneven)" ] || fail "balanced changes nothing"
echo "all is well"
