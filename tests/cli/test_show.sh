#!/bin/bash
# show --json: one object a trial and line, best first, typed points, NaN as null; show of one trial.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small j 'search: {method: grid, parameters: {train.optimizer.learning_rate: {values: [0.001, 1e30, 0.02]}, model.0.dense.units: {values: [4, 8]}, train.optimizer.name: {value: sgd}}}'
expect 0 "" ranks 2 run j.yaml
"$CAVIAR" show runs/j --json >lines || fail "show --json"
[ "$(wc -l <lines)" = 6 ] || fail "expected 6 lines, found $(wc -l <lines)"

number='-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?'
metrics="\"train_loss\": $number, \"train_accuracy\": $number, \"validation_loss\": $number"
metrics+=", \"validation_accuracy\": $number, \"learning_rate\": $number"
point="\"train.optimizer.learning_rate\": (0\.001|0\.02), \"model.0.dense.units\": [48]"
point+=", \"train.optimizer.name\": \"sgd\""
done_line="^\{\"schema_version\": 1, \"trial\": [0-5], \"status\": \"COMPLETED\", \"point\": \{$point\}"
done_line+=", \"metrics\": \{$metrics\}, \"epochs\": 3, \"seconds\": $number, .*\}$"
diverged="^\{\"schema_version\": 1, \"trial\": [0-5], \"status\": \"DIVERGED\", .*\"metric\": null, .*\}$"
[ "$(head -n 4 lines | grep -cE "$done_line")" = 4 ] || fail "not the expected lines: $(head -n 4 lines)"
[ "$(tail -n 2 lines | grep -cE "$diverged")" = 2 ] || fail "not the expected lines: $(tail -n 2 lines)"
grep -qiE '[:\[, ]-?(nan|inf)[],}]' lines && fail "NaN or infinity is not JSON"

# best first, ties to the lower number
sed -n 's/.*"trial": \([0-9]*\), "status": "COMPLETED".*"metric": \([^,]*\),.*/\2 \1/p' lines >order
[ "$(wc -l <order)" = 4 ] || fail "no metric"
sort -k1,1gr -k2,2n order | cmp -s - order || fail "not best first: $(cat order)"

# one trial: the same line; the curve has as many rows as epochs
best=$(sed -n '1s/.*"trial": \([0-9]*\),.*/\1/p' lines)
"$CAVIAR" show runs/j "$best" --json | cmp -s - <(head -n 1 lines) || fail "another line for one trial"
"$CAVIAR" show runs/j "$best" >text
[ "$(grep -cE '^ +[123]( +[0-9.e+-]+){5}$' text)" = 3 ] || fail "a curve of three epochs expected"
grep -q "^  model.0.dense.units: " text || fail "the point is missing"
grep -q "^trial $best: COMPLETED, validation_accuracy " text || fail "no status"

# curves are passed over, their checksums are not; of results.h5 nothing is shown, so it may be as it likes
for form in "" 1 "1 --yaml" "1 --json" --json; do
  # shellcheck disable=SC2086
  "$CAVIAR" show runs/j $form >"before$form" || fail "show $form"
done
cp -r runs/j damaged
echo nonsense >damaged/results.h5
for form in "" 1 "1 --json" --json; do
  # shellcheck disable=SC2086
  "$CAVIAR" show damaged $form | cmp -s - <(sed 's|runs/j|damaged|' "before$form") || fail "show $form without results.h5"
done
at=$(grep -obm 1 '"curves": {"train_loss": \[' damaged/journal | cut -d: -f1)
printf 7 | dd of=damaged/journal bs=1 seek=$((at + 30)) conv=notrunc status=none
cmp -s damaged/journal runs/j/journal && fail "nothing was changed"
for form in "" 5 "5 --yaml" --json; do
  # shellcheck disable=SC2086
  expect 4 "is damaged (its checksum does not hold)" "$CAVIAR" show damaged $form
done
expect 4 "is damaged (its checksum does not hold)" "$CAVIAR" status damaged

# a file without a search: one trial, an empty point, the seed of the file
small p
expect 0 "" ranks 0 run p.yaml
"$CAVIAR" show runs/p --json | says '"trial": 0, .*"point": {}, .*"seed": 7,' || fail "the plain file"
echo "all is well"
