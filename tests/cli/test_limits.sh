#!/bin/bash
# What a shell or a batch system may have set before the program starts: standard streams that are closed, a limit on the
# size of files or on processor time. No result is lost and no file is written into by accident.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

small s "$search12"
sed -i 's/epochs: 3/epochs: 60/' s.yaml
expect 0 "" ranks 0 run s.yaml --out undisturbed
want=$(digest undisturbed)

# interrupted, with damaged checkpoints of the trial it was at: something will be said on stderr while the journal is open
interrupted() { # DIR
  local file
  "$CAVIAR" run s.yaml checkpoint.every_seconds=0 --out "$1" >out 2>err &
  pid=$!
  await [ -s "$1/checkpoints/trial-000000.h5" ]
  kill -9 $pid
  wait $pid 2>/dev/null
  pid=
  for file in "$1/checkpoints/trial-$(printf %06d "$(finished "$1")")"*; do
    [ ! -f "$file" ] || truncate -s 3000 "$file"
  done
}

# closed: each of the standard streams, and several at once
closed() { # DIR STREAMS
  interrupted "$1"
  case $2 in
    in) "$CAVIAR" run s.yaml --out "$1" <&- >out 2>err ;;
    out) "$CAVIAR" run s.yaml --out "$1" >&- 2>err ;;
    err) "$CAVIAR" run s.yaml --out "$1" >out 2>&- ;;
    out-err) "$CAVIAR" run s.yaml --out "$1" >&- 2>&- ;;
    all) "$CAVIAR" run s.yaml --out "$1" <&- >&- 2>&- ;;
  esac
}
for streams in in out err out-err all; do
  closed "c-$streams" $streams || fail "$streams closed: exit $?"
  expect 0 "$want" "$CAVIAR" digest "c-$streams"
  expect 0 "is in order" "$CAVIAR" fsck "c-$streams"
  grep warning "c-$streams/journal" "c-$streams/lock" && fail "$streams closed: words in a file"
done
interrupted said
expect 0 "" "$CAVIAR" run s.yaml --out said
grep -q warning err || fail "nothing was said where somebody listens"

# A limit on the size of files, at each size: as a full disk, with a reason, and what was there goes on.
for kib in 1 4 16; do
  code=0
  (
    ulimit -f $kib
    exec "$CAVIAR" run s.yaml --out "f-$kib" >out 2>err
  ) || code=$?
  [ $code = 4 ] || fail "$kib KiB a file: exit $code"
  grep -q 'File too large\|no room' err || fail "$kib KiB a file: exit 4 without a reason"
  expect 0 "$want" ranks 0 run s.yaml --out "f-$kib"
done

# A limit on processor time, and a terminal that goes away: as when it is asked to stop.
(
  ulimit -St 1
  exec "$CAVIAR" run s.yaml train.epochs=100000 search.trials=1 --out seconds >out 2>err
)
[ $? = 75 ] || fail "a second of processor"
env --default-signal=HUP "$CAVIAR" run s.yaml train.epochs=100000 search.trials=1 checkpoint.every_seconds=0 --out gone >out 2>err &
pid=$!
await [ -f gone/checkpoints/trial-000000.h5 ]
kill -HUP $pid
over
[ $code = 75 ] || fail "a terminal that goes away: exit $code"
for dir in seconds gone; do [ "$(steps $dir 0)" -gt 0 ] || fail "$dir: nothing was saved"; done
echo "all is well"
