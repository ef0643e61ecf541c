#!/bin/bash
# caviar run: what it prints and writes, and what it does on a directory that is there.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small s "$search12"

# --dry-run prints every trial and writes nothing
expect 0 "12 trials" ranks 0 run s.yaml --dry-run
[ "$(grep -c 'train.optimizer.learning_rate: ' out)" = 12 ] || fail "--dry-run: 12 points expected"
[ ! -e runs ] || fail "--dry-run made a directory"
expect 0 "12 trials" ranks 3 run s.yaml --dry-run

# a run, its directory and its leaderboard
expect 0 "runs/s/results.h5" ranks 0 run s.yaml
for f in experiment.yaml resolved.yaml journal results.h5; do
  [ -s runs/s/$f ] || fail "runs/s/$f is missing"
done
cmp -s s.yaml runs/s/experiment.yaml || fail "experiment.yaml is not the file as given"
[ "$(find runs/s/checkpoints -type f | wc -l)" = 5 ] || fail "the best five keep their checkpoints"
grep -q '\.\.\. and 2 more' out || fail "ten of twelve on the leaderboard"
grep -q '^test part (40 rows): trial [0-9]* has loss .*, accuracy ' out || fail "no test part"
"$CAVIAR" show runs/s >all
[ "$(grep -cE '^ *[0-9]+ +[0-9]+ ' all)" = 12 ] || fail "show lists twelve trials"
awk '$1 == n + 1 && NF >= 6 {if (n && $3 > last) exit 1; last = $3; n++} END {exit n != 12}' all ||
  fail "show is not best first"

# again: the same words, nothing trained, nothing written
cp runs/s/journal journal.before
sum=$(cksum <runs/s/results.h5)
cp out out.before
expect 0 "runs/s/results.h5" ranks 0 run s.yaml
cmp -s out out.before || fail "the second run prints something else"
cmp -s journal.before runs/s/journal || fail "the second run wrote to the journal"
[ "$sum" = "$(cksum <runs/s/results.h5)" ] || fail "the second run wrote results.h5"
expect 0 "runs/s/results.h5" ranks 3 run s.yaml
cmp -s journal.before runs/s/journal || fail "the second run on three ranks wrote to the journal"

# overrides are kept: show and digest know them without being told
expect 0 "" ranks 0 run s.yaml train.epochs=1 --out one
[ "$("$CAVIAR" show one 0 --json | grep -c '"epochs": 1,')" = 1 ] || fail "the override does not count"
"$CAVIAR" show one 0 --yaml | says 'epochs: 1$' || fail "show --yaml forgets the override"

# another experiment, or other data, in a directory that is taken: the difference, and nothing changed
expect 3 "+   epochs: 4" ranks 0 run s.yaml train.epochs=4
grep -q -- '-   epochs: 3' err || fail "the difference lacks what was there"
expect 3 "holds another experiment" ranks 2 run s.yaml data.source.rows=500
cmp -s journal.before runs/s/journal || fail "a refused run wrote to the journal"
# what does not change a result is no other experiment
expect 0 "" ranks 0 run s.yaml checkpoint.keep_trials=2
[ "$(find runs/s/checkpoints -type f | wc -l)" = 2 ] || fail "keep_trials: 2 leaves two checkpoints"

# a checkpoint that is gone is made again when the test part needs it
expect 0 "" ranks 0 run s.yaml --out gone checkpoint.keep_trials=0
[ -z "$(ls gone/checkpoints)" ] || fail "keep_trials: 0 leaves no checkpoint"
[ "$(tail -n 6 gone/journal | grep -c '"type": "test"')" = 1 ] || fail "no test record"
grep -v '"type": "test"' gone/journal >rest && cp rest gone/journal
test_line=$(grep 'test part' out)
expect 0 "$test_line" ranks 0 run s.yaml --out gone checkpoint.keep_trials=0

# --expect-digest
d=$(digest runs/s)
expect 0 "$d" ranks 0 run s.yaml --out e --expect-digest "$d"
expect 1 "expected 00000000000000000000000000000000" ranks 2 run s.yaml --out e \
  --expect-digest 00000000000000000000000000000000

# a trial that diverges is a result: the search goes on, exit 0, it comes last
small d 'search: {method: grid, parameters: {train.optimizer.learning_rate: {values: [0.01, 1e30, 0.02]}}}'
expect 0 "" ranks 2 run d.yaml train.optimizer.name=sgd
grep -q 'DIVERGED' out || fail "no trial is DIVERGED"
"$CAVIAR" show runs/d --json | sed -n 3p | grep -q '"trial": 1, "status": "DIVERGED"' ||
  fail "the diverged trial is not the last"
"$CAVIAR" show runs/d --json | sed -n 3p | grep -q '"diverged_step": [1-9]' || fail "no step"

# command-line errors
expect 2 "an experiment file is missing" ranks 0 run
expect 2 "did you mean --out?" ranks 0 run s.yaml --oot x
expect 2 "--out needs a value" ranks 0 run s.yaml --out
expect 2 "expected an override" ranks 0 run s.yaml s.yaml
expect 2 "32 hexadecimal digits" ranks 0 run s.yaml --expect-digest abc
expect 2 "did you mean \"run\"?" ranks 0 rnu s.yaml
expect 2 "did you mean \"run\"?" ranks 3 rnu s.yaml
expect 2 "its trials are 0 to 11" ranks 0 show runs/s 12
expect 2 "number of a trial" ranks 0 show runs/s best
expect 2 "--yaml shows one trial" ranks 0 show runs/s --yaml
expect 4 "no such run directory" ranks 0 show nothing
expect 4 "not a run directory" ranks 0 digest .
expect 0 "caviar show RUN [TRIAL|--pareto]" ranks 2 show --help
expect 0 "caviar run E.yaml" ranks 2 run --help
echo "all is well"
