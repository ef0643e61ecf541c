#!/usr/bin/env bash
# The set-up of ./quickstart and ./run-tests, with stubs for the system: what it installs, what it says where it may not,
# and that it goes on where everything is there.
set -euo pipefail
: "${CAVIAR_SOURCE:?the repository; ctest sets it}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $1"
  sed 's/^/    /' "$scratch/out"
  exit 1
}

# A machine: a folder of commands and nothing else. pkg-config knows the modules that lie in modules/.
make_machine() { # user id, commands...
  rm -rf "${scratch:?}"/{bin,modules,log}
  mkdir "$scratch/bin" "$scratch/modules"
  : >"$scratch/log"
  local tool
  for tool in bash env cut xargs awk grep sed cat rm touch mkdir echo nproc; do
    ln -s "$(type -P "$tool")" "$scratch/bin/$tool"
  done
  stub id "echo $1"
  stub pkg-config "[ -e '$scratch/modules/'\"\$2\" ]"
  shift
  for tool in "$@"; do stub "$tool" true; done
}

stub() {
  printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}

have_modules() {
  local module
  for module in "$@"; do touch "$scratch/modules/$module"; done
}

set_up() {
  (cd "$CAVIAR_SOURCE" && PATH=$scratch/bin bash -c '. cmake/setup.sh; setup_packages "$@"; echo "went on"' - "$@") \
    >"$scratch/out" 2>&1 </dev/null
}

all_modules=(yaml-0.1 hdf5-serial openblas jansson libxxhash zlib)
all_tools=(cc cmake ninja mpicc mpirun)

# Everything there: nothing is installed, whoever asks.
make_machine 1000 "${all_tools[@]}" sudo apt-get
have_modules "${all_modules[@]}"
set_up build || fail 'a complete machine is refused'
grep -q 'went on' "$scratch/out" || fail 'did not go on'
grep -q 'installing' "$scratch/out" && fail 'installs although all is there'

# make does instead of ninja, h5cc instead of a pkg-config file.
make_machine 1000 cc cmake make mpicc mpirun h5cc
have_modules yaml-0.1 openblas jansson libxxhash zlib
set_up build || fail 'make and h5cc are not taken'

# No rights: says what is missing, by name, and stops.
make_machine 1000 cc cmake ninja mpirun apt-get
have_modules yaml-0.1 hdf5-serial openblas libxxhash zlib
set_up build && fail 'goes on without jansson and mpicc'
grep -q 'jansson .*libjansson-dev' "$scratch/out" || fail 'does not name jansson'
grep -q 'libopenmpi-dev' "$scratch/out" || fail 'does not name Open MPI'
grep -q 'libyaml-dev\|openmpi-bin' "$scratch/out" && fail 'names what is there'
grep -q 'went on' "$scratch/out" && fail 'went on without a required package'

# Root: apt-get installs exactly what is missing.
make_machine 0 cc cmake ninja mpirun mpicc
have_modules yaml-0.1 hdf5-serial openblas libxxhash
stub apt-get "echo \"apt-get \$*\" >>'$scratch/log'; case \"\$*\" in *install*) touch '$scratch/modules/jansson' '$scratch/modules/zlib';; esac"
set_up build || fail 'root cannot install'
grep -q '^apt-get install .* libjansson-dev zlib1g-dev$' "$scratch/log" || fail 'installs something else'
grep -q 'installing with apt-get: libjansson-dev zlib1g-dev' "$scratch/out" || fail 'does not say what it installs'

# Another user with sudo: through sudo.
make_machine 1000 cc cmake ninja mpirun mpicc
have_modules yaml-0.1 hdf5-serial openblas libxxhash zlib
stub sudo "[ \"\$1\" = -n ] && exit 0; echo \"sudo \$*\" >>'$scratch/log'; exec \"\$@\""
stub apt-get "case \"\$*\" in *install*) touch '$scratch/modules/jansson';; esac"
set_up build || fail 'sudo does not install'
grep -q '^sudo apt-get update' "$scratch/log" || fail 'no update through sudo'
grep -q '^sudo env .*apt-get install .*libjansson-dev$' "$scratch/log" || fail 'no install through sudo'

# An installation that fails is not believed.
make_machine 0 cc cmake ninja mpirun mpicc
have_modules yaml-0.1 hdf5-serial openblas libxxhash zlib
stub apt-get 'echo "E: unable to locate package" >&2; exit 100'
set_up build && fail 'goes on after apt-get failed'
grep -q 'libjansson-dev' "$scratch/out" || fail 'does not say what is still missing'

# What only the tests want and can do without does not stop them.
make_machine 1000 "${all_tools[@]}" git
have_modules "${all_modules[@]}" cmocka
set_up build test || fail 'stops for an optional package'
grep -q 'shellcheck .*optional' "$scratch/out" || fail 'does not say what is optional'
rm "$scratch/modules/cmocka"
set_up build test && fail 'goes on without cmocka'
grep -q 'libcmocka-dev' "$scratch/out" || fail 'does not name cmocka'
echo "set-up: all machines as expected"
