#!/bin/bash
# The boxes of coarse_to_fine's stages: `show` and results.h5 say them, and every trial lies in its stage's.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small c "search: {method: {name: coarse_to_fine, stages: 3}, trials: 24, max_concurrent: 4, parameters: {" \
  '  train.optimizer.learning_rate: {min: 0.0001, max: 10, scale: log},' \
  '  model.0.dense.units: {min: 4, max: 40}, train.batch_size: {values: [8, 16, 32]}}}'
expect 0 "" ranks 2 run c.yaml
expect 0 "stage 2, from trial 16, about the best" "$CAVIAR" show runs/c
cp out shown.txt
"$CAVIAR" show runs/c --json >all.json
h5dump -m "%.17g" -d /search/boxes/low -d /search/boxes/high -d /search/boxes/kept -d /search/boxes/dimension \
  -d /search/boxes/first_trial runs/c/results.h5 >dump.txt || fail "no boxes in results.h5"
python3 - shown.txt all.json dump.txt <<'EOF' || fail "boxes"
import json, re, sys
shown = [l for l in open(sys.argv[1]) if l.startswith("stage ")]
assert [l.split(":")[0].split(",")[0] for l in shown] == ["stage 0", "stage 1", "stage 2"], shown
dump, columns = open(sys.argv[3]).read(), {}
for name, body in re.findall(r'DATASET "/search/boxes/(\w+)" \{.*?DATA \{(.*?)\n   \}', dump, re.S):
    body = re.sub(r"\(\d+\): ", "", body).replace("\\000", "")
    columns[name] = re.findall(r'"(.*?)"', body) if '"' in body else [float(x) for x in body.replace(",", " ").split()]
boxes = list(zip(*(columns[k] for k in ("first_trial", "dimension", "low", "high", "kept"))))
assert len(boxes) == 9, columns
assert sorted({b[0] for b in boxes}) == [0, 8, 16]
for t in map(json.loads, open(sys.argv[2])):
    first = t["trial"] // 8 * 8
    for f, path, low, high, kept in boxes:
        if f != first:
            continue
        v = t["point"][path]
        if kept:
            assert v in json.loads(kept), (t["trial"], path, v, kept)
        else:
            assert low <= v <= high, (t["trial"], path, v, low, high)
rates = [(low, high) for f, path, low, high, _ in boxes if path.endswith("learning_rate")]
assert rates[0][0] < 0.00011 and rates[0][1] > 9.99, rates
assert all(rates[0][1] / rates[0][0] > 100 * high / low for low, high in rates[1:]), rates
assert f"learning_rate {rates[1][0]:.4g} to {rates[1][1]:.4g}" in shown[1], (rates, shown)
EOF
"$CAVIAR" run c.yaml search.method=random --out runs/r >/dev/null 2>&1 || fail "random"
"$CAVIAR" show runs/r | says "^stage" && fail "random has stages"
h5dump -n runs/r/results.h5 | grep -q boxes && fail "random has boxes"

# A window that leaves a stage hardly a trial to look at is warned of, at its place, with what to do; that done, not.
small w "search:" "  method: coarse_to_fine" "  trials: 64" "  parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 10}}"
warned() { # PLACE SEEN OVERRIDE..: one warning there, of so many trials
  "$CAVIAR" check w.yaml "${@:3}" >out 2>err || fail "check"
  [ "$(grep -c warning: err)" = 1 ] || fail "${*:3}: one warning expected"
  grep -qE "^$1: warning: stage 1 of coarse_to_fine .* sees $2 trials? with max_concurrent: " err || fail "${*:3}: not $1, $2"
}
sound() { # OVERRIDE..: none
  "$CAVIAR" check w.yaml "$@" >out 2>err || fail "check"
  [ ! -s err ] || fail "$*: a warning"
}
warned w.yaml:8:11 '1 of its 16'
grep -qF 'make max_concurrent 9 or less, or trials 120 or more' err || fail "no word of what to do"
warned 'command line:1:23' '7 of its 16' search.max_concurrent=10
warned w.yaml:8:11 '0 of its 4' search.trials=16
warned w.yaml:8:11 '14 of its 29' search.trials=119
sound search.max_concurrent=9
sound search.trials=120
sound "search.method={name: coarse_to_fine, stages: 2}"
sound search.method=tpe
warned w.yaml:8:11 '0 of its 16' search.early_terminate=successive_halving train.epochs=9
grep -qF 'smaller brackets help' err || fail "no word of what to do about brackets"
sed -i 's/^  trials: 64/&\n  max_concurrent: 12/' w.yaml
warned w.yaml:10:19 '5 of its 16'
echo "boxes: shown, recorded, and every trial in its own"
