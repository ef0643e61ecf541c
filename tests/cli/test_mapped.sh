#!/bin/bash
# A dataset of 200 MB that several ranks train on is in memory once, and need not be in memory as a whole: two ranks share
# its pages (smaps), a process that may not have 100 MB of its own trains on it (RLIMIT_DATA), and two ranks that may
# together have 120 MB, pages of the file among them (a memory control group, where we may make one).
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"
: "${CAVIAR_BUILD:?the build folder; ctest sets it}"
data=$PWD/large.h5 megabytes=200

group=
away() { # the group goes when its processes have gone
  local i
  leave
  for ((i = 0; i < 100; i++)); do
    if [ -z "$group" ] || rmdir "$group" 2>/dev/null; then return; fi
    sleep 0.05
  done
}
trap away EXIT

"$CAVIAR_BUILD/tests/make_data" large "$data" || fail "no dataset"
[ "$(stat -c %s "$data")" -gt $((megabytes * 1000000)) ] || fail "the dataset is small"
cat >large.yaml <<YAML
seed: 2
data: {file: $data, split: {train: 0.98, validation: 0.01, test: 0.01}}
model: {layers: [{dense: {units: 16}}, batch_norm, relu, {dense: {units: classes}}]}
train: {steps: 15, batch_size: 200, shards: 2, optimizer: {name: adam, learning_rate: 0.001}}
YAML
expect 0 "" ranks 0 run large.yaml --out alone
want=$(digest alone)

# ---- one copy ------------------------------------------------------------------------------------------
mpirun -q --oversubscribe -n 2 "$CAVIAR" run large.yaml train.steps=100000 checkpoint.every_seconds=0.1 --out two >out 2>err &
pid=$!
await test -s two/checkpoints/trial-000000.h5

# of NAME: kB of all ranks, of what is mapped from the dataset; own: of what is not mapped from any file
of_data() {
  local p
  for p in $(pgrep -P $pid -x caviar); do cat "/proc/$p/smaps"; done |
    awk -v file="$data" -v key="$1:" '/^[0-9a-f]+-/ { ours = $NF == file } ours && $1 == key { n += $2 } END { print n + 0 }'
}
own() {
  local p
  for p in $(pgrep -P $pid -x caviar); do grep Pss_Anon: "/proc/$p/smaps_rollup"; done | awk '{ n += $2 } END { print n + 0 }'
}
# two ranks touch all of it within an epoch or so
touched() {
  [ "$(of_data Rss)" -gt $((2 * megabytes * 900)) ]
}
await touched
rss=$(of_data Rss) pss=$(of_data Pss) anonymous=$(own)
[ "$rss" -gt $((2 * megabytes * 900)) ] || fail "the two ranks have only $rss kB of the dataset in memory"
[ "$pss" -lt $((megabytes * 1020)) ] || fail "two ranks hold $pss kB of a dataset of $megabytes MB: more than one copy"
[ "$anonymous" -lt $((megabytes * 500)) ] || fail "two ranks have $anonymous kB of their own"
kill -USR1 $pid
over
[ $code = 75 ] || fail "stopped: exit $code"
echo "two ranks: $((pss / 1000)) MB of $megabytes MB in common, $((anonymous / 1000)) MB of their own"

# ---- less memory than data -----------------------------------------------------------------------------
limited() { # kB, arguments
  (ulimit -d "$1" && shift && exec timeout 300 "$CAVIAR" run large.yaml "$@" >out 2>err)
}
limited 100000 --out limited || fail "100 MB of its own are not enough"
[ "$(digest limited)" = "$want" ] || fail "another digest with little memory"
limited 4000 --out starved && fail "4 MB of its own are enough: the limit is none"

# a group whose limit counts the file's pages too; those that are in memory already are others'
new_group() {
  local v1=/sys/fs/cgroup/memory v2=/sys/fs/cgroup
  if mkdir "$v1/caviar-test-$$" 2>/dev/null; then
    group=$v1/caviar-test-$$ limit=memory.limit_in_bytes met=memory.failcnt
  elif grep -qsw memory $v2/cgroup.subtree_control && mkdir "$v2/caviar-test-$$" 2>/dev/null; then
    group=$v2/caviar-test-$$ limit=memory.max met=memory.events
  fi
  [ -n "$group" ] && [ -w "$group/$limit" ] && echo $((120 * 1000000)) >"$group/$limit"
}
met_limit() { # how often
  case $met in
    memory.failcnt) cat "$group/$met" ;;
    *) sed -n 's/^max //p' "$group/$met" ;;
  esac
}
# in_group DIR [PATH=VALUE]: two ranks in the group, with a cold file; what they read from the disk is in `bytes_read`
in_group() {
  local dir=$1
  shift
  sync "$data"
  dd of="$data" oflag=nocache conv=notrunc,fdatasync count=0 2>/dev/null
  (
    echo $BASHPID >"$group/cgroup.procs"
    timeout 300 mpirun -q --oversubscribe -n 2 "$CAVIAR" run large.yaml "$@" --out "$dir" >out 2>err || exit 1
    sed -n 's/^read_bytes: //p' /proc/$BASHPID/io >bytes_read 2>/dev/null || true # of its children too
  ) || fail "$dir: two ranks in a group of 120 MB"
}
if new_group 2>/dev/null; then
  in_group group
  [ "$(digest group)" = "$want" ] || fail "another digest in a group of 120 MB"
  [ "$(met_limit)" -gt 0 ] || fail "the limit of the group was never met"
  echo "two ranks in a group of 120 MB: the limit was met $(met_limit) times"
  # Rows of 4 kB lie in two pages; half are in memory. A disk that reads what lies around, too, reads ten times as much.
  if [ -s bytes_read ]; then
    before=$(cat bytes_read) rows=$((60 * 200))
    in_group longer train.steps=75
    more=$(($(cat bytes_read) - before))
    echo "$rows rows more: $((more / 1000000)) MB more read from the disk"
    [ "$more" -lt $((rows * 16384)) ] || fail "$rows rows of 4 kB: $more bytes read from the disk"
  else
    echo "skipped: /proc does not say here what is read from the disk"
  fi
else
  echo "skipped: no control group whose memory could be limited"
fi
echo "all is well"
