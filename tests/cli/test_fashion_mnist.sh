#!/bin/bash
# Fashion-MNIST, end to end: 512-256 with batch norm and dropout has 90.0 % of the test file right after 20 epochs.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with fashion-mnist/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
cp "$CAVIAR_SOURCE"/experiments/fashion-mnist/*.yaml .

"$CAVIAR_SOURCE/experiments/fashion-mnist/get-data" "$work/data" >out 2>err || fail "get-data"
timeout 800 "$CAVIAR" run network.yaml --out run >out 2>err || fail "run"
accuracy=$(grep -o 'accuracy [0-9.]*$' out | grep -o '[0-9.]*$')
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.9 && a < 0.93) }' || fail "expected 90.0 % of the test file, found $accuracy"
"$CAVIAR" show run 0 --json | says '"epochs": 20' || fail "20 epochs"
echo "Fashion-MNIST: $accuracy of the test file"
