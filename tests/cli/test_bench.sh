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

# One line an engine and pass, in one run; the floor is one for both engines: the faster one's.
# A step has 2 * 64 * (2 * 64 * 64 + 3 * 64 * 32 + 3 * 32 * 10) operations, an inference
# 2 * 64 * (64 * 64 + 64 * 32 + 32 * 10).
lines=$("$CAVIAR" bench --json --shape 64-64-32-10 --seconds 0)
[ "$(wc -l <<<"$lines")" = 4 ] || fail "two passes by two engines expected: $lines"
n=0
for pass in training inference; do
  for engine in fixed openblas; do
    n=$((n + 1))
    line=$(sed -n ${n}p <<<"$lines")
    pattern="^\{\"schema_version\": ?1, ?\"shape\": ?\"64-64-32-10\", ?\"batch\": ?64, ?\"pass\": ?\"$pass\","
    pattern+=" ?\"us_per_step\": ?$number, ?\"floor_us\": ?$number, ?\"floor_gemm\": ?\"(fixed|openblas)\","
    pattern+=" ?\"ratio\": ?$number, ?\"gflops\": ?$number, ?\"planned_bytes\": ?[1-9][0-9]*,"
    pattern+=" ?\"used_bytes\": ?[0-9]+, ?\"gemm\": ?\"$engine\", ?\"cpu\": ?\"[a-z0-9]+\"\}$"
    [[ $line =~ $pattern ]] || fail "not the expected JSON: $line"
  done
done
tr -d '"{} ' <<<"$lines" | awk -F, '
  function near(x, y, tolerance) { return x > 0 && x - y < tolerance && y - x < tolerance }
  {
    for (i = 1; i <= NF; i++) { split($i, w, ":"); v[w[1]] = w[2] }
    step = v["us_per_step"]; floor = v["floor_us"]
    operations = v["pass"] == "training" ? 1957.888 : 827.392
    if (!near(v["ratio"], floor / step, 0.002)) { print "ratio is not floor / step"; exit 1 }
    if (!near(v["gflops"], operations / step, 0.06 + 2 / step)) { print "wrong gflops"; exit 1 }
    if (NR % 2 == 0 && floor != before) { print "two floors for one pass"; exit 1 }
    before = floor
  }' || fail "inconsistent numbers: $lines"

table=$("$CAVIAR" bench --shape 64-64-32-10 --seconds 0 --gemm fixed)
[ "$(wc -l <<<"$table")" = 5 ] || fail "expected three lines of heading and two rows: $table"
[[ $table == *"PyTorch 1.13, another machine"* ]] || fail "PyTorch's column is not labelled: $table"
[[ $(sed -n 4p <<<"$table") == 64-64-32-10*training\ *fixed*347 ]] || fail "unexpected row: $table"
[[ $(sed -n 5p <<<"$table") == 64-64-32-10*inference\ *fixed* ]] || fail "unexpected row: $table"
one=$("$CAVIAR" bench --shape 64-64-32-10 --seconds 0 --gemm openblas --inference --json)
[ "$(wc -l <<<"$one")" = 1 ] || fail "one pass of one engine is one line: $one"
[[ $one == *'"inference"'*'"openblas"'* ]] || fail "not what was asked for: $one"

# An epoch's overhead; the optimizers, at two sizes each.
epoch=$("$CAVIAR" bench --epoch --seconds 0 --json)
pattern="\"us_per_step\": ?$number, ?\"shuffle_us\": ?$number, ?\"gather_us\": ?$number, ?\"share\": ?$number,"
[[ $epoch =~ $pattern ]] || fail "not the expected JSON: $epoch"
tr -d '"{} ' <<<"$epoch" | awk -F, '
  {
    for (i = 1; i <= NF; i++) { split($i, w, ":"); v[w[1]] = w[2] }
    share = (v["shuffle_us"] + v["gather_us"]) / v["us_per_step"]
    exit !(v["shuffle_us"] > 0 && v["gather_us"] > 0 && share - v["share"] < 0.002 && v["share"] - share < 0.002)
  }' || fail "share is not (shuffle + gather) / step: $epoch"
[[ $("$CAVIAR" bench --epoch --seconds 0) == *" % of its steps" ]] || fail "the epoch in words"
updates=$("$CAVIAR" bench --optimizers --seconds 0 --json)
optimizers=$("$CAVIAR" describe optimizer | wc -l)
[ "$(wc -l <<<"$updates")" = $((2 * optimizers)) ] || fail "$optimizers optimizers at two sizes: $updates"
# Of momentum 20 bytes a parameter are read or written.
grep '"momentum"' <<<"$updates" | tr -d '"{} ' | awk -F, '
  {
    for (i = 1; i <= NF; i++) { split($i, w, ":"); v[w[1]] = w[2] }
    bytes = v["gb_per_second"] * v["ns_per_parameter"]
    if (bytes < 19 || bytes > 21) { print "wrong GB/s: " $0; exit 1 }
    if (NR == 2 && (v["parameters"] < 9.9e6 || v["parameters"] > 1.01e7)) { print $0; exit 1 }
  }' || fail "inconsistent numbers: $updates"

