#!/bin/bash
# A small residual network with branches: one digest whatever the ranks, killed and continued, a trial of its search
# run alone; and layers that are not there when they are switched off.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
cat >net.yaml <<'END'
name: net
seed: 3
data: {source: {name: strokes, rows: 2000}}
model:
  layers:
    - {dense: {units: 24}}
    - name: deep
      repeat: 2
      layers:
        - {name: skip, residual: [batch_norm, {activation: gelu}, {dense: {units: 24}}]}
    - {name: wide, concatenate: [[{dense: {units: 8}}, layer_norm, swish], []]}
    - {dense: {units: classes}}
train: {epochs: 10, batch_size: 50, shards: 4}
END
expect 0 "" ranks 0 run net.yaml --out r0
want=$(digest r0)
for n in 2 4; do
  expect 0 "$want" ranks $n run net.yaml --out r$n
done
accuracy=$("$CAVIAR" show r0 0 --json | grep -o '"metric": [0-9.]*' | grep -o '[0-9.]*$')
awk "BEGIN { exit !($accuracy > 0.8) }" || fail "it does not learn: validation accuracy $accuracy"

# the paths of the weights are those of the file
for path in deep.0.skip.batch_norm/gamma deep.1.skip.dense/w wide.0.dense/w wide.0.layer_norm/beta; do
  h5dump -H -d "/weights/$path" r0/checkpoints/trial-000000.h5 >out 2>err || fail "no weights $path"
done

# switched off, residual and branch are as if they were not there
sed 's/{name: skip.*/{repeat: 0, layers: [tanh]}/; s/name: wide, concatenate.*/enabled: true, concatenate: [[], [{enabled: false, tanh: {}}]]}/' \
  net.yaml >without.yaml
expect 0 "" ranks 0 run net.yaml model.deep.skip.enabled=false \
  'model.wide={enabled: true, concatenate: [[], []]}' --out off
expect 0 "" ranks 0 run without.yaml --out without
weights() { "$CAVIAR" show "$1" 0 --json | grep -o '"weights": "[0-9a-f]*"'; }
[ -n "$(weights off)" ] || fail "no hash of the weights"
[ "$(weights off)" = "$(weights without)" ] || fail "a residual that is off still counts"
[ "$(weights off)" = "$(weights r0)" ] && fail "a residual that is on does not count"

# a search into them, killed and continued
sed -i 's/epochs: 10/epochs: 60/' net.yaml
cat >>net.yaml <<'END'
search:
  trials: 6
  parameters:
    model.deep.repeat: {min: 1, max: 3}
    model.wide.0.dense.units: {min: 2, max: 12}
    model.deep.skip.enabled: {values: [true, false]}
END
expect 0 "" ranks 0 run net.yaml --out s0
want=$(digest s0)
finished() { # trials of the killed run
  local n
  n=$(grep -c '"type": "trial"' killed/journal 2>/dev/null)
  echo "${n:-0}"
}
"$CAVIAR" run net.yaml --out killed >out 2>err &
pid=$!
while [ "$(finished)" -lt 2 ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -9 $pid
wait $pid 2>/dev/null
[ "$(finished)" -lt 6 ] || fail "the kill came too late"
expect 0 "$want" ranks 3 run net.yaml --out killed

# one of its trials, alone
"$CAVIAR" show s0 4 --yaml >four.yaml || fail "show --yaml"
expect 0 "" ranks 2 run four.yaml --out alone
same() { "$CAVIAR" show "$@" --json | grep -oE '"(weights|metric)": [^,]*|"curves".*'; }
[ -n "$(same s0 4)" ] || fail "no curves"
[ "$(same s0 4)" = "$(same alone 0)" ] || fail "trial 4 alone differs"
echo "all is well"
