# shellcheck shell=bash
# For the tests of trials that several ranks train: `. "$(dirname "$0")/replicas.sh"`, which is lib.sh and more.
# replicas/*.yaml are the experiments: each differs from the others in something that could depend on ranks.
# shellcheck source=tests/cli/lib.sh
. "${CAVIAR_SOURCE:?}/tests/cli/lib.sh" || exit 1

# What a test started in the background ends with it; mpirun takes its ranks along.
pid=
leave() {
  if [ -n "$pid" ]; then kill -9 "$pid" 2>/dev/null; fi
  rm -rf "$work"
}
trap leave EXIT

# await COMMAND...: until it succeeds, or the process `pid` is over; fails the test where neither is after a minute
await() {
  local i
  for ((i = 0; i < 6000; i++)); do
    if "$@" || ! kill -0 "$pid" 2>/dev/null; then return; fi
    sleep 0.01
  done
  fail "a minute is over, and not: $*"
}

# over: waits for the process `pid`; sets code
over() {
  code=0
  await false
  wait "$pid" || code=$?
  pid=
}

# finished RUN: how many of its trials have a result
finished() {
  grep -cs '"type": "trial"' "$1/journal" || true
}

# steps RUN EACH: how many updates its finished trials, of EACH, and the checkpoints of the others have
steps() {
  local over saved
  read -r over saved < <("$CAVIAR" status "$1" --json 2>/dev/null |
    sed -nE 's/.*"done": ([0-9]+),.*"saved_steps": ([0-9]+),.*/\1 \2/p')
  echo $((${over:-0} * $2 + ${saved:-0}))
}

experiments() { # names, one a line
  local file
  for file in "$CAVIAR_SOURCE"/tests/cli/replicas/*.yaml; do basename "$file" .yaml; done
}

experiment() { # the file of that name
  echo "$CAVIAR_SOURCE/tests/cli/replicas/$1.yaml"
}

# all_of RUN: everything that is known of all trials but times and places: curves, weights, counts
all_of() {
  "$CAVIAR" show "$1" --json | sed -E 's/"(seconds|rank|host)": ("[^"]*"|[^,}]*)(, )?//g
    s/"team": \[(\{[^}]*\}(, )?)*\](, )?//'
}

# teams RUN TRIAL: the teams that trained it, one a line: from which step on, and its ranks
teams() {
  "$CAVIAR" show "$1" "$2" --json | grep -oE '"step": [0-9]+, "ranks": \[[0-9, ]*\]' |
    sed -E 's/"step": ([0-9]+), "ranks": \[(.*)\]/\1: \2/; s/,//g'
}

# members RUN TRIAL: how many ranks the last of its teams has
members() {
  teams "$1" "$2" | tail -n 1 | sed 's/.*: //' | wc -w
}

# every trial of RUN is there, once, and COMPLETED; in the record too
completed() { # run, how many trials
  local n
  n=$("$CAVIAR" show "$1" --json | grep -o '"status": "COMPLETED"' | wc -l)
  [ "$n" = "$2" ] || fail "$1: $n of $2 trials are COMPLETED"
  n=$(h5dump -d /trials/status "$1/results.h5" | grep -o '"COMPLETED"' | wc -l)
  [ "$n" = "$2" ] || fail "$1/results.h5: $n of $2 trials are COMPLETED"
}
