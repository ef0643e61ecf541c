#!/bin/bash
# The study of a population on real data, with fewer seeds: as many epochs, a better network than random search finds.
[ -n "${CAVIAR_DATA:-}" ] || { echo "skipped: CAVIAR_DATA names no folder with digits/"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir study
cp "$CAVIAR_SOURCE"/experiments/population-based/{network.yaml,compare-random} study
"$CAVIAR_SOURCE/experiments/digits/get-data" "$work/study/data" >out 2>err || fail "get-data"
expect 0 "" study/compare-random 5
median() { awk -v name="$1" 'index($0, name "  ") == 1 { print $(NF - 2) }' out; }
awk -v x="$(median population)" -v y="$(median random)" 'BEGIN { exit !(x > 0 && y > 0 && x <= y) }' ||
  fail "population $(median population), random $(median random)"
echo "population $(median population), random $(median random)"
