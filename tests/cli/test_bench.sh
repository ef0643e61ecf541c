#!/bin/bash
# caviar bench: the shape of its output, and that its numbers agree with each other. Nothing here
# depends on how fast the machine is.
set -euo pipefail

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# expect_error CODE TEXT ARGUMENT...: the exit code, and TEXT in the one message on stderr
expect_error() {
  local code=0 want=$1 text=$2 message
  shift 2
  message=$("$CAVIAR" bench "$@" 2>&1 >/dev/null) || code=$?
  [ "$code" = "$want" ] || fail "bench $*: exit $code, expected $want"
  [[ $message == *"$text"* ]] || fail "bench $*: \"$message\" does not say \"$text\""
}

number='[0-9]+(\.[0-9]+)?(e[+-][0-9]+)?'
pattern="^\{\"schema_version\": ?1, ?\"shape\": ?\"64-64-32-10\", ?\"batch\": ?64,"
pattern+=" ?\"us_per_step\": ?$number, ?\"floor_us\": ?$number, ?\"ratio\": ?$number,"
pattern+=" ?\"gflops\": ?$number, ?\"gemm\": ?\"(fixed|openblas)\", ?\"cpu\": ?\"[a-z0-9]+\"\}$"

for engine in fixed openblas; do
  line=$("$CAVIAR" bench --json --shape 64-64-32-10 --seconds 0 --gemm $engine)
  [[ $line =~ $pattern ]] || fail "not the expected JSON: $line"
  [[ $line == *"\"$engine\""* ]] || fail "not the engine that was asked for: $line"
  # ratio = floor / step; a step has 2 * 64 * (2 * 64 * 64 + 3 * 64 * 32 + 3 * 32 * 10) operations
  echo "$line" | tr -d '"{} ' | tr ',' '\n' | awk -F: '
    { v[$1] = $2 }
    function near(x, y, tolerance) { return x > 0 && x - y < tolerance && y - x < tolerance }
    END {
      step = v["us_per_step"]; floor = v["floor_us"]
      if (!near(v["ratio"], floor / step, 0.002)) { print "ratio is not floor / step"; exit 1 }
      if (!near(v["gflops"], 1957.888 / step, 0.06 + 2 / step)) { print "wrong gflops"; exit 1 }
    }' || fail "inconsistent numbers: $line"
done

table=$("$CAVIAR" bench --shape 64-64-32-10 --seconds 0)
[ "$(wc -l <<<"$table")" = 3 ] || fail "expected two lines of heading and a row: $table"
[[ $table == *"PyTorch 1.13, another machine"* ]] || fail "PyTorch's column is not labelled: $table"
[[ $(tail -n 1 <<<"$table") == 64-64-32-10*347 ]] || fail "unexpected row: $table"

expect_error 2 'did you mean "64-64-32-10"' --shape 64-64-32
expect_error 2 'unknown option' --jsn
expect_error 2 'wants a value' --seconds
expect_error 2 'wants a number from 0 to 3600' --seconds fast
expect_error 2 'no matrix engine "mkl"' --gemm mkl
expect_error 2 'not an option' now
echo "bench: JSON, table and errors are as documented"
