#!/bin/bash
# What the README shows is true: its experiments are legal, the quickstart is the one in experiments/, the cost finds its line.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# block N: the Nth YAML block
block() {
  awk -v want="$1" '/^```yaml/ { n++; inside = 1; next } /^```/ { inside = 0 } inside && n == want' "$CAVIAR_SOURCE/README.md"
}

block 1 >quickstart.yaml
cp "$CAVIAR_SOURCE/experiments/quickstart/quickstart.yaml" study.yaml
for file in quickstart study; do
  expect 0 "" ranks 0 check $file.yaml
  mv out $file.txt
done
cmp -s quickstart.txt study.txt || fail "the README's first experiment is not experiments/quickstart"

{ grep -v beta1 quickstart.yaml && block 2 && block 3; } >kinds.yaml
expect 0 "        train.optimizer.name: sgd" ranks 0 check kinds.yaml
expect 0 "" ranks 0 sample kinds.yaml
[ "$(grep -cE 'momentum|beta1' out)" = 20 ] || fail "conditions: $(cat out)"

{ echo "data: {source: strokes}" && block 4; } >network.yaml
expect 0 "residual" ranks 0 check network.yaml
expect 0 "test part (500 rows): trial 0 has" ranks 0 run network.yaml train.epochs=6 --out network
expect 0 "confusion, test part" ranks 0 show network 0

{ echo "data: {source: strokes}" && echo "model: {layers: [{dense: {units: 16}}, batch_norm, relu, {dense: {units: classes}}]}" &&
  block 5; } >replicas.yaml
expect 0 "shards: 8" ranks 0 check replicas.yaml

block 6 >line.yaml
expect 0 "cost    " ranks 0 run line.yaml --out line
expect 0 "" ranks 0 show line --json
awk 'match($0, /"a": [0-9.]+/) { a = substr($0, RSTART + 5, RLENGTH - 5) } END { exit !(a > 2.9 && a < 3.1) }' out ||
  fail "the README's line has a slope of 3"
echo "README: all as shown"
