#!/bin/bash
# The memory that `check` prints against what the process of a real `run` grew by: its largest resident
# size less that of a run whose trial is next to nothing. Data and program are the same in both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}
if ! python3 -c 'import resource' 2>/dev/null; then
  echo "skipped: python3 is not there, which reads the largest resident size"
  exit 77
fi

# experiment UNITS BATCH
experiment() {
  cat <<YAML
data: {source: {name: strokes, rows: 3000, size: 28}}
model:
  layers: [{dense: {units: $1}}, batch_norm, relu, {dense: {units: $1}}, batch_norm, relu, {dense: {units: classes}}]
train: {steps: 5, batch_size: $2}
YAML
}

# measure NAME: sets planned and used, in bytes
measure() {
  planned=$("$CAVIAR" check --json "$1.yaml" 2>/dev/null | sed 's/.*"bytes": *\([0-9]*\).*/\1/')
  used=$(python3 - "$CAVIAR" "$1.yaml" "$1.run" <<'PYTHON'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "run", sys.argv[2], "--out", sys.argv[3]], check=True, capture_output=True)
print(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PYTHON
  )
}

experiment 1 16 >least.yaml
experiment 16 64 >small.yaml
experiment 1024 256 >large.yaml
measure least
least_planned=$planned least_used=$used

# near NAME TOLERANCE: planned and used, both less those of the least trial, differ by so much at most
near() {
  measure "$1"
  awk -v name="$1" -v planned=$((planned - least_planned)) -v used=$((used - least_used)) -v most="$2" 'BEGIN {
    printf "%s: planned %.2f MB, used %.2f MB more than the least\n", name, planned / 1e6, used / 1e6
    off = planned - used
    exit !(off < most && off > -most)
  }' || fail "$1: off by more than $2 bytes"
}
near small 1500000
near large 3000000 # 5 %
[ "$planned" -gt 50000000 ] || fail "a network of 1.9 million parameters takes more than $planned bytes"
"$CAVIAR" check large.yaml 2>/dev/null | grep -q '^# model .* for training and checkpoints, besides the data$' ||
  fail "check does not say what is counted"
