#!/bin/bash
# Methods that look at results: one digest on 1, 2, 3, 8 ranks and after kill -9, whatever finishes
# first; what can be said of points before there are results.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
methods=
for method in tpe gp cma_es evolution coarse_to_fine; do
  "$CAVIAR" describe sampler | says "^$method " && methods="$methods $method"
done
[ -n "$methods" ] || { echo "skipped: there is no method that looks at results"; exit 77; }

# Trials of 100 to 400 epochs: later ones overtake earlier ones on other ranks.
space() {
  small "$1" "search: {method: $1, trials: 24, max_concurrent: 4, parameters: {" \
    '  train.optimizer.name: {values: [sgd, adam]},' \
    '  train.optimizer.momentum: {min: 0, max: 0.9, when: {train.optimizer.name: sgd}},' \
    '  train.optimizer.learning_rate: {min: 0.0001, max: 10, scale: log},' \
    '  train.epochs: {min: 100, max: 400}, train.batch_size: {values: [4, 8, 16]}}}'
}

finished() { # of directory $1
  local n
  n=$(grep -c '"type": "trial"' "$1/journal" 2>/dev/null)
  echo "${n:-0}"
}

# killed FILE DIR N: begun on three ranks, killed when DIR's journal has N trials
killed() {
  mpirun -q -n 3 --oversubscribe "$CAVIAR" run "$1" --out "$2" >out 2>err &
  local pid=$!
  while [ "$(finished "$2")" -lt "$3" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
  kill -9 $pid
  wait $pid 2>/dev/null
  [ "$(finished "$2")" -lt 24 ] || fail "$1: the kill came too late"
}

for method in $methods; do
  space "$method"
  expect 0 "" ranks 0 run "$method.yaml" --out "runs/$method-alone"
  want=$(digest "runs/$method-alone")
  for n in 2 3 8; do
    expect 0 "" ranks $n run "$method.yaml" --out "runs/$method-$n"
    [ "$(digest "runs/$method-$n")" = "$want" ] || fail "$method: another digest on $n ranks"
  done
  for after in 1 7; do
    out=runs/$method-killed-$after
    killed "$method.yaml" "$out" $after
    expect 0 "" ranks 2 run "$method.yaml" --out "$out"
    [ "$(digest "$out")" = "$want" ] || fail "$method: another digest after a kill"
  done

  # The window is part of the experiment, and what is told matters.
  expect 0 "" ranks 2 run "$method.yaml" search.max_concurrent=1 --out "runs/$method-one"
  [ "$(digest "runs/$method-one")" != "$want" ] || fail "$method: the window makes no difference"

  # Points before there are results; after a run they are its trials.
  expect 0 "the points of trials 4 to 23 depend on results" "$CAVIAR" run "$method.yaml" --dry-run
  expect 0 "" "$CAVIAR" sample "$method.yaml"
  [ "$(wc -l <out)" = 4 ] || fail "$method: sample: $(cat out)"
  grep -qF "the point of trial 4 depends on those of trials before 1" err || fail "$method: $(cat err)"
  expect 0 "other points were" "$CAVIAR" check "$method.yaml"
done

# A run that was stopped: the next points of `sample` are those that it then trains; the point of a
# trial that is not there is shown as far as it is known.
method=${methods##* }
killed "$method.yaml" runs/next 6
expect 0 "" "$CAVIAR" sample --run runs/next
sed 's/^[0-9]*  //' out >next
[ -s next ] || fail "no next points"
first=$(head -n 1 out | cut -d' ' -f1)
"$CAVIAR" show runs/next "$first" --yaml >shown.yaml || fail "show --yaml of a trial to come"
"$CAVIAR" show runs/next 23 --yaml >/dev/null 2>err && fail "trial 23 is known before its time"
grep -q "depends on results that are not there yet" err || fail "$(cat err)"
expect 0 "" ranks 2 run "$method.yaml" --out runs/next
"$CAVIAR" show runs/next "$first" --yaml | cmp -s - shown.yaml || fail "trial $first is another one"
echo "one digest each:$methods"
