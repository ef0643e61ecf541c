#!/bin/bash
# caviar check, describe and schema from outside: the resolved text is an experiment again and means the
# same, for every experiment of the repository; exit codes; the schema accepts and refuses.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $*"
  exit 1
}
# exits CODE COMMAND...
exits() {
  local expected=$1 code=0
  shift
  "$@" > "$work/out" 2> "$work/err" || code=$?
  [ "$code" = "$expected" ] || fail "exit code $code, expected $expected: $*; $(cat "$work/err")"
}

# ---- resolved experiments are fixed points --------------------------------------------------------
n=0
while IFS= read -r file; do
  arguments=()
  if grep -qE '^ *file:|[{ ]file:' "$file"; then arguments=("data={source: strokes}"); fi # no data here
  exits 0 "$CAVIAR" check "$file" "${arguments[@]}"
  cp "$work/out" "$work/first.yaml"
  exits 0 "$CAVIAR" check "$work/first.yaml"
  diff -u "$work/first.yaml" "$work/out" || fail "$file: resolved again, it is another experiment"
  n=$((n + 1))
done < <(find "$CAVIAR_SOURCE/experiments" -name '*.yaml')
[ "$n" -ge 1 ] || fail "no experiments found"
if diff -q "$work/first.yaml" <(sed 's/^seed: .*/seed: 77/' "$work/first.yaml") > /dev/null; then
  fail "a changed experiment compares equal"
fi

# ---- check ------------------------------------------------------------------------------------------
quick=$CAVIAR_SOURCE/experiments/quickstart/quickstart.yaml
exits 0 "$CAVIAR" check "$quick" train.batch_size=50 "search.parameters.train.batch_size={min: 2, max: 4}"
exits 0 "$CAVIAR" check "$quick" --json
grep -q '"schema_version": 1, .*"trials": 32, .*"train": 4000, "validation": 500, "test": 500' "$work/out" ||
  fail "--json: $(cut -c1-300 "$work/out")"
[ "$(wc -l < "$work/out")" = 1 ] || fail "--json: more than one line"
exits 0 "$CAVIAR" check "$quick" data.source.rows=5005 data.split='{train: 0.8, validation: 0.1, test: 0.1}'
cat > "$work/panda.yaml" << 'YAML'
data: {source: {name: blobs, rows: 65}, split: {train: 1}}
model: {layers: [{dense: {units: 4}}, batch_norm, relu, {dense: {units: classes}}]}
train: {epochs: 2, batch_size: 8}
YAML
exits 0 "$CAVIAR" check "$work/panda.yaml"
grep -q 'panda.yaml:3:32: warning: 65 training rows leave a last batch of 1 row' "$work/err" ||
  fail "no warning about the row that is left over: $(cat "$work/err")"
grep -q '^# left over   1 rows' "$work/out" || fail "the summary does not say what is left over"
grep -q "^# model       31 parameters" "$work/out" || # 2 x 4 + 2 x 4 + 4 x 3 + 3
  fail "parameters: $(tail -3 "$work/out")"

# ---- shards, and the rate of large batches ------------------------------------------------------------
cat > "$work/shards.yaml" << 'YAML'
data: {source: {name: blobs, rows: 1000}}
model: {layers: [{dense: {units: 8}}, {batch_norm: {sync: false}}, relu, {dense: {units: classes}}]}
train:
  epochs: 2
  batch_size: 512
  base_batch_size: 64
  shards: 8
  optimizer: {name: sgd, learning_rate: 0.1}
YAML
# says TEXT ARGUMENT...: does check of that experiment print TEXT? Of warnings: on stderr.
says() {
  local text=$1
  shift
  exits 0 "$CAVIAR" check "$work/shards.yaml" "$@"
  grep -qF -- "$text" "$work/out" "$work/err" || fail "$*: does not say \"$text\": $(cat "$work/out" "$work/err")"
}
says '# shards      8 of a batch of 512 rows: 64 rows each; up to 8 ranks share a trial'
[ ! -s "$work/err" ] || fail "a warning without a cause: $(cat "$work/err")"
says '# learning rate 0.8: 0.1 times 512 / 64'
says '# learning rate 0.3: 0.1 times 192 / 64' train.batch_size=48 train.accumulate=4
says '# shards      8 of a batch of 60 rows: 7 to 8 rows each' train.batch_size=60
says '"shards": 8, "shard_rows": 7, "learning_rate_scale": 0.9375' train.batch_size=60 --json
says 'shards.yaml:7:11: warning: batch_norm with sync: false: 8 shards of a batch of 12 rows leave' train.batch_size=12
says '7:11: warning: 8 shards of a batch of 6 rows: 2 without a row' train.batch_size=6
says 'warning: batch_norm with sync: false is as without it' train.shards=1
says '# shards      8 of a batch of 16 to 32 rows: 2 to 4 rows each' \
  'search={method: grid, parameters: {train.batch_size: {values: [16, 32]}}}'
