#!/bin/bash
# Decision boundaries by predict --grid: of softmax regression straight for 3, 4, 5, 6 classes, with hidden layers not.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
study=$CAVIAR_SOURCE/experiments/decision-boundaries

# Straight boundaries cut the plane into convex pieces: halfway between two points of a class lies that class. Prints
# how many classes there are on a grid of N x N, and at how many points halfway between two of a class another is predicted.
bends() { # grid.csv N
  awk -F, -v n="$2" '
    NR > 1 { k = NR - 2; class[k] = $3; if (!($3 in seen)) { seen[$3]; classes++ } }
    END {
      for (a = 0; a < n * n; a++)
        for (b = a + 1; b < n * n; b++) {
          if (class[a] != class[b] || (a % n + b % n) % 2 || (int(a / n) + int(b / n)) % 2) continue
          middle = (int(a / n) + int(b / n)) / 2 * n + (a % n + b % n) / 2
          if (class[middle] != class[a]) bad[middle]
        }
      for (m in bad) count++
      print classes + 0, count + 0
    }' "$1"
}

for classes in 3 4 5 6; do
  expect 0 "" "$CAVIAR" run "$study/softmax.yaml" data.source.classes=$classes --out softmax$classes
  expect 0 "625 rows" "$CAVIAR" predict softmax$classes --grid -1.5:1.5:25,-1.5:1.5:25 -o grid.csv
  [ "$(bends grid.csv 25)" = "$classes 0" ] || fail "softmax regression, $classes classes: $(bends grid.csv 25)"
done
expect 0 "" "$CAVIAR" run "$study/hidden.yaml" --out hidden
expect 0 "625 rows" "$CAVIAR" predict hidden --grid -1:1:25,-1:1:25 -o grid.csv
found=$(bends grid.csv 25)
[ "${found% *}" = 3 ] || fail "hidden layers: expected 3 classes, found $found"
[ "${found#* }" -gt 50 ] || fail "hidden layers: expected bent boundaries, found $found"

# The points: the first feature varies slowest, ends are included; the numbers are those of a file with the same rows.
expect 0 "6 rows" "$CAVIAR" predict hidden --grid -1:0.5:3,0:1:2 -o grid.csv
[ "$(cut -d, -f1,2 grid.csv | tr '\n' ' ')" = "x1,x2 -1,0 -1,1 -0.25,0 -0.25,1 0.5,0 0.5,1 " ] || fail "points: $(cat grid.csv)"
cut -d, -f1-3 grid.csv >points.csv
"$CAVIAR" import csv points.csv -o points.h5 >out 2>err || fail "import"
expect 0 "6 rows" "$CAVIAR" predict hidden points.h5 -o rows.csv
paste -d, grid.csv rows.csv | awk -F, 'NR > 1 {
    if ($3 != $8) exit 1
    for (j = 4; j <= 6; j++) { off = $j - $(j + 5); if (off > 1e-4 || off < -1e-4) exit 1 } }' ||
  fail "a file of the same points has other predictions"
if command -v h5dump >/dev/null; then
  expect 0 "" "$CAVIAR" predict hidden --grid -1:0.5:3,0:1:2 -o grid.h5
  h5dump -d /x grid.h5 >out || fail "h5dump /x grid.h5"
  grep -q 'SIMPLE { ( 6, 2 ) ' out || fail "/x in grid.h5"
else
  echo "skipped: /x of grid.h5 (h5dump is not installed)"
fi

# What is wrong with it
expect 2 'expected min:max:n for each feature, such as -3:3:200, found "1:2"' "$CAVIAR" predict hidden --grid 1:2
expect 2 'found "0:x:2"' "$CAVIAR" predict hidden --grid 0:1:2,0:x:2
expect 2 'min must be below max' "$CAVIAR" predict hidden --grid 2:1:3,0:1:2
expect 2 'expected from 1 to 4194304 points' "$CAVIAR" predict hidden --grid 0:1:0,0:1:2
expect 2 'more than 4194304 points' "$CAVIAR" predict hidden --grid 0:1:3000,0:1:3000
expect 4 'the grid: 1 features a row, but the model was trained on 2' "$CAVIAR" predict hidden --grid 0:1:5
expect 2 'usage: caviar predict' "$CAVIAR" predict hidden points.h5 --grid 0:1:5,0:1:5
echo "boundaries: straight without hidden layers; with them $found (classes, points where they bend)"
