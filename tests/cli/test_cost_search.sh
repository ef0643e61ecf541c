#!/bin/bash
# Costs that a search evaluates and nothing trains: known values in f64, one digest on any number of ranks and after
# a kill, and a thousand trials in a second or so.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
folder=$CAVIAR_SOURCE/experiments/search-functions

# value FILE VALUE OVERRIDE...: of the first trial, to 14 digits or so
value() {
  local file=$1 want=$2
  shift 2
  expect 0 "" ranks 0 run "$folder/$file.yaml" search.trials=1 "$@" --out "value-$((++values))"
  found=$("$CAVIAR" show "value-$values" 0 --json | grep -oP '"metric": \K[-0-9.e]*')
  awk -v a="$found" -v b="$want" 'BEGIN { d = a - b; exit !(d < 3e-14 && d > -3e-14) }' ||
    fail "$file: $found, expected $want"
}
values=0
at() { # NAME VALUE
  echo "search.parameters.parameters.$1={value: $2}"
}
value branin 0.39788735772973816 "$(at x 3.141592653589793)" "$(at y 2.275)"
value branin 0.39788735772973816 "$(at x -3.141592653589793)" "$(at y 12.275)"
value branin 0.39788735775266204 "$(at x 9.42478)" "$(at y 2.475)"
value hartmann6 -3.3223680113913385 "$(at x1 0.20169)" "$(at x2 0.150011)" "$(at x3 0.476874)" \
  "$(at x4 0.275332)" "$(at x5 0.311652)" "$(at x6 0.6573)"
value rosenbrock 0 "$(at x 1)" "$(at y 1)"
value ishigami 13.445138634774501 "$(at x 1)" "$(at y 2)" "$(at z 3)"

# ---- one digest -------------------------------------------------------------------------------------
for f in branin hartmann6 rosenbrock ishigami branin-log; do
  expect 0 "" ranks 0 run "$folder/$f.yaml" search.trials=1000 --out $f
  expect 0 "$(digest $f)" ranks 2 run "$folder/$f.yaml" search.trials=1000 --out $f-2
done
for n in 1 3 8; do
  expect 0 "$(digest branin)" ranks $n run "$folder/branin.yaml" --out branin-$n
done
finished() {
  local n
  n=$(grep -c '"type": "trial"' "$1/journal" 2>/dev/null)
  echo "${n:-0}"
}
timeout 300 mpirun -q -n 3 --oversubscribe "$CAVIAR" run "$folder/hartmann6.yaml" --out killed >out 2>err &
pid=$!
while [ "$(finished killed)" -lt 100 ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -9 $pid
wait $pid 2>/dev/null
[ "$(finished killed)" -lt 1000 ] || fail "the kill came too late"
expect 0 "$(digest hartmann6)" ranks 0 run "$folder/hartmann6.yaml" --out killed

# the same surface over other axes: the same trials, in the same order
order() {
  "$CAVIAR" show "$1" | awk 'NR > 3 { print $2, $3 }'
}
diff <(order branin) <(order branin-log) >difference || fail "other axes, another search: $(head -4 difference)"

# ---- what it says of itself -------------------------------------------------------------------------
grep -qx "  steps: 0" branin/resolved.yaml || fail "the resolved file does not say that nothing is trained"
"$CAVIAR" show branin 7 --yaml >trial.yaml || fail "--yaml"
expect 0 "" ranks 0 run trial.yaml --out trial
[ "$("$CAVIAR" show branin 7 --json | grep -o '"curves".*')" = "$("$CAVIAR" show trial 0 --json | grep -o '"curves".*')" ] ||
  fail "a trial alone has another value"
cat >broken.yaml <<'YAML'
cost: sqrt(x) + log(y[1]*1e-300*1e-300)
parameters: {x: 0, y: [1, 2]}
search: {method: grid, parameters: {parameters.x: {values: [1, -4]}}}
YAML
expect 0 "" ranks 0 run broken.yaml --out broken
"$CAVIAR" show broken 0 >out
grep -qF 'DIVERGED at step 1: log of zero in "log(y[1]*1e-300*1e-300)" (cost, column 11): y[1]*1e-300*1e-300 is 0' out ||
  fail "no word of what is wrong"
"$CAVIAR" show broken 1 >out
grep -qF 'square root of a negative number in "sqrt(x)" (cost, column 1): x is -4' out || fail "not the first fault"
expect 0 "" ranks 0 run "$folder/rosenbrock.yaml" search.trials=2 'train={steps: 500, optimizer: {name: adam, learning_rate: 0.1}}' --out trained
grep -q '"parameters": {"x"' <("$CAVIAR" show trained 0 --json) || fail "the search's points are no starts of a training"
expect 3 "optimizer has no meaning with steps: 0" ranks 0 check "$folder/rosenbrock.yaml" 'train={steps: 0, optimizer: adam}'
if command -v h5dump >/dev/null; then
  h5dump -n branin/results.h5 >names || fail "h5dump"
  grep -q '/points/parameters.x' names || fail "no points in the record"
  grep -q '/parameters/x' names && fail "parameters that nobody trained are in the record"
fi
echo "searches of functions: all as expected"
