#!/bin/bash
# The study of synchronised batch norm: 2 rows a shard reach 98 % when they share statistics and fail by themselves;
# neither depends on who computes them.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with digits/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir -p digits/data study
cp "$CAVIAR_SOURCE"/experiments/synchronised-batch-norm/network.yaml study
"$CAVIAR_SOURCE/experiments/digits/get-data" "$work/digits/data" >out 2>err || fail "get-data"

alone=model.hidden.batch_norm.sync=false

# test_accuracy NAME [OVERRIDE...]: trains on one rank
test_accuracy() {
  local name=$1
  shift
  expect 0 "test part (1797 rows)" ranks 0 run study/network.yaml --out "$name" "$@"
  sed -n 's/^test part.*accuracy //p' out
}

# between NAME LOW HIGH VALUE
between() {
  awk -v low="$2" -v x="$4" -v high="$3" 'BEGIN { exit !(low <= x && x <= high) }' ||
    fail "$1: $4 is not within $2 .. $3"
}

# training_accuracy RUN: of the last epoch
training_accuracy() {
  "$CAVIAR" show "$1" 0 --json | grep -o '"train_accuracy": \[[^]]*\]' | grep -o '[0-9.]*\]' | tr -d ']'
}

shared=$(test_accuracy shared) || exit 1
four=$(test_accuracy four $alone train.shards=4) || exit 1
two=$(test_accuracy two $alone) || exit 1
between "shared statistics" 0.975 0.99 "$shared"
between "4 rows a shard" 0.97 0.99 "$four"
between "2 rows a shard" 0.8 0.93 "$two"
between "shared statistics, training" 0.99 1 "$(training_accuracy shared)"
between "4 rows a shard, training" 0.9 0.97 "$(training_accuracy four)"
between "2 rows a shard, training" 0.6 0.8 "$(training_accuracy two)"

# One shard is the whole batch: `sync: false` then changes nothing, and the number of shards is only rounding.
one=$(test_accuracy one train.shards=1) || exit 1
same=$(test_accuracy same $alone train.shards=1) || exit 1
[ "$one" = "$same" ] || fail "one shard: $one with shared statistics, $same without"
between "one shard" 0.975 0.99 "$one"

# Two ranks give the digest of one, with the statistics of the batch and of the shards.
for sync in true false; do
  override=("model.hidden.batch_norm.sync=$sync" train.epochs=3)
  expect 0 "" ranks 0 run study/network.yaml "${override[@]}" --out "one-$sync"
  expect 0 "" ranks 2 run study/network.yaml "${override[@]}" --out "two-$sync"
  [ "$(digest "one-$sync")" = "$(digest "two-$sync")" ] || fail "sync $sync: two ranks, another digest"
done
[ "$(digest one-true)" != "$(digest one-false)" ] || fail "sync has no effect"
echo "synchronised batch norm: $shared; 4 rows a shard $four, 2 rows $two"
