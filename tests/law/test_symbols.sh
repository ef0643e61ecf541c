#!/usr/bin/env bash
# What the libraries ask of others, by their undefined symbols: libnn.a only what the allow-list names; nobody a
# function of libm whose result differs between machines; and nn keeps no writable data.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/law/law.sh
. "$here/law.sh"
: "${CAVIAR_BUILD:?the build folder; ctest sets it}"
if ! command -v nm >/dev/null || ! command -v size >/dev/null; then
  echo "skipped: nm and size (binutils) are not installed"
  exit 77
fi

# nn may ask for: base (by prefix), memory and string functions that touch nothing else, CBLAS, five of libm.
nn_allowed='^((arena|cpu|err|fm|kind|moments|param|rng|scalar|str|sum)_[a-z0-9_]+'
nn_allowed+='|nn_[a-z0-9_]+'
nn_allowed+='|memcpy|memmove|memset|memcmp|strcmp|strncmp|strlen|strchr|strrchr|bcmp'
nn_allowed+='|cblas_[a-z_]+|openblas_(set_num_threads|get_config|get_corename)'
nn_allowed+='|sqrt|sqrtf|fma|fmaf|floor|floorf|fabs|fabsf'
nn_allowed+='|__(asan|ubsan)_[a-z0-9_]+|__stack_chk_fail|__popcountdi2|_GLOBAL_OFFSET_TABLE_)$'

# libm's functions whose last bits are the library's choice, and generators with a state
inexact='^(exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|cbrt|hypot|sin|cos|tan|sincos|asin|acos|atan|atan2'
inexact+='|sinh|cosh|tanh|asinh|acosh|atanh|erf|erfc|lgamma|tgamma|j0|j1|jn|y0|y1|yn)(f|l)?$'
inexact+='|^(rand|srand|random|srandom|drand48|lrand48|srand48|rand_r)$'

undefined_symbols() { # archive -> "object symbol", what no object of the archive defines
  nm -A -P "$1" 2>/dev/null | awk '
    { object = $1; sub(/^.*\[/, "", object); sub(/\]:$/, "", object) }
    $3 == "U" || $3 == "w" || $3 == "v" { wants[object " " $2] = $2; next }
    { has[$2] = 1 }
    END { for (w in wants) if (!(wants[w] in has)) print w }' | sort
}

check_nn() { # archive
  local object symbol
  while read -r object symbol; do
    [[ $symbol =~ $nn_allowed ]] || echo "${1##*/}: $object asks for $symbol, which nn may not know"
  done < <(undefined_symbols "$1")
}

check_inexact() { # archive
  local object symbol
  while read -r object symbol; do
    [[ $symbol =~ $inexact ]] && echo "${1##*/}: $object calls $symbol; use base/fmath.h, base/rng.h"
  done < <(undefined_symbols "$1")
  return 0
}

# Everything that the system's libm exports, besides the four (and their f variants) whose results are exact.
libm=$("${CC:-cc}" -print-file-name=libm.so.6)
libm_symbols=$(nm -D --defined-only "$libm" 2>/dev/null | awk '{ sub(/@.*/, "", $3); print $3 }' |
  grep -vxE '(sqrt|fma|floor|fabs)f?' | sort -u)
[ -n "$libm_symbols" ] || law_fail "no list of libm's symbols: $libm"

check_libm() { # archive, which objects (a pattern): no libm but sqrt, fma, floor, fabs
  local object symbol
  while read -r object symbol; do
    [[ $object =~ ${2:-.} ]] || continue
    grep -qxF "$symbol" <<<"$libm_symbols" && echo "${1##*/}: $object calls libm's $symbol; use base/fmath.h"
  done < <(undefined_symbols "$1")
  return 0
}

check_samplers() { # archive: the runner's files that decide which points are tried
  check_libm "$1" '^(sampl|space)'
}

check_state() { # archive; constants with addresses in them (.data.rel.ro) are no state
  if nm "$1" 2>/dev/null | grep -q ' __asan_'; then return 0; fi # the sanitizers add data of their own
  size -A "$1" | awk -v archive="${1##*/}" '
    / : | *\(ex / { object = $1 }
    $1 ~ /^\.(data|bss|tdata|tbss)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
      print archive ": " object " keeps " $2 " bytes of writable data in " $1 }'
}

