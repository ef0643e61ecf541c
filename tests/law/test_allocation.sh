#!/usr/bin/env bash
# Memory is asked for in base/arena.c only; the process is ended in runner/main.c only. By the text of the calls
# and, since a pointer to a function is a way too, by the symbols of the objects.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/law/law.sh
. "$here/law.sh"
: "${CAVIAR_BUILD:?the build folder; ctest sets it}"

allocating='malloc|calloc|realloc|reallocarray|free|strdup|strndup|aligned_alloc|posix_memalign|memalign|valloc'
allocating+='|alloca|asprintf|vasprintf|getline|getdelim|open_memstream'
ending='exit|_exit|_Exit|quick_exit|abort|MPI_Abort|assert'

report_calls() { # root, functions, the file where they belong
  local file calls
  # The plain search first: few files are left to be read as C.
  while read -r file; do
    [ "$file" != "$3" ] || continue
    calls=$(law_code "$1/$file" | grep -oE "(^|[^A-Za-z0-9_.>])($2)[[:space:]]*\(" || true)
    if [ -n "$calls" ]; then echo "$file: ${calls//$'\n'/, } but only $3 may"; fi
  done < <(cd "$1" && grep -lE "\b($2)[[:space:]]*\(" {base,nn,io,runner}/*.[ch])
}

check() {
  report_calls "$1" "$allocating" base/arena.c
  report_calls "$1" "$ending" runner/main.c
}

check_objects() { # archive
  nm -A -P -u "$1" 2>/dev/null | awk -v archive="${1##*/}" -v allocating="^($allocating)\$" \
    -v ending="^($ending|__assert_fail)\$" '
    { object = $1; sub(/^.*\[/, "", object); sub(/\]:$/, "", object) }
    $2 ~ allocating && object != "arena.c.o" { print archive ": " object " asks for " $2 }
    $2 ~ ending { print archive ": " object " asks for " $2 }'
}

law_holds
for archive in "$CAVIAR_BUILD"/{base/libbase,nn/libnn,nn/libnn_f64,io/libio,runner/librunner}.a; do
  report=$(check_objects "$archive")
  if [ -n "$report" ]; then
    law_say "$report"
    law_fail "the real libraries"
  fi
done
law_say "holds: the real libraries"

law_catches 'malloc in nn' nn/graph.c 'void *law(void) { return malloc(8); }'
law_catches 'free in io' io/json.c 'void law(void *p) { free (p); }'
law_catches 'strdup in the runner' runner/spec.c 'char *law(void) { return strdup("x"); }'
law_catches 'calloc in base' base/str.c 'void *law(void) { return calloc(1, 2); }'
law_catches 'a macro of a header' base/str.h '#define GRAB(n) malloc(n)'
law_catches 'exit in a command' runner/command.c 'void law(void) { if (1) exit(1); }'
law_catches 'abort in nn' nn/graph.c 'void law(void) { abort(); }'
law_catches 'MPI_Abort in the scheduler' runner/mpi_law.c 'void law(void) { MPI_Abort(MPI_COMM_WORLD, 1); }'
law_catches 'assert in io' io/json.c 'void law(int x) { assert(x); }'
law_allows 'the word in a comment and in a string' io/json.c '/* malloc(1); exit(1) */ extern char law[sizeof "free(x)"];'
law_allows 'a member and a longer name' io/json.c 'void law(struct law *s) { s->free(s); arena_free(0); s.exit(1); }'
law_allows 'exit in main' runner/main.c 'void law(void) { exit(0); }'

printf 'void free(void *); void *law = (void *)free;\n' >"$law_scratch/planted.c"
"${CC:-cc}" -c "$law_scratch/planted.c" -o "$law_scratch/planted.o"
"${AR:-ar}" qc "$law_scratch/libplanted.a" "$law_scratch/planted.o"
if check_objects "$law_scratch/libplanted.a" | grep -q 'planted.o asks for free'; then
  law_say 'caught: the address of free in an object'
else
  law_fail 'not caught: the address of free in an object'
fi
law_verdict
