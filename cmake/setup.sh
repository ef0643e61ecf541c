# shellcheck shell=bash
# Set-up shared by ./quickstart and ./run-tests: sourced by them, from the top of the repository.
#
#   setup_packages build        what building and running caviar takes
#   setup_packages build test   and what the tests take besides
#   setup_compile DIR OPTION..  configures and builds into DIR
#   setup_mpi                   lets Open MPI run here: as root, in a container

setup_bold='' setup_plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then setup_bold=$'\033[1m' setup_plain=$'\033[0m'; fi

say() {
  printf '%s==> %s%s\n' "$setup_bold" "$*" "$setup_plain"
}

# What is needed; for what; how its presence is seen; Debian and Ubuntu package; required or optional
setup_needs='
C compiler                     ;build;command -v cc                 ;gcc libc6-dev   ;required
CMake 3.20 or later            ;build;command -v cmake              ;cmake           ;required
Ninja or make                  ;build;command -v ninja || command -v make;ninja-build;required
pkg-config                     ;build;command -v pkg-config         ;pkg-config      ;required
Open MPI, its compiler wrapper ;build;command -v mpicc              ;libopenmpi-dev  ;required
Open MPI, mpirun               ;build;command -v mpirun             ;openmpi-bin     ;required
libyaml                        ;build;pkg-config --exists yaml-0.1  ;libyaml-dev     ;required
HDF5, serial C library         ;build;pkg-config --exists hdf5-serial || pkg-config --exists hdf5 || command -v h5cc;libhdf5-dev;required
OpenBLAS with CBLAS            ;build;pkg-config --exists openblas  ;libopenblas-serial-dev;required
jansson                        ;build;pkg-config --exists jansson   ;libjansson-dev  ;required
xxHash                         ;build;pkg-config --exists libxxhash ;libxxhash-dev   ;required
zlib                           ;build;pkg-config --exists zlib      ;zlib1g-dev      ;required
cmocka                         ;test ;pkg-config --exists cmocka    ;libcmocka-dev   ;required
git                            ;test ;command -v git                ;git             ;optional
shellcheck                     ;test ;command -v shellcheck         ;shellcheck      ;optional
HDF5 command line tools        ;test ;command -v h5dump             ;hdf5-tools      ;optional
clang, for a second opinion    ;test ;command -v clang              ;clang           ;optional
Slurm, for a virtual cluster    ;test ;[ -x /usr/sbin/slurmctld ] && command -v sbatch;slurmctld slurmd slurm-client;optional
python3 with h5py, jsonschema, yaml;test;setup_python          ;python3-h5py python3-jsonschema python3-yaml;optional
'

# A python3 that has what the tests import: the first on the path, or else the system's.
setup_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import h5py, jsonschema, yaml' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  return 1
}

# The rows of the table, for these purposes, that are not there.
setup_missing() {
  local what purpose probe package kind
  while IFS=';' read -r what purpose probe package kind; do
    [ -n "$what" ] || continue
    [[ " $* " == *" ${purpose// /} "* ]] || continue
    (eval "$probe") >/dev/null 2>&1 || printf '%s|%s|%s\n' "$(xargs <<<"$what")" "$(xargs <<<"$package")" "$kind"
  done <<<"$setup_needs"
}

# How to run apt-get here: nothing for root, sudo where that works; fails where neither does.
setup_as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    echo env
  elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    echo sudo
  else
    return 1
  fi
}

setup_install() { # packages
  local as_root
  as_root=$(setup_as_root) || return 1
  command -v apt-get >/dev/null || return 1
  say "installing with apt-get${as_root/env/}: $*"
  "$as_root" apt-get update -q &&
    "$as_root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

setup_packages() {
  local missing packages
  missing=$(setup_missing "$@")
  if [ -z "$missing" ]; then
    say "all packages are there"
    return
  fi
  packages=$(cut -d'|' -f2 <<<"$missing" | xargs)
  # shellcheck disable=SC2086
  setup_install $packages || say "nothing could be installed from here"
  missing=$(setup_missing "$@")
  [ -z "$missing" ] && return
  say "still missing; install the package of that name, or load your cluster's module (module avail):"
  awk -F'|' '{ printf "    %-38s Debian, Ubuntu: %-18s %s\n", $1, $2, $3 == "optional" ? "(optional: some tests are skipped)" : "" }' <<<"$missing"
  if grep -q '|required$' <<<"$missing"; then exit 1; fi
}

setup_compile() { # folder, cmake options
  local folder=$1
  shift
  local generator=()
  if [ ! -e "$folder/CMakeCache.txt" ] && command -v ninja >/dev/null; then generator=(-G Ninja); fi
  say "building into $folder/"
  cmake -S . -B "$folder" "${generator[@]}" "$@" >"$folder.log" 2>&1 || {
    cat "$folder.log"
    exit 1
  }
  rm -f "$folder.log"
  cmake --build "$folder" --parallel "$(setup_cores)"
}

setup_cores() {
  nproc 2>/dev/null || getconf _NPROCESSORS_ONLN
}

setup_mpi() {
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  # Containers often forbid one process to read another's memory; Open MPI then goes through shared memory.
  export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
}