says '# learning rate of each trial: times the rows of its step / 64' \
  'search={method: grid, parameters: {train.batch_size: {values: [16, 32]}}}'

# ---- files, usage -----------------------------------------------------------------------------------
exits 2 "$CAVIAR" check
exits 2 "$CAVIAR" check "$quick" --jason
exits 4 "$CAVIAR" check "$work/none.yaml"
sed 's|source: {.*}, split|file: none.h5, split|' "$work/panda.yaml" > "$work/file.yaml"
exits 4 "$CAVIAR" check "$work/file.yaml"
grep -q "$work/none.h5" "$work/err" || fail "the message does not name the data file"
[ "$(wc -l < "$work/err")" = 1 ] || fail "more than one message about a missing data file"

# ---- describe ---------------------------------------------------------------------------------------
for noun in section layer activation loss optimizer schedule initialiser metric generator sampler format op; do
  exits 0 "$CAVIAR" describe $noun
  while read -r name _; do
    exits 0 "$CAVIAR" describe $noun "$name"
    grep -qF "$noun $name: " "$work/out" || fail "describe $noun $name says nothing"
  done < <("$CAVIAR" describe $noun)
done
exits 0 "$CAVIAR" describe adam
grep -q 'beta1: a number of at least 0 and below 1; default 0.9' "$work/out" || fail "adam's beta1"
exits 2 "$CAVIAR" describe optimizer adma
grep -q 'did you mean "adam"' "$work/err" || fail "no nearest word"
exits 2 "$CAVIAR" describe a b c

# ---- schema -----------------------------------------------------------------------------------------
exits 0 "$CAVIAR" schema
cp "$work/out" "$work/schema.json"
grep -q '"http://json-schema.org/draft-07/schema#"' "$work/schema.json" || fail "not draft 7"
exits 2 "$CAVIAR" schema now
if ! python3 -c 'import jsonschema, yaml' 2> /dev/null; then
  echo "skipped: python3-jsonschema and python3-yaml are not there: the schema was not tried on experiments"
  exit 0
fi
cat > "$work/groups.yaml" << 'YAML'
data: {source: strokes}
model:
  layers:
    - {name: skip, residual: [{activation: gelu}, {residual: [{elu: {alpha: 0.5}}]}]}
    - {enabled: true, concatenate: [[layer_norm, {dense: {units: 8}}], []]}
    - {dense: {units: classes}}
train: {epochs: 1}
YAML
exits 0 "$CAVIAR" check "$work/groups.yaml"
cat > "$work/command.yaml" << 'YAML'
command: {run: [sh, -c, "echo {x}", 3], environment: {A: 1}, timeout: none}
parameters: {x: 0.5, how: adam, well: true}
metric: {goal: minimize}
YAML
python3 - "$work/schema.json" "$work/first.yaml" "$quick" "$work/groups.yaml" "$work/command.yaml" \
  "$CAVIAR_SOURCE"/experiments/search-functions/*.yaml "$CAVIAR_SOURCE/tests/malformed" << 'PYTHON'
import glob, json, sys, jsonschema, yaml
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
v = jsonschema.Draft7Validator(schema)
def load(path):
    return yaml.safe_load(open(path).read().replace("1e-", "1.0e-"))  # YAML 1.1 reads 1e-5 as text
for path in sys.argv[2:-1]:
    for e in v.iter_errors(load(path)):
        sys.exit(f"FAILED: the schema refuses {path}: {e.json_path}: {e.message}")
# What is a matter of one key or value must be refused by the schema too.
for name in ("12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "30", "33", "44", "59", "62", "63", "65", "90", "91", "240",
             "241", "242", "243", "246", "248", "249", "256"):
    path = glob.glob(f"{sys.argv[-1]}/{name}-*.yaml")[0]
    if not list(v.iter_errors(load(path))):
        sys.exit(f"FAILED: the schema accepts {path}")
PYTHON
