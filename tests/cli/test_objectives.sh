#!/bin/bash
# Several objectives (a list `metric`): one digest for methods that look at them, on any number of ranks and
# after a kill; the front of `show --pareto`, its JSON and results.h5 is that of all pairs.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# front FILE RUN OBJECTIVE...: of RUN's --json, - before those that are to be small
front() {
  "$CAVIAR" show "$1" --json >all.json
  "$CAVIAR" show "$1" --pareto --json >front.json
  "$CAVIAR" show "$1" --pareto >front.txt
  h5dump -d /trials/front -d /trials/number "$1/results.h5" >dump.txt || fail "no front in results.h5"
  python3 - "${@:2}" <<'EOF' || fail "$1: the front"
import json, re, sys
def loss(t):
    out = []
    for name in sys.argv[1:]:
        key, row = name.lstrip("-"), t["metrics"]
        x = row[key] if key in row else t[key]
        out.append(x if name[0] == "-" else -x)
    return out
trials = [t for t in map(json.loads, open("all.json")) if t["status"] == "COMPLETED"]
losses = {t["trial"]: loss(t) for t in trials}
beats = lambda x, y: all(a <= b for a, b in zip(x, y)) and x != y
want = [n for n, y in losses.items() if not any(beats(x, y) for x in losses.values())]
got = [json.loads(line)["trial"] for line in open("front.json")]
assert got == want, (got, want)
assert 1 < len(want) < len(trials), "the test needs a front that is a part"
shown = [int(l.split()[1]) for l in open("front.txt") if re.match(r" *\d+ +\d+ ", l)]
assert shown == want, (shown, want)
data = re.findall(r"DATASET.*?DATA \{(.*?)\n   \}", open("dump.txt").read(), re.S)
flags, numbers = ([int(x) for x in re.sub(r"\(\d+\):", "", d).replace(",", " ").split()] for d in data)
assert sorted(want) == [n for n, f in zip(numbers, flags) if f], (flags, numbers)
EOF
}

for method in tpe gp cma_es evolution random; do
  small $method "metric: [{name: validation_loss}, {name: n_parameters}]" \
    "search: {method: $method, trials: 24, max_concurrent: 4, parameters: {" \
    '  train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log},' \
    '  model.0.dense.units: {min: 2, max: 64, scale: log}}}'
  sed -i 's/epochs: 3/epochs: 9/; s/name: blobs/name: blobs, spread: 0.8/' $method.yaml
  expect 0 "" ranks 0 run $method.yaml
  want=$(digest runs/$method)
  for n in 2 3 8; do
    [ $method = tpe ] || [ $n = 3 ] || continue
    expect 0 "$want" ranks $n run $method.yaml --out runs/$method$n
  done
  front runs/$method -validation_loss -n_parameters
done
"$CAVIAR" run tpe.yaml --out runs/killed >/dev/null 2>&1 &
pid=$!
while [ "$(grep -c '"type": "trial"' runs/killed/journal 2>/dev/null)" -lt 7 ] 2>/dev/null &&
  kill -0 $pid 2>/dev/null; do sleep 0.005; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
expect 0 "$(digest runs/tpe)" ranks 3 run tpe.yaml --out runs/killed

# The second objective counts: without it other points come; the sizes are those of the layers (2 features, 3
# classes, a dense without bias before a batch norm).
sed 's/, {name: n_parameters}//' tpe.yaml >one.yaml
expect 0 "" ranks 0 run one.yaml --out runs/one
points() { "$CAVIAR" show "$1" --json | grep -o '"point": {[^}]*}' | sort; }
[ "$(points runs/one)" != "$(points runs/tpe)" ] || fail "tpe does not look at the second objective"
expect 2 "has one metric, validation_loss" "$CAVIAR" show runs/one --pareto
"$CAVIAR" show runs/tpe --json | python3 -c '
import json, sys
for t in map(json.loads, sys.stdin):
    u = t["point"]["model.0.dense.units"]
    assert t["multiply_adds"] == 2 * u + 3 * u, t["trial"]
    assert t["n_parameters"] == 2 * u + 2 * u + 3 * u + 3, t["trial"]' || fail "sizes"

# With repeats the means; of a command any numbers of its JSON.
expect 0 "" ranks 2 run tpe.yaml search.repeats=2 search.trials=10 --out runs/means
expect 0 "of 2 repeats each" "$CAVIAR" show runs/means --pareto
[ $(($("$CAVIAR" show runs/means --pareto --json | wc -l) % 2)) = 0 ] || fail "half of a point in the front"
cat >c.yaml <<'EOF'
name: c
command:
  run: [python3, -c, "import json; print(json.dumps(dict(left=({x} - 1) ** 2 + {y}, right=({x} - 3) ** 2 + {y})))"]
  result: json
parameters: {x: 0.0, y: 0.0}
metric: [{name: left, goal: minimize}, {name: right, goal: minimize}]
search: {method: tpe, trials: 12, parameters: {parameters.x: {min: 0, max: 4}, parameters.y: {min: 0, max: 1}}}
EOF
expect 0 "" ranks 2 run c.yaml
front runs/c -left -right
echo "several objectives: one digest each, the fronts are the fronts"
