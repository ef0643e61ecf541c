#!/bin/bash
# MNIST: sigmoids with and without batch norm (Ioffe & Szegedy 2015, 4.1) beside the numbers of an independent program, after
# 10,000 steps. CAVIAR_LONG=1: also after 50,000 steps, and the network of experiments/mnist.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with mnist/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir mnist study
cp "$CAVIAR_SOURCE"/experiments/mnist/network.yaml mnist
cp "$CAVIAR_SOURCE"/experiments/batch-norm-mnist/network.yaml study
"$CAVIAR_SOURCE/experiments/mnist/get-data" "$work/mnist/data" >out 2>err || fail "get-data"

# accuracy NAME LOW HIGH FILE [OVERRIDE...]: of the test file, between LOW and HIGH
accuracy() {
  local name=$1 low=$2 high=$3 file=$4 found
  shift 4
  timeout 800 "$CAVIAR" run "$file" --out "run-$name" "$@" >out 2>err || fail "run $name"
  found=$(grep -o 'accuracy [0-9.]*$' out | grep -o '[0-9.]*$')
  awk -v a="$found" -v low="$low" -v high="$high" 'BEGIN { exit !(a >= low && a <= high) }' ||
    fail "$name: expected $low to $high of the test file, found $found"
  echo "MNIST, $name: $found of the test file"
}

plain=model.hidden.batch_norm.enabled=false
small=(model.hidden.dense.init.sd=0.01 model.output.dense.init.sd=0.01)
accuracy batch-norm-10000 0.955 0.972 study/network.yaml train.steps=10000
accuracy plain-10000 0.937 0.952 study/network.yaml train.steps=10000 "$plain"
accuracy small-batch-norm-10000 0.96 0.975 study/network.yaml train.steps=10000 "${small[@]}"
accuracy small-plain-10000 0.05 0.2 study/network.yaml train.steps=10000 "${small[@]}" "$plain"
[ -n "${CAVIAR_LONG:-}" ] || { echo "skipped: 50,000 steps and 20 epochs, some minutes more; CAVIAR_LONG=1 runs them"; exit 0; }
accuracy batch-norm-50000 0.97 0.978 study/network.yaml
accuracy plain-50000 0.965 0.973 study/network.yaml "$plain"
accuracy network 0.9846 0.9886 mnist/network.yaml
