#!/bin/bash
# Twenty experiments (replicas/*.yaml), each computed as eight shards: one digest, and the same curves to the last bit,
# without mpirun and on 2, 4 and 8 ranks that train together. CAVIAR_LONG=1: on all of them, three times over.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

# counts NUMBER: the rank counts for the experiment of that number
counts() {
  if [ -n "${CAVIAR_LONG:-}" ]; then
    echo 1 2 4 8 2 4 8 2 4 8
    return
  fi
  case $(($1 % 3)) in
    0) echo 2 8 ;;
    1) echo 4 2 ;;
    2) echo 8 4 ;;
  esac
}

i=0
for name in $(experiments); do
  expect 0 "" ranks 0 run "$(experiment "$name")" --out alone
  want=$(digest alone)
  [[ $want =~ ^[0-9a-f]{32}$ ]] || fail "$name: not a digest: $want"
  all_of alone >want
  trials=$(wc -l <want)
  completed alone "$trials"
  for n in $(counts $i); do
    expect 0 "$want" ranks "$n" run "$(experiment "$name")" --out together
    completed together "$trials"
    all_of together >got
    cmp -s want got || fail "$name: other results on $n ranks: $(diff want got | cut -c 1-400)"
    rm -r together
  done
  rm -r alone
  echo "$name $want on $(counts $i) ranks"
  i=$((i + 1))
done
[ $i = 20 ] || fail "$i experiments, not twenty"

# one digest does not come of all being the same
expect 0 "" ranks 2 run "$(experiment batch-norm)" --out eight
expect 0 "" ranks 2 run "$(experiment batch-norm)" train.shards=2 --out two
[ "$(digest eight)" != "$(digest two)" ] || fail "the number of shards does not count"
echo "all is well"
