#!/usr/bin/env bash
# A rank that waits too long for another says for whom and in what, and in the end ends the job with exit code 75.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
: "${CAVIAR_BUILD:?the build folder; ctest sets it}"
host=$(uname -n)

# stall CODE KIND SECONDS
stall() {
  local want=$1 code=0
  shift
  timeout 100 mpirun -q -n 2 --oversubscribe "$CAVIAR_BUILD/tests/stall_ranks" "$@" >out 2>err || code=$?
  [ "$code" = "$want" ] || fail "stall_ranks $*: exit $code, expected $want"
}

# says TIMES PATTERN: so many lines of stderr match
says() {
  [ "$(grep -cE -- "$2" err)" = "$1" ] || fail "expected $1 times: $2"
}

stall 0 sum 3.5
says 1 "trial 17: rank 0 on $host has waited 1 s for rank 1 on $host \(sum of the gradients\)"
says 1 "trial 17: rank 0 on $host has waited 2 s for rank 1 on $host \(sum of the gradients\)"
says 2 'has waited'

stall 0 sum 0.1
says 0 .

stall 75 sum 60
says 5 'trial 17: rank 0 on .* has waited (1|2|4|8|10) s for rank 1 on .* \(sum of the gradients\)'
says 1 'rank 0 gives up, so the job ends; look at rank 1 '

stall 0 itself 3
says 0 .

stall 0 agree 2.6
says 1 "rank 0 on $host has waited 1 s for rank 1 on $host \(how its start went\)"
says 1 "rank 0 on $host has waited 2 s for rank 1"
says 2 'has waited'

stall 75 agree 60
says 1 'rank 0 gives up, so the job ends; look at rank 1 '

# Both see it; the first to say so ends the job.
stall 1 differ 0
sum='collective 1, sum of the gradients of 64' moments='collective 1, batch-norm moments of 63'
grep -qE "trial 17: rank (0 on $host is in its $sum, rank 1 on $host is in its $moments|1 on $host is in its $moments, rank 0 on $host is in its $sum): a bug" err ||
  fail "no word on two collectives"
