#include "identity.h"

#include <string.h>

#include "command.h"
#include "io/files.h"
#include "io/h5.h"
#include "mpi_world.h"
#include "nn/gemm.h"
#include "selftest.h"
#include "trial.h"

static const char other_program[] =
    "the ranks run different programs; start the same file on all hosts";
static const char other_libraries[] =
    "the ranks load different libraries; use the same installation on all hosts";
static const char other_text[] =
    "the ranks read the experiment differently; start the same program on all hosts";
static const char other_blas[] =
    "train.gemm: openblas gives other bits with each; set OPENBLAS_CORETYPE alike on all hosts, or "
    "use train.gemm: fixed";
static const char other_results[] =
    "the ranks run different programs, BLAS kernels or processors: results would not be the same";
static const char other_data[] =
    "the ranks read different data; give all hosts the same files under the same path";

static void add(Identity *id, const char *name, const char *value, const char *why) {
  id->lines[id->n++] = (IdentityLine){name, value, why};
}

/* xxh128 of the file that this process runs; "unknown" where the system does not show it. */
static const char *program_hash(Arena *a) {
  Arena scratch;
  arena_init(&scratch);
  char *bytes, *hex = ARENA_ARRAY(a, char, HASH_HEX);
  size_t n;
  Err e = {0};
  if (file_read(&scratch, "/proc/self/exe", 0, &bytes, &n, &e) == OK) {
    Hash *h = hash_new(&scratch);
    hash_add(h, bytes, n);
    hash_hex(h, hex);
  } else {
    hex = arena_strdup(a, "unknown");
  }
  arena_free(&scratch);
  return hex;
}

void identity_program(Arena *a, Identity *out) {
  *out = (Identity){0};
  add(out, "caviar", arena_printf(a, "%s, %s", command_version(), TRIAL_NUMERICS), other_program);
  add(out, "program file", program_hash(a), other_program);
  add(out, "HDF5", h5_library_version(a), other_libraries);
  add(out, "libyaml", yaml_library_version(), other_libraries);
  add(out, "MPI", world_mpi_version(a), other_libraries);
}

/* By the file's own word, or in some trial of its search. */
static bool uses_openblas(const Spec *s) {
  if (s->cost.text) return false;
  if (str_eq(spec_gemm_names[s->train.gemm], "openblas")) return true;
  for (int i = 0; i < s->search.space.n; i++)
    if (str_eq(s->search.space.dims[i].path, "train.gemm")) return true;
  return false;
}

static const char *text_hash(Arena *a, const char *text) {
  Arena scratch;
  arena_init(&scratch);
  char *hex = ARENA_ARRAY(a, char, HASH_HEX);
  Hash *h = hash_new(&scratch);
  hash_add_text(h, text);
  hash_hex(h, hex);
  arena_free(&scratch);
  return hex;
}

/* A test that fails here gives why as its value: it will not be what others have. */
static const char *self_test(Arena *a, const char *gemm) {
  char *hex = ARENA_ARRAY(a, char, HASH_HEX);
  Err e = {0};
  return selftest_hash(gemm, cpu_level(), hex, &e) == OK ? hex : arena_strdup(a, e.text);
}

void identity_experiment(Arena *a, const Spec *s, Identity *out) {
  bool openblas = uses_openblas(s);
  *out = (Identity){0};
  add(out, "experiment", text_hash(a, spec_text(a, s, SPEC_FOR_DIGEST)), other_text);
  if (openblas) add(out, "OpenBLAS", nn_openblas_config(), other_blas);
  add(out, "self-test", self_test(a, openblas ? "openblas" : "fixed"), other_results);
  add(out, "processor", cpu_level_name(cpu_level()), NULL);
}

void identity_data(const char *fingerprint, Identity *out) {
  *out = (Identity){0};
  add(out, "fingerprint of the data", fingerprint, other_data);
}

char *identity_text(Arena *a, const Identity *id) {
  Str out = str_new(a);
  for (int i = 0; i < id->n; i++) str_addf(&out, "%s\t%s\n", id->lines[i].name, id->lines[i].value);
  return arena_strdup(a, str_text(&out));
}
