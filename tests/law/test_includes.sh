#!/usr/bin/env bash
# Which folder may include what, and which file may know which library (CONTRIBUTING.md, the law).
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/law/law.sh
. "$here/law.sh"

# folder -> folders whose headers it may name ("nn/nn.h"); its own it names plainly ("kinds.h")
declare -A may_include=([base]='' [nn]='base' [io]='base' [runner]='base io nn')

# header -> the files that may include it; a header in no row must be one of the C library (below)
libraries=(
  'mpi.h          runner/main.c runner/mpi_*.c runner/mpi_*.h'
  'yaml.h         io/yaml_read.c'
  'jansson.h      io/json_read.c'
  'xxhash.h       io/hash.c'
  'hdf5.h         io/h5*.c io/h5*.h io/dataset*.c'
  'hdf5_hl.h      -'
  'zlib.h         io/*.c'
  'cblas.h        nn/gemm_openblas.c'
  'immintrin.h    nn/kernel_*.c nn/columns.h'
  'xmmintrin.h    base/cpu.c'
  'cpuid.h        base/cpu.c'
  'sanitizer/asan_interface.h  base/arena.c'
)
# nn knows no files, clock, environment or stdio
nn_libc=' assert.h float.h limits.h math.h stdbool.h stddef.h stdint.h string.h '

allowed_place() { # header, file: does a row allow it? 2: no row
  local row words pattern
  for row in "${libraries[@]}"; do
    read -r -a words <<<"$row"
    [ "${words[0]}" = "$1" ] || continue
    for pattern in "${words[@]:1}"; do
      # shellcheck disable=SC2053
      [[ $2 == $pattern ]] && return 0
    done
    return 1
  done
  return 2
}

is_libc() { # as the compiler's own search finds it in no package of the list above
  [[ $1 =~ ^(assert|complex|ctype|errno|fcntl|fenv|float|getopt|inttypes|limits|locale|math|poll|pthread|sched|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|termios|time|unistd|wchar|dirent|glob|fnmatch|ftw|netdb|pwd|spawn|sys/[a-z]+)\.h$ ]]
}

check_quoted() { # root, folder, file, header
  local to=${4%%/*}
  if [ "$to" = "$4" ]; then
    [ -e "$1/$2/$4" ] || echo "$3: includes \"$4\", which is not in $2/"
  elif [ "$to" = "$2" ]; then
    echo "$3: writes \"$4\" for a header of its own folder"
  elif [[ " ${may_include[$2]} " != *" $to "* ]]; then
    echo "$3: $2/ may not include \"$4\""
  fi
}

check_angled() { # folder, file, header
  local status=0
  allowed_place "$3" "$2" || status=$?
  if [ "$status" -eq 1 ]; then
    echo "$2: <$3> has no place in this file"
  elif [ "$status" -eq 2 ] && ! is_libc "$3"; then
    echo "$2: <$3> is not of the C library; a library needs a row in tests/law/test_includes.sh"
  elif [ "$status" -eq 2 ] && [ "$1" = nn ] && [[ $nn_libc != *" $3 "* ]]; then
    echo "$2: <$3>: nn knows no files, clock, environment or stdio"
  fi
}

check() {
  local root=$1 file line header
  local pattern='^[^:]*:[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]*)[>"]'
  while read -r line; do
    [[ $line =~ $pattern ]] || continue
    file=${line%%:*} header=${BASH_REMATCH[2]}
    if [ "${BASH_REMATCH[1]}" = '<' ]; then
      check_angled "${file%%/*}" "$file" "$header"
    else
      check_quoted "$root" "${file%%/*}" "$file" "$header"
    fi
  done < <(cd "$root" && grep -EH '^[[:space:]]*#[[:space:]]*include' {base,nn,io,runner}/*.[ch])
}

law_holds
law_catches 'MPI in nn' nn/graph.c '#include <mpi.h>'
law_catches 'MPI in a plain file of the runner' runner/spec.c '#  include <mpi.h>'
law_catches 'libyaml in a second file' io/json.c '#include <yaml.h>'
law_catches 'jansson in the runner' runner/spec.c '#include <jansson.h>'
law_catches 'HDF5 in the runner' runner/data.c '#include <hdf5.h>'
law_catches 'CBLAS in a second file of nn' nn/layer_dense.c '#include <cblas.h>'
law_catches 'stdio in nn' nn/graph.c '#include <stdio.h>'
law_catches 'the clock in nn' nn/model_step.c '#include <time.h>'
law_catches 'io in nn' nn/graph.c '#include "io/yaml.h"'
law_catches 'nn in io' io/json.c '#include "nn/nn.h"'
law_catches 'nn in base' base/str.c '#include "nn/nn.h"'
law_catches 'a way round by ../' base/str.c '#include "../io/json.h"'
law_catches 'the runner in io' io/json.c '#include "runner/spec.h"'
law_catches 'a library without a row' io/json.c '#include <curl/curl.h>'
law_catches 'a header that is not there' io/json.c '#include "nowhere.h"'
law_allows 'base in nn' nn/graph.c '#include "base/rng.h"'
law_allows 'MPI in a file of that name' runner/mpi_law.c '#include <mpi.h>'
law_allows 'an include in a comment' nn/graph.c '/* #include <mpi.h> */'
law_verdict
