#!/bin/bash
# A sample of faults.sh (all of it: CAVIAR_LONG=1), and what a person may do to a disk: a directory that may only be
# read, a disk that is full from the start and one that fills, a run directory that goes away. Also under the sanitizers.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
: "${SHIM:?}"
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 # of Open MPI's; cli/test_leaks.sh looks for ours

if [ -n "${CAVIAR_LONG:-}" ]; then
  bash "$CAVIAR_SOURCE/tests/faults/faults.sh" || fail "a fault was not recovered from"
else
  bash "$CAVIAR_SOURCE/tests/faults/faults.sh" --every 151 --seconds 30 || fail "a fault was not recovered from"
fi

small s "$search12"
expect 0 "" ranks 0 run s.yaml --out whole
want=$(digest whole)

# as root these need a file system of their own, as others a directory without permissions will do
mounted=
leave() {
  [ -z "$mounted" ] || umount -l "$mounted"
  rm -rf "$work"
}
trap leave EXIT
mkdir disk
if mount -t tmpfs -o size=1m none disk 2>/dev/null; then
  mounted=$work/disk
  # full from the start
  head -c 2m /dev/zero >disk/filler 2>/dev/null
  expect 4 "No space left on device" ranks 0 run s.yaml --out disk/run
  rm disk/filler
  expect 0 "$want" ranks 0 run s.yaml --out disk/run
  # fills in the middle: the journal first, then checkpoints
  for kib in 4 8 16 24 40 80; do
    rm -rf disk/run disk/filler
    head -c $(($(df --output=avail -k disk | tail -n 1) - kib))k /dev/zero >disk/filler
    code=0
    ranks 2 run s.yaml --out disk/run >out 2>err || code=$?
    [ $code = 0 ] || { [ $code = 4 ] && grep -q "No space left on device\|no room" err; } ||
      fail "$kib KiB: exit $code"
    rm disk/filler
    expect 0 "$want" ranks 0 run s.yaml --out disk/run
    echo "$kib KiB free: exit $code, then 0"
  done
  mount -o remount,ro disk
  expect 0 "" "$CAVIAR" show disk/run
  expect 4 "Read-only file system" ranks 0 run s.yaml --out disk/run
  expect 4 "Read-only file system" ranks 2 run s.yaml --out disk/new
elif [ "$(id -u)" = 0 ]; then
  echo "skipped: root may not mount here, so no disk was full or read-only"
else
  echo "skipped: only root can mount, so no disk was full"
  mkdir shut && chmod a-w shut
  expect 4 "Permission denied" ranks 0 run s.yaml --out shut/run
  chmod u+w shut
fi

# the run directory goes away: the search ends and says so; if it was only moved, it goes on where it is now
long=(run s.yaml train.epochs=100000 checkpoint.every_seconds=0.1 --out)
for how in removed moved; do
  "$CAVIAR" "${long[@]}" gone >out 2>err &
  pid=$!
  while [ ! -s gone/journal ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
  case $how in
    removed) rm -r gone ;;
    moved) mv gone elsewhere ;;
  esac
  sleep 0.3
  kill -TERM $pid 2>/dev/null
  code=0
  wait $pid || code=$?
  case $how:$code in
    removed:4) grep -q 'gone/' err || fail "$how: no word of where" ;;
    moved:75 | moved:4) ;;
    *) fail "$how: exit $code" ;;
  esac
  rm -rf gone
done
expect 75 "of 12 trials are finished" "$CAVIAR" digest elsewhere
echo "all is well"