report=$(
  for archive in "$CAVIAR_BUILD"/nn/lib{nn,nn_f64}.a; do
    check_nn "$archive"
    check_state "$archive"
  done
  for archive in "$CAVIAR_BUILD"/{base/libbase,nn/libnn,nn/libnn_f64}.a; do check_libm "$archive"; done
  check_samplers "$CAVIAR_BUILD/runner/librunner.a"
  for archive in "$CAVIAR_BUILD"/{base/libbase,nn/libnn,nn/libnn_f64,io/libio,runner/librunner}.a; do
    [ -e "$archive" ] || echo "$archive is not there"
    check_inexact "$archive"
  done
)
if [ -n "$report" ]; then
  law_say "$report"
  law_fail "the real libraries"
else
  law_say "holds: the real libraries"
fi

# A planted object among the real ones: the checker named first must report it, or, for "nobody", none.
plant() { # checker or nobody, what, C text, among which library (nn/libnn), as which object (planted)
  local checker=$1 what=$2 archive=$law_scratch/libplanted.a object=$law_scratch/${5:-planted}.o found
  printf '%s\n' "$3" >"$law_scratch/planted.c"
  "${CC:-cc}" -O1 -fno-builtin -c "$law_scratch/planted.c" -o "$object"
  cp "$CAVIAR_BUILD/${4:-nn/libnn}.a" "$archive"
  "${AR:-ar}" q "$archive" "$object" 2>/dev/null
  if [ "$checker" = nobody ]; then
    found=$(check_nn "$archive" && check_inexact "$archive" && check_libm "$archive" && check_state "$archive")
    if [ -n "$found" ]; then law_fail "reported although it is legal: $what ($found)"; else law_say "allowed: $what"; fi
    return
  fi
  found=$("$checker" "$archive")
  if grep -q 'planted' <<<"$found"; then law_say "caught: $what"; else law_fail "not caught: $what"; fi
}

plant check_nn 'stdio in nn' '#include <stdio.h>
void planted(void); void planted(void) { puts("x"); }'
plant check_nn 'malloc in nn' '#include <stdlib.h>
void *planted(void); void *planted(void) { return malloc(8); }'
plant check_nn 'the clock in nn' '#include <time.h>
long planted(void); long planted(void) { return (long)time(0); }'
plant check_nn 'the environment in nn' '#include <stdlib.h>
char *planted(void); char *planted(void) { return getenv("X"); }'
plant check_nn 'MPI in nn' 'int MPI_Barrier(int); int planted(void); int planted(void) { return MPI_Barrier(0); }'
plant check_nn 'the address of a function' 'void abort(void); void (*planted(void))(void);
void (*planted(void))(void) { return abort; }'
plant check_nn 'expf in nn' 'float expf(float); float planted(float x); float planted(float x) { return expf(x); }'
plant check_libm 'rint in nn' 'double rint(double); double planted(double x); double planted(double x) { return rint(x); }'
plant check_libm 'log2f in base' 'float log2f(float); float planted(float x); float planted(float x) { return log2f(x); }' \
  base/libbase
plant check_samplers 'log1p in a sampler' 'double log1p(double); double planted(double x);
double planted(double x) { return log1p(x); }' runner/librunner sampler_planted
plant check_inexact 'tanhf' 'float tanhf(float); float planted(float x); float planted(float x) { return tanhf(x); }'
plant check_inexact 'pow' 'double pow(double, double); double planted(double x);
double planted(double x) { return pow(x, 1.5); }'
plant check_inexact 'rand' 'int rand(void); int planted(void); int planted(void) { return rand(); }'
if ! nm "$CAVIAR_BUILD/nn/libnn.a" 2>/dev/null | grep -q ' __asan_'; then
  plant check_state 'a counter that is kept' 'int planted(void); int planted(void) { static int n; return ++n; }'
  plant check_state 'a writable table' 'extern int planted_table[2]; int planted_table[2] = {1, 2};'
fi
plant nobody 'sqrtf, fmaf, memcpy, a constant table' 'float sqrtf(float); float fmaf(float, float, float);
void *memcpy(void *, const void *, unsigned long); float planted(float x, float *y);
static float (*const table[])(float) = {sqrtf}; extern float (*const *planted_table)(float);
float planted(float x, float *y) { memcpy(y, &x, 4); return fmaf(table[x > 1](x), x, x); }'
law_verdict
