#!/bin/bash
# The promise: the same digest without mpirun and on 1, 2, 3, 5 and 16 ranks; a trial that is shown as a plain
# file and run alone gives the same bits again.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
quickstart=$CAVIAR_SOURCE/experiments/quickstart/quickstart.yaml

expect 0 "" ranks 0 run "$quickstart" train.epochs=2 --out r0
want=$(digest r0)
[[ $want =~ ^[0-9a-f]{32}$ ]] || fail "not a digest: $want"
for n in 1 2 3 5 16; do
  expect 0 "$want" ranks $n run "$quickstart" train.epochs=2 --out r$n
  [ "$(digest r$n)" = "$want" ] || fail "another digest on $n ranks"
  # times and places aside, the leaderboards are the same
  "$CAVIAR" show r$n --json | sed 's/"seconds": [^,]*//; s/"rank": [^,]*//' >show$n
  [ $n = 1 ] || cmp -s show1 show$n || fail "another leaderboard on $n ranks"
done
ranks_used=$("$CAVIAR" show r3 --json | grep -o '"rank": [0-9]*' | sort -u | wc -l)
[ "$ranks_used" = 3 ] || fail "of 3 ranks $ranks_used trained"

# what must change the digest does
for change in seed=43 train.batch_size=65 data.source.rows=2400 train.epochs=3 search.trials=3; do
  expect 0 "" ranks 0 run "$quickstart" train.epochs=1 search.trials=2 "$change" --out changed
  echo "$(digest changed) $change" >>digests
  rm -r changed
done
[ "$(cut -d' ' -f1 digests | sort -u | wc -l)" = 5 ] || fail "two experiments with one digest"

# trial 17, alone
fields() {
  "$CAVIAR" show "$@" --json | grep -oE '"(weights|seed|metric|chosen_epoch)": [^,]*|"curves".*'
}
"$CAVIAR" show r0 17 --yaml >seventeen.yaml || fail "show --yaml"
grep -q '^search:' seventeen.yaml && fail "a trial has no search"
fields r0 17 >want17
[ "$(wc -l <want17)" = 5 ] || fail "expected five fields, found $(cat want17)"
for n in 0 2; do
  expect 0 "" ranks $n run seventeen.yaml --out alone$n
  fields alone$n 0 >got17
  cmp -s want17 got17 || fail "trial 17 alone on $n ranks differs: $(diff want17 got17)"
done
[ "$(digest alone0)" = "$(digest alone2)" ] || fail "trial 17 alone has two digests"
echo "all is well"