# Teams: of one rank without mpirun, of two with it. Weights: 64 64 + 64 32 + 32 10, a bias, and 2 (64 + 32) of batch norm.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
# shellcheck disable=SC2016
check_ranks='
  function near(x, y) { return x - y < 0.001 + 0.01 * y && y - x < 0.001 + 0.01 * y } # rounded
  {
    for (i = 1; i <= NF; i++) { split($i, w, ":"); v[w[1]] = w[2] }
    if (v["sum"]) { sums++; if (v["ranks"] != size || !(v["sum_us"] + 0 > 0 && v["mpi_us"] + 0 > 0)) exit 1; next }
    team = v["shards"] < size ? v["shards"] : size
    if (v["ranks"] != team || v["floats"] != 6666 || v["batch"] != 64) exit 1
    cost = 100 * (v["one_us"] / v["unsharded_us"] - 1) - v["cost_percent"]
    if (!(cost < 0.1 && cost > -0.1)) exit 1
    if (team == 1 && (v["team_us"] v["ratio"] v["busy_us"] v["part_us"] v["sum_us"]) != "nullnullnullnullnull") exit 1
    if (team > 1 && !near(v["ratio"], v["one_us"] / v["team_us"])) exit 1
    if (team > 1 && !near(v["busy_ratio"], team * v["unsharded_us"] / v["busy_us"])) exit 1
    if (team > 1 && !(v["part_us"] + 0 > 0 && v["sum_us"] + 0 > 0)) exit 1
    if (team > 1 && (v["mpi_us"] + 0 > 0) != (team == job)) exit 1
    rows++
  }
  END { exit !(rows == 3 && sums == (size > 1)) }'
for job in 1 2 3; do
  launch=(mpirun -q --oversubscribe -n "$job")
  [ $job = 1 ] && launch=()
  lines=$("${launch[@]}" "$CAVIAR" bench --ranks --shards 1,2,4 --shape 64-64-32-10 --seconds 0 --json)
  [ "$(wc -l <<<"$lines")" -ge 3 ] || fail "$job ranks: $lines"
  # Three ranks make a team of two; MPI_Allreduce is over all ranks, so it has no place beside it.
  [ $job = 3 ] && lines=${lines//'"mpi_us": null, "ratio"'/'"mpi_us": 1, "ratio"'}
  tr -d '"{} ' <<<"$lines" | awk -F, -v job="$job" -v size=$((job < 2 ? 1 : 2)) "$check_ranks" || fail "$job ranks: $lines"
done
table=$(mpirun -q -n 2 --oversubscribe "$CAVIAR" bench --ranks --shards 8 --shape 64-64-32-10 --seconds 0)
[[ $table == *"busy: what ratio would be"* ]] || fail "the columns have no words: $table"
[[ $(tail -n 2 <<<"$table" | head -n 1) =~ ^64-64-32-10\ +64\ +8\ +2\ + ]] || fail "unexpected row: $table"
[[ $(tail -n 1 <<<"$table") == "a sum of 1,000,000 floats over 2 ranks: "*MPI_Allreduce* ]] || fail "no sum: $table"
# What needs one rank is done by one, and said once.
[ "$(mpirun -q -n 2 --oversubscribe "$CAVIAR" bench --epoch --seconds 0 --json | wc -l)" = 1 ] || fail "said twice"

cost=$("$CAVIAR" bench --shard-cost --seconds 0 --json)
[ "$(wc -l <<<"$cost")" = 12 ] || fail "two networks at six batches: $cost"
tr -d '"{} ' <<<"$cost" | awk -F, '
  {
    for (i = 1; i <= NF; i++) { split($i, w, ":"); v[w[1]] = w[2] }
    percent = 100 * (v["us_per_step"] / v["unsharded_us"] - 1) - v["percent"]
    if (v["shards"] != 8 || v["batch"] != 8 * v["shard_rows"]) exit 1
    if (!(percent < 0.05 && percent > -0.05)) exit 1
  }' || fail "inconsistent numbers: $cost"

expect_error 2 'goes with --ranks' --shards 2
expect_error 2 'powers of two up to 1024, e.g. 1,2,8; found "3"' --ranks --shards 3
expect_error 2 'found "1,"' --ranks --shards 1,
expect_error 2 'did you mean "64-64-32-10"' --shape 64-64-32
expect_error 2 'unknown option' --jsn
expect_error 2 'wants a value' --seconds
expect_error 2 'wants a number from 0 to 3600' --seconds fast
expect_error 2 'no matrix engine "mkl"' --gemm mkl
expect_error 2 'not an option' now
echo "bench: JSON, table and errors are as documented"
