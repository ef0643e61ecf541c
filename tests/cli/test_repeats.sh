#!/bin/bash
# search.repeats: points trained several times and ranked by their means: the same digest on any number of ranks,
# after kills, by methods that look; what is shown is the mean.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
space='parameters: {train.optimizer.learning_rate: {min: 0.001, max: 0.1, scale: log}}'
small r "search: {method: tpe, trials: 6, repeats: 3, max_concurrent: 2, $space}"
sed -i 's/epochs: 3/epochs: 12/; s/name: blobs/name: blobs, spread: 1.5/' r.yaml
expect 0 "6 by tpe, over 1 parameters, each trained 3 times: 18" "$CAVIAR" check r.yaml
expect 0 "" ranks 0 run r.yaml
want=$(digest runs/r)
cp out end.txt
for n in 2 3 8; do
  expect 0 "$want" ranks $n run r.yaml --out runs/r$n
done

# Killed twice, continued on other ranks.
for at in 2 10; do
  "$CAVIAR" run r.yaml --out runs/killed >/dev/null 2>&1 &
  pid=$!
  while [ "$(grep -c '"type": "trial"' runs/killed/journal 2>/dev/null)" -lt $at ] 2>/dev/null &&
    kill -0 $pid 2>/dev/null; do sleep 0.005; done
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
done
expect 0 "$want" ranks 3 run r.yaml --out runs/killed

# Trials 3k, 3k + 1, 3k + 2 are one point with three seeds. Means by awk beside those that are shown.
"$CAVIAR" show runs/r --json >all.json
python3 - all.json <<'EOF' || fail "show --json"
import json, math, sys
trials = [json.loads(line) for line in open(sys.argv[1])]
assert len(trials) == 18
points = {}
for t in trials:
    points.setdefault(t["trial"] // 3, []).append(t)
assert len({t["seed"] for t in trials}) == 18
means = {}
for k, ts in points.items():
    assert len({json.dumps(t["point"]) for t in ts}) == 1, k
    x = [t["metric"] for t in sorted(ts, key=lambda t: t["trial"])]
    m = sum(x) / 3
    sd = math.sqrt(sum((v - m) ** 2 for v in x) / 2)
    for t in ts:
        s = t["repeats"]
        assert (s["point"], s["finished"], s["of"]) == (k, 3, 3)
        assert abs(s["mean"] - m) < 1e-12 and abs(s["sd"] - sd) < 1e-12
    means[k] = m
assert len({json.dumps(ts[0]["point"]) for ts in points.values()}) == 6
assert len(set(means.values())) > 1, "the test needs points that differ"
order = [t["trial"] // 3 for t in trials]
ranked = sorted(means, key=lambda k: (-means[k], k))
assert order == [k for k in ranked for _ in range(3)], (order, means)
best = points[ranked[0]]
top = max(best, key=lambda t: (t["metric"], -t["trial"]))
assert trials[0]["trial"] == top["trial"]
open("best", "w").write(f"{top['trial']} {3 * ranked[0]}-{3 * ranked[0] + 2} {means[ranked[0]]:.5g}")
open("keep", "w").write(" ".join(f"trial-{3 * k + i:06d}.h5" for k in sorted(ranked[:5]) for i in range(3)))
EOF
read -r trial trials mean <best
grep -q "trial $trial, the best of trials $trials, has loss" end.txt || fail "the end does not say what was tested"
grep -qE "^ *1 +$trials +$mean " end.txt || fail "the leaderboard has not $trials with mean $mean first"
grep -q "of 3 repeats each" end.txt || fail "the leaderboard does not say what it shows"

# checkpoint.keep_trials counts points.
[ "$(cd runs/r/checkpoints && echo *.h5)" = "$(cat keep)" ] || fail "kept $(ls runs/r/checkpoints), not $(cat keep)"
h5dump -d /repeats/mean runs/r/results.h5 | grep -q "( 6 )" || fail "/repeats/mean has not 6 rows"
sed 's/keep_trials: 0//; $a checkpoint: {keep_trials: 0}' r.yaml >zero.yaml
expect 0 "" ranks 2 run zero.yaml --out runs/zero
[ -z "$(ls runs/zero/checkpoints)" ] || fail "keep_trials 0 keeps $(ls runs/zero/checkpoints)"

# A trial by itself, more points, importance by points, another search from these.
expect 0 "" "$CAVIAR" show runs/r 7 --yaml
cp out seven.yaml
weights() { grep -o '^weights .*' <<<"$("$CAVIAR" show "$@")"; }
expect 0 "" ranks 0 run seven.yaml --out runs/seven
[ "$(weights runs/r 7)" = "$(weights runs/seven 0)" ] || fail "trial 7 alone has other weights"
expect 0 "" ranks 0 run r.yaml search.trials=8 --out runs/whole8
expect 0 "" ranks 2 run r.yaml search.trials=8
[ "$(digest runs/r)" = "$(digest runs/whole8)" ] || fail "given more points: another digest"
expect 0 "from 8 of 8 trials, means of 3 repeats each" "$CAVIAR" importance runs/r
expect 3 "another experiment" "$CAVIAR" run r.yaml search.trials=9 search.repeats=4
small f "search: {trials: 4, from: {run: runs/whole8, best: 3}, $space}"
expect 0 "" ranks 2 run f.yaml
[ "$("$CAVIAR" show runs/f --json | grep -o '"point": {[^}]*}' | sort -u | wc -l)" = 4 ] ||
  fail "from: a point came twice"
# Limits by all trials of the points that are told.
small m "search: {trials: 6, repeats: 2, max_concurrent: 2, early_terminate: {name: median, warmup_trials: 3}, $space}"
sed -i 's/epochs: 3/epochs: 12/; s/name: blobs/name: blobs, spread: 1.5/' m.yaml
expect 0 "" ranks 0 run m.yaml
"$CAVIAR" show runs/m --json | says '"terminated": true' || fail "median ended no trial"
expect 0 "$(digest runs/m)" ranks 3 run m.yaml --out runs/m3
echo "repeats: one digest, means ranked"
