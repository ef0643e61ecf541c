#!/bin/bash
# A job checks itself when it starts: ranks with another OpenBLAS, another program or other data are
# refused, by name, before anything is written; where it does not matter, they are not.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
small alike

# mixed FILE ARGUMENT...: two ranks of $CAVIAR, two of the command in the array `others`
mixed() {
  timeout 120 mpirun -q --oversubscribe -n 2 "$CAVIAR" run "$@" --out mixed : -n 2 "${others[@]}" run "$@" --out mixed
}
refused() { # TEXT, then as for mixed
  local text=$1
  shift
  expect 4 "$text" mixed "$@"
  [ "$(wc -l <err)" = 1 ] || fail "one line expected"
  [ ! -e mixed ] || fail "refused, but something was written"
}
machine() { # the value of a line of `caviar machine`
  "$CAVIAR" machine | sed -n "s/^$1  *//p"
}

# another OpenBLAS: refused where it computes, by the names of both; else the digest is the same
expect 0 "" ranks 0 run alike.yaml --out alone
own=$(machine OpenBLAS)
for core in Sandybridge Nehalem Prescott none; do
  [ $core = none ] && break
  theirs=$(OPENBLAS_CORETYPE=$core machine OpenBLAS)
  [ "$theirs" != "$own" ] && break
done
if [ "$core" = none ]; then
  echo "skipped: this OpenBLAS has one core type; no ranks with another"
else
  others=(env OPENBLAS_CORETYPE="$core" "$CAVIAR")
  refused "ranks 2-3 on $(hostname): OpenBLAS $theirs" alike.yaml train.gemm=openblas
  grep -qF "but rank 0 on $(hostname): $own" err || fail "rank 0's OpenBLAS is not named"
  refused "OpenBLAS $theirs" alike.yaml \
    search.trials=2 search.method=random 'search.parameters.train.gemm={values: [fixed, openblas]}'
  expect 0 "$(digest alone)" mixed alike.yaml
  rm -r mixed
fi

# the self-test: the same for both engines in every process, and OpenBLAS's differs from our own
[ "$(machine 'self-test, fixed')" = "$(OPENBLAS_CORETYPE=Nehalem machine 'self-test, fixed')" ] ||
  fail "the self-test of the fixed engine depends on OpenBLAS"
[ -n "$(machine 'self-test, fixed')" ] || fail "caviar machine shows no self-test"
[ "$(machine 'self-test, fixed')" != "$(machine 'self-test, openblas')" ] || fail "the engine is not used"

# another program: a copy in which one letter of the help is another
sed 's/train an experiment, alone/Train an experiment, alone/' "$CAVIAR" >other
chmod +x other
cmp -s other "$CAVIAR" && fail "the copy is no other program"
others=(./other)
refused "ranks 2-3 on $(hostname): program file" alike.yaml
grep -q 'but rank 0 on .*: [0-9a-f]\{32\}; the ranks run different programs' err || fail "both hashes"
cp "$CAVIAR" same
others=(./same)
expect 0 "$(digest alone)" mixed alike.yaml
rm -r mixed

# other data under the same name: the ranks start in other folders
mkdir one two
cp alike.yaml one
cp alike.yaml two
sed -i 's/rows: 400/rows: 60/' alike.yaml
"$CAVIAR_BUILD/tests/make_data" good one/data.h5
"$CAVIAR_BUILD/tests/make_data" other two/data.h5
sed -i 's/^data: .*/data: {file: data.h5}/' one/alike.yaml two/alike.yaml
there() { # COUNT COUNT: ranks in one, ranks in two
  timeout 120 mpirun -q --oversubscribe -n "$1" --wdir one "$CAVIAR" run alike.yaml --out "$work/there" \
    : -n "$2" --wdir two "$CAVIAR" run alike.yaml --out "$work/there"
}
expect 4 "rank 3 on $(hostname): fingerprint of the data" there 3 1
grep -q 'but rank 0 on .*: [0-9a-f]\{32\}; the ranks read different data' err || fail "rank 0's fingerprint is not named"
[ ! -e there ] || fail "refused, but something was written"
"$CAVIAR_BUILD/tests/make_data" good two/data.h5
expect 0 "" there 2 2
cmp -s <(digest there) <(ranks 0 run one/alike.yaml --out alone_there | sed -n 's/^digest *//p') ||
  fail "two copies of the data give another digest than one"
echo "all is well"
