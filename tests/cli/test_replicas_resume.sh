#!/bin/bash
# The twenty experiments of replicas/ are interrupted on one number of ranks and continued on another: SIGUSR1 to
# mpirun, SIGTERM to a process without it, kill -9 of a rank, of mpirun. The digest is the undisturbed one.
# CAVIAR_LONG=1: every experiment by every way, over more rank counts.
# shellcheck source=tests/cli/replicas.sh
. "$(dirname "$0")/replicas.sh"

# Each way: what happens on the ranks before the colon, then the ranks that continue; the last ones train to the end.
if [ -n "${CAVIAR_LONG:-}" ]; then
  ways=("USR1:2 8 0" "USR1:8 1 4" "TERM:0 8" "rank:4 2" "mpirun:8 2" "USR1:4 2 8" "rank:2 0 8" "USR1:0 2 4 8 1")
else
  ways=("USR1:2 8" "USR1:8 2" "TERM:0 4" "rank:4 0" "USR1:4 8" "mpirun:2 4" "USR1:8 0")
fi

saved() { # a checkpoint is newer than the mark
  local file
  for file in "$1"/checkpoints/*.h5; do [ "$file" -nt mark ] && return; done
  return 1
}

# begin DIR RANKS EXPERIMENT: in the background, a checkpoint at every step, until $moments times there was another one
begin() {
  local launcher=(mpirun -q -n "$2" --oversubscribe)
  [ "$2" = 0 ] && launcher=()
  : >mark
  "${launcher[@]}" "$CAVIAR" run "$3" checkpoint.every_seconds=0 --out "$1" >out 2>err &
  pid=$!
  for ((k = 0; k < moments; k++)); do
    await saved "$1"
    : >mark
  done
}

# interrupt HOW: what was begun; counts how often it came in the middle
interrupt() {
  local how=$1 victims
  case $how in
    USR1 | TERM) kill "-$how" $pid 2>/dev/null ;;
    mpirun) kill -9 $pid 2>/dev/null ;;
    rank) # the last of mpirun's children, or this process itself
      mapfile -t victims < <(pgrep -P $pid -x caviar)
      kill -9 "${victims[-1]:-$pid}" 2>/dev/null
      ;;
  esac
  over
  case $how:$code in
    *:0) return ;;
    USR1:75 | TERM:75 | mpirun:137 | rank:137) interrupted=$((interrupted + 1)) ;;
    *) fail "$name, interrupted by $how: exit $code" ;;
  esac
}

# through NAME HOW RANKS...: interrupted on all rank counts but the last
through() {
  local name=$1 how=$2 dir=run file n
  shift 2
  file=$(experiment "$name")
  rm -rf $dir
  while [ $# -gt 1 ]; do
    begin $dir "$1" "$file"
    interrupt "$how"
    begun=$((begun + 1))
    moments=$((begun * 3 % 5 + 1))
    shift
  done
  expect 0 "$want" ranks "$1" run "$file" --out $dir
  completed $dir "$trials"
  all_of $dir >got
  cmp -s want got || fail "$name: other results after $how: $(diff want got | cut -c 1-400)"
}

begun=0 interrupted=0 moments=1 i=0
for name in $(experiments); do
  expect 0 "" ranks 0 run "$(experiment "$name")" --out undisturbed
  want=$(digest undisturbed)
  all_of undisturbed >want
  trials=$(wc -l <want)
  rm -r undisturbed
  if [ -n "${CAVIAR_LONG:-}" ]; then chosen=("${ways[@]}"); else chosen=("${ways[i % ${#ways[@]}]}"); fi
  for way in "${chosen[@]}"; do
    read -ra counts <<<"${way#*:}"
    through "$name" "${way%%:*}" "${counts[@]}"
    echo "$name $want: ${way%%:*} over ${counts[*]} ranks"
  done
  i=$((i + 1))
done
[ $((2 * interrupted)) -ge $begun ] || fail "only $interrupted of $begun interruptions came in the middle of a training"
echo "$interrupted of $begun interruptions came in the middle; all is well"
