#!/bin/bash
# The digest that the quickstart's README names, on this machine, whatever its processor: the whole promise in one line.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
study=$CAVIAR_SOURCE/experiments/quickstart
digest=$(grep -oE '\b[0-9a-f]{32}\b' "$study/README.md")
[ "$(wc -w <<<"$digest")" = 1 ] || fail "expected one digest in the README, found: $digest"

expect 0 "digest  $digest" ranks 2 run "$study/quickstart.yaml" --out run --expect-digest "$digest"
# the check can fail
expect 1 "expected 00000000000000000000000000000000" \
  ranks 0 run "$study/quickstart.yaml" --out run --expect-digest 00000000000000000000000000000000
