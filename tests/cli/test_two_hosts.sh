#!/bin/bash
# Two hosts (network namespaces with names and shared memory of their own): a search, and one trial that is trained over
# both of them, have the digest of one process; also after a stop, and after a rank on the other host was killed.
# shellcheck source=tests/cli/two_hosts.sh
. "$(dirname "$0")/two_hosts.sh"
two_hosts_up
two_hosts_launcher 4
[ "$("${launcher[@]}" hostname 9>&- | sort | uniq -c | tr -s ' \n' ' ')" = " 2 left 2 right " ] || fail "not two hosts"

both_hosts() { # ranks, arguments of caviar
  two_hosts_launcher "$1"
  shift
  timeout 300 "${launcher[@]}" "$CAVIAR" "$@" 9>&-
}

hosts_of() { # of a run: all that are named
  "$CAVIAR" show "$1" --json | grep -oE '"(left|right)"' | sort -u | tr -d '"' | tr '\n' ' '
}

# ---- a search ----------------------------------------------------------------------------------------
search=$(experiment search)
expect 0 "" ranks 0 run "$search" search.trials=12 --out alone
want=$(digest alone)
for n in 2 4; do
  expect 0 "$want" both_hosts $n run "$search" search.trials=12 --out search$n
  completed search$n 12
  [ "$(hosts_of search$n)" = "left right " ] || fail "trials on $(hosts_of search$n)"
done
rm -r alone

# ---- one trial ---------------------------------------------------------------------------------------
for name in batch-norm exact clip-norm; do
  for shards in 4 8; do
    file=$(experiment $name)
    expect 0 "" ranks 0 run "$file" train.shards=$shards --out alone
    want=$(digest alone)
    all_of alone >want
    for n in 2 4; do
      expect 0 "$want" both_hosts $n run "$file" train.shards=$shards --out together
      all_of together >got
      cmp -s want got || fail "$name on $n ranks of two hosts: other results: $(diff want got | cut -c 1-400)"
      rm -r together
    done
    rm -r alone
  done
done

# ---- stopped and killed on two hosts, continued on one -----------------------------------------------
file=$(experiment residual)
expect 0 "" ranks 0 run "$file" --out alone
want=$(digest alone)

begin() { # directory: four ranks in the background, until there is a checkpoint
  two_hosts_launcher 4
  "${launcher[@]}" "$CAVIAR" run "$file" checkpoint.every_seconds=0 --out "$1" >out 2>err 9>&- &
  pid=$!
  await test -s "$1/checkpoints/trial-000000.h5"
}
for how in USR1 rank; do
  begin $how
  case $how in
    USR1) kill -USR1 $pid ;;
    rank) kill -9 "$(on right pgrep -x caviar --ns "$(cat host-right)" --nslist net | tail -n 1)" ;;
  esac
  over
  case $how:$code in
    USR1:75 | rank:137) ;;
    *) fail "$how on two hosts: exit $code" ;;
  esac
  expect 0 "$want" ranks 2 run "$file" --out $how
  completed $how 1
done
echo "all is well"
