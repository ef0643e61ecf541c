# shellcheck shell=bash
# For the tests of the program from outside: `. "$(dirname "$0")/lib.sh"`. A new folder is the current
# directory, and goes with the test.
set -uo pipefail
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 LC_ALL=C
unset NO_COLOR

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
  echo "FAILED: $*" >&2
  for log in out err; do
    [ -s $log ] && sed "s/^/  $log: /" $log >&2
  done
  exit 1
}

# says ARGUMENT...: grep -q of all that comes. grep alone leaves at the first match, and who still writes then dies of it.
says() {
  local text
  text=$(cat)
  grep -q "$@" <<<"$text"
}

# ranks N ARGUMENT...: caviar on N ranks; 0: without mpirun
ranks() {
  local n=$1
  shift
  if [ "$n" = 0 ]; then
    timeout 300 "$CAVIAR" "$@"
  else
    timeout 300 mpirun -q -n "$n" --oversubscribe "$CAVIAR" "$@"
  fi
}

# expect CODE TEXT COMMAND...: the exit code, and TEXT once and for all on stderr (on stdout for code 0)
expect() {
  local want=$1 text=$2 code=0 where=err
  shift 2
  "$@" >out 2>err || code=$?
  [ "$code" = "$want" ] || fail "$*: exit $code, expected $want"
  [ "$want" = 0 ] && where=out
  [ -z "$text" ] || [ "$(grep -cF -- "$text" $where)" = 1 ] ||
    fail "$*: expected exactly one line with: $text"
  if grep -qE 'MPI_ABORT|\*\*\* |Segmentation|\[[0-9]+\] /|Sanitizer' err; then
    fail "$*: a stack trace or an abort of MPI"
  fi
}

digest() {
  "$CAVIAR" digest "$1"
}

# small NAME [LINE...]: an experiment of a fraction of a second
small() {
  local name=$1
  shift
  {
    echo "name: $name"
    echo "seed: 7"
    echo "data: {source: {name: blobs, rows: 400}}"
    echo "model: {layers: [{dense: {units: 8}}, batch_norm, relu, {dense: {units: classes}}],"
    echo "        loss: softmax_cross_entropy}"
    echo "train: {epochs: 3, batch_size: 32}"
    printf '%s\n' "$@"
  } >"$name.yaml"
}

# A search of twelve trials, as a line for `small`.
export search12='search: {method: random, trials: 12, parameters: {train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}}}'
