#!/bin/bash
# records: what goes on inside a network, in the record and in JSON, on any number of ranks; and not in the digest.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

small plain "search: {method: grid, parameters: {model.activation.name: {values: [relu, tanh]}}}"
sed -i 's/batch_norm, relu/batch_norm, {activation: relu}/' plain.yaml
{ cat plain.yaml; echo 'records: {activations: percentiles}'; } | sed 's/name: plain/name: seen/' >seen.yaml
for e in plain seen; do expect 0 "" "$CAVIAR" run $e.yaml --out $e; done
expect 0 "" ranks 2 run seen.yaml --out two
[ "$(digest plain)" = "$(digest seen)" ] || fail "records changed the digest"
[ "$(digest plain)" = "$(digest two)" ] || fail "ranks changed the digest"

# Two trials with a layer each: its own numbers, NaN for the other's layer.
for t in 0 1; do
  for run in seen two; do
    "$CAVIAR" show $run $t --json >$run.$t || fail "show $run $t"
  done
  [ "$(grep -o '"activations": .*' seen.$t)" = "$(grep -o '"activations": .*' two.$t)" ] || fail "trial $t on two ranks"
done
"$CAVIAR" show plain 0 --json | says '"activations"' && fail "recorded though nobody asked"
grep -qF '"activations": {"percentiles": [15, 50, 85], "layers": {"activation": {"all": [[' seen.0 || fail "JSON"

if command -v h5dump >/dev/null; then
  h5dump -d /activations/activation/all seen/results.h5 >out 2>err || fail "no /activations/activation/all"
  grep -q 'SIMPLE { ( 2, 3, 3 ) ' out || fail "shape of /activations/activation/all"
  grep -q '"15", "50", "85"' out || fail "attribute percentiles"
  grep -q 'nan' out && fail "a trial has no numbers"
  h5dump -d /activations/activation/first_unit seen/results.h5 >out 2>err || fail "no first_unit"
  h5dump -n plain/results.h5 | grep -q activations && fail "recorded though nobody asked"
else
  echo "skipped: the datasets in results.h5 (h5dump is not installed)"
fi

# Asked for later: what is finished stays as it is, and is told apart.
"$CAVIAR" run plain.yaml --out later train.epochs=4 >out 2>err || fail "run"
expect 0 "" "$CAVIAR" run plain.yaml --out later train.epochs=4 'records={activations: percentiles}'
echo "records: digest $(digest seen), with and without"
