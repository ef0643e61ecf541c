/*
 * Files that accidents and strangers have changed. A bit that flips anywhere in a checkpoint, a record, a
 * dataset or a journal is found or changes nothing; a file that was cut off is named; a trial goes on
 * from the checkpoint before; what libhdf5 does not survive ends another process.
 *
 * CAVIAR_LONG in the environment: 2,000 flips a file in place of 100.
 */
#include "trial_rig.h"

#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/files.h"
#include "io/h5.h"
#include "io/h5_guard.h"
#include "io/h5_walk.h"
#include "io/journal.h"
#include "runner/plan.h"
#include "runner/record.h"
#include "runner/run_dir.h"
#include "runner/trial_model.h"

/* HDF5 1.10 itself loses some memory when it meets a damaged header. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libhdf5";
}

static const char text[] =
    "name: t\n"
    "data: {source: {name: blobs, rows: 60, features: 3}}\n"
    "model: {layers: [{dense: {units: 4}}, batch_norm, relu, {dense: {units: "
    "classes}}], loss: softmax_cross_entropy}\n"
    "train: {epochs: 4, batch_size: 8}\n"
    "checkpoint: {every_seconds: 1000}\n";

static Arena *arena;
static char dir[64];

static int setup(void **state) {
  arena_begin(state);
  arena = *state;
  strcpy(dir, "damage_XXXXXX");
  return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state) {
  int left = system(arena_printf(arena, "rm -rf %s", dir));
  return arena_end(state) | left;
}

static const char *in_dir(const char *name) {
  return file_join(arena, dir, name);
}

/* ---- the subjects ---------------------------------------------------------------------------- */

typedef struct {
  int left; /* steps until it is stopped */
} Stop;

static bool stop_now(void *ctx) {
  return ((Stop *)ctx)->left-- == 0;
}

/* Trains trial 0, stopped after so many steps (-1: never). */
static Status train(Arena *a, int steps, TrialResult *r) {
  const Spec *s = rig_load(a, text);
  Stop stop = {.left = steps};
  const TrialEnv env = {.data = trial_rig_data(a, s),
                        .cpu = cpu_level(),
                        .checkpoint_dir = dir,
                        .hooks = {.ctx = &stop, .stop = steps >= 0 ? stop_now : NULL}};
  Err e = {0};
  Status status = trial_run(a, &env, s, 0, r, &e);
  if (status != OK && status != E_STOPPED) fail_msg("%s", e.text);
  return status;
}

static const char *checkpoint(void) {
  return trial_checkpoint_path(arena, dir, 0);
}

static const char *previous(void) {
  return trial_checkpoint_previous(arena, dir, 0);
}

static const char *make_dataset(void) {
  static const char *const names[] = {"ant", "bee", "wasp"};
  static const char *const columns[] = {"length", "width"};
  enum { N = 4000, D = 2 };
  float *x = ARENA_ARRAY(arena, float, N *D);
  int32_t *y = ARENA_ARRAY(arena, int32_t, N);
  for (int i = 0; i < N * D; i++) x[i] = (float)i / 7;
  for (int i = 0; i < N; i++) y[i] = i % 3;
  const IoDataset d = {.n = N,
                       .d = D,
                       .x_type = IO_F32,
                       .x = x,
                       .labels = y,
                       .n_classes = 3,
                       .class_names = (const char **)names,
                       .feature_names = (const char **)columns};
  Err e = {0};
  const char *path = in_dir("data.h5");
  if (io_dataset_write(&d, path, &e) != OK) fail_msg("%s", e.text);
  return path;
}

/* A run of one trial: its journal, its results.h5. */
static const char *make_run(void) {
  const Spec *s = rig_load(arena, text);
  const char *path = in_dir("run");
  TrialResult r;
  Err e = {0};
  RunDir run;
  Str json = str_new(arena);
  const RunHead head = {.caviar = "0",
                        .numerics = TRIAL_NUMERICS,
                        .name = "t",
                        .file = "t.yaml",
                        .directory = ".",
                        .n_trials = 1,
                        .repeats = 1,
                        .identity = spec_text(arena, s, SPEC_FOR_DIGEST),
                        .data = "d",
                        .commit = "unknown",
                        .diff = ""};
  assert_int_equal(train(arena, -1, &r), OK);
  trial_write_json(&r, &json);
  if (run_dir_open(arena, path, s, &head, &run, &e) != OK ||
      run_dir_record(&run, str_text(&json), &e) != OK || record_publish(&run, &e) != OK ||
      run_dir_close(&run, &e) != OK)
    fail_msg("%s", e.text);
  return path;
}

/* ---- what a file says ------------------------------------------------------------------------ */

/* Reads all of a file into a text; an error names the file. */
typedef Status Look(Arena *a, const char *path, Str *out, Err *e);

static Status look_h5(Arena *a, const char *path, Str *out, Err *e) {
  H5In *in;
  H5Walked w;
  (void)a;
  TRY(h5_open(&in, path, e));
  Status s = h5_walk(in, WALK_STRICT, &w, e);
  h5_close(in);
  if (s == OK) str_add(out, w.content);
  return s;
}

/* Some flips make HDF5 1.10 free memory that it has not set: with h5_guard another process ends then. */
static bool survives(const char *path) {
  int status = 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (int i = 0; i < COUNT(signals); i++) signal(signals[i], SIG_DFL);
    if (!freopen("/dev/null", "w", stderr)) _exit(1);
    _exit(h5_guard_survive(path));
  }
  while (waitpid(pid, &status, 0) != pid) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static Status look_model(Arena *a, const char *path, Str *out, Err *e) {
  TrialModel m;
  TRY(trial_model_open(a, path, cpu_level(), &m, e));
  size_t n;
  const Real *w = nn_model_vector(m.model, NN_WEIGHTS, &n);
  for (size_t i = 0; i < n; i++) str_addf(out, "%a ", (double)w[i]);
  trial_write_json(&m.result, out);
  trial_model_close(&m);
  return OK;
}

static Status look_dataset(Arena *a, const char *path, Str *out, Err *e) {
  IoDataset d;
  TRY(io_dataset_open(a, path, &d, e));
  str_add(out, d.fingerprint);
  for (int i = 0; i < d.n_classes; i++) str_add(out, d.class_names[i]);
  for (int i = 0; d.feature_names && i < d.d; i++) str_add(out, d.feature_names[i]);
  io_dataset_close(&d);
  return OK;
}

static Status add_record(void *ctx, const char *json, size_t n, Err *e) {
  (void)n, (void)e;
  str_add(ctx, json);
  return OK;
}

static Status look_journal(Arena *a, const char *path, Str *out, Err *e) {
  (void)a;
  return journal_read(path, add_record, out, e);
}

static const struct {
  const char *what;
  Look *look;
  bool
      prefix; /* a torn end is left out: what is before it is good, and the rest is trained again */
} looks[] = {{"checkpoint", look_h5, false},
             {"model", look_model, false},
             {"dataset", look_dataset, false},
             {"record", look_h5, false},
             {"journal", look_journal, true}};

static const char *make(int which) {
  TrialResult r;
  if (which == 2) return make_dataset();
  if (which == 3) return file_join(arena, make_run(), "results.h5");
  if (which == 4) return in_dir("run/journal");
  assert_int_equal(train(arena, -1, &r), OK);
  return checkpoint();
}

/* ---- bits that flip -------------------------------------------------------------------------- */

static void flip(const char *path, size_t bit) {
  unsigned char c = 0;
  int fd = open(path, O_RDWR);
  assert_true(fd >= 0 && pread(fd, &c, 1, (off_t)(bit / 8)) == 1);
  c = (unsigned char)(c ^ 1u << bit % 8);
  assert_int_equal(pwrite(fd, &c, 1, (off_t)(bit / 8)), 1);
  close(fd);
}

typedef struct {
  int found, same, silent;
} Outcome;

/* n single bits, spread over the file by a keyed generator. */
static Outcome flip_bits(const char *path, Look *look, bool prefix, int n) {
  Arena a = {0};
  Err e = {0};
  Outcome all = {0};
  char *bytes;
  size_t size;
  Str right = str_new(arena);
  if (file_read(arena, path, 0, &bytes, &size, &e) != OK || look(arena, path, &right, &e) != OK)
    fail_msg("%s", e.text);
  Rng random = rng_stream(3, RNG_TEST, size, 0);
  for (int i = 0; i < n; i++) {
    const size_t bit = (size_t)(rng_f64(&random) * (double)(8 * size));
    arena_init(&a);
    Str got = str_new(&a);
    e = (Err){0};
    flip(path, bit);
    Status s = prefix || survives(path) ? look(&a, path, &got, &e)
                                        : err_set(&e, E_DATA, "%s: crashes HDF5", path);
    flip(path, bit);
    if (s != OK && !str_starts(e.text, path)) fail_msg("which file? %s", e.text);
    const bool same = str_eq(str_text(&got), str_text(&right)) ||
                      (prefix && str_starts(str_text(&right), str_text(&got)));
    *(s != OK ? &all.found : same ? &all.same : &all.silent) += 1;
    arena_free(&a);
  }
  return all;
}

static void test_flips(void **state) {
  (void)state;
  const int n = getenv("CAVIAR_LONG") ? 2000 : 100;
  for (int i = 0; i < COUNT(looks); i++) {
    const Outcome o = flip_bits(make(i), looks[i].look, looks[i].prefix, n);
    print_message("%s: %d flips found, %d hit nothing, %d silent\n", looks[i].what, o.found, o.same,
                  o.silent);
    assert_int_equal(o.silent, 0);
    assert_true(o.found > 0);
  }
}

/* The check itself: numbers without a checksum are read back wrong, and it says so. */
static void test_flips_of_what_is_not_checked(void **state) {
  (void)state;
  static double x[2000];
  const int64_t dims[1] = {COUNT(x)};
  const char *path = in_dir("unchecked.h5");
  H5Out *o;
  Err e = {0};
  if (h5_create(&o, &e) != OK || h5_put(o, "/numbers", H5_F64, dims, 1, x, false, &e) != OK ||
      h5_publish(o, path, &e) != OK)
    fail_msg("%s", e.text);
  assert_true(flip_bits(path, look_h5, false, 40).silent > 10);
}

/* ---- files that end too early ---------------------------------------------------------------- */

static void test_cut_off(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    Arena a = {0};
    Err e = {0};
    char *bytes;
    size_t n;
    const char *path = make(i);
    arena_init(&a);
    Str right = str_new(&a);
    if (file_read(&a, path, 0, &bytes, &n, &e) != OK || looks[i].look(&a, path, &right, &e) != OK)
      fail_msg("%s", e.text);
    assert_true(n > 2 * 4096);
    for (size_t cut = 0; cut < n; cut += 4096) {
      Str out = str_new(&a);
      e = (Err){0};
      assert_int_equal(truncate(path, (off_t)cut), 0);
      Status status = looks[i].look(&a, path, &out, &e);
      if (status == OK && cut + 4096 > n) { /* behind the end that the file itself names */
        assert_string_equal(str_text(&out), str_text(&right));
        continue;
      }
      if (status != E_DATA || !str_starts(e.text, path))
        fail_msg("%s cut off at %zu of %zu: %s", looks[i].what, cut, n, e.text);
      if (file_write(path, bytes, n, &e) != OK) fail_msg("%s", e.text);
    }
    print_message("%s: cut off at each of %zu places, never silent\n", looks[i].what,
                  (n + 4095) / 4096);
    arena_free(&a);
  }
}

/* ---- the checkpoint before ------------------------------------------------------------------- */

static void spoil(const char *path) {
  assert_int_equal(truncate(path, 3000), 0);
}

static void same_weights(const TrialResult *a, const TrialResult *b) {
  assert_int_equal(b->status, TRIAL_COMPLETED);
  assert_string_equal(a->weights, b->weights);
}

static void test_fall_back(void **state) {
  (void)state;
  TrialResult whole, r;
  Err e = {0};
  assert_int_equal(trial_checkpoint_remove(dir, 0, &e), OK);
  assert_int_equal(train(arena, -1, &whole), OK);
  assert_false(file_exists(previous()));
  for (int spoiled = 0; spoiled < 4; spoiled++) { /* bit 0: the newest, bit 1: the one before */
    assert_int_equal(trial_checkpoint_remove(dir, 0, &e), OK);
    assert_int_equal(train(arena, 5, &r), E_STOPPED);
    assert_false(file_exists(previous()));
    assert_int_equal(train(arena, 5, &r), E_STOPPED);
    assert_true(file_exists(previous()) && file_exists(checkpoint()));
    if (spoiled & 1) spoil(checkpoint());
    if (spoiled & 2) spoil(previous());
    assert_int_equal(train(arena, 1, &r), E_STOPPED);
    /* what could not be used has not taken the place of what could */
    Str out = str_new(arena);
    assert_int_equal(look_h5(arena, checkpoint(), &out, &e), OK);
    if (spoiled < 3) assert_int_equal(look_h5(arena, previous(), &out, &e), OK);
    assert_int_equal(train(arena, -1, &r), OK);
    same_weights(&whole, &r);
    assert_false(file_exists(previous()));
  }
  /* killed between the two renames */
  assert_int_equal(trial_checkpoint_remove(dir, 0, &e), OK);
  assert_int_equal(train(arena, 5, &r), E_STOPPED);
  assert_int_equal(rename(checkpoint(), previous()), 0);
  assert_int_equal(train(arena, -1, &r), OK);
  same_weights(&whole, &r);
}

/* ---- the other process ----------------------------------------------------------------------- */

/* h5_guard with a program of these lines in place of caviar. */
static Status guard_with(const char *file, const char *lines, Err *e) {
  const char *program = in_dir("program.sh"),
             *script = arena_printf(arena, "#!/bin/sh\n%s\n", lines);
  assert_int_equal(file_write(program, script, strlen(script), e), OK);
  assert_int_equal(chmod(program, 0755), 0);
  h5_guard_program(program);
  Status s = h5_guard(file, e);
  h5_guard_program(NULL);
  return s;
}

static void test_guard(void **state) {
  (void)state;
  static const struct {
    const char *lines, *says;
    Status status;
  } cases[] = {{"kill -SEGV $$", "the HDF5 library crashes on it (signal 11)", E_DATA},
               {"kill -XCPU $$", "the HDF5 library does not come to an end with it", E_DATA},
               {"ulimit -t 1; while :; do :; done", "was killed (signal 9); try again", E_IO},
               {"exit 4", "asks for too much memory with it (exit 4)", E_DATA},
               {"kill -KILL $$", "was killed (signal 9); try again", E_IO},
               {"[ -z \"$OMPI_COMM_WORLD_RANK\" ] && [ \"$2\" = --survive ] || exit 1", "", OK}};
  const char *path = make_dataset();
  setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  for (int i = 0; i < COUNT(cases); i++) {
    Err e = {0};
    assert_int_equal(guard_with(path, cases[i].lines, &e), cases[i].status);
    if (cases[i].status == OK) continue;
    assert_true(str_starts(e.text, path));
    assert_contains(e.text, cases[i].says);
  }
  unsetenv("OMPI_COMM_WORLD_RANK");
  Err e = {0}; /* who came back well is not looked at again, until it changes */
  assert_int_equal(guard_with(path, "exit 1", &e), OK);
  flip(path, 0);
  assert_int_equal(guard_with(path, "exit 1", &e), E_DATA);
  e = (Err){0};
  h5_guard_program("/no/such/program");
  assert_int_equal(h5_guard(path, &e), E_IO);
  h5_guard_program(NULL);
}

/* ---- files that were made to do harm --------------------------------------------------------- */

static void walk_bad(hid_t file, const char *path, const char *says) {
  H5In *in;
  H5Walked w;
  Err e = {0};
  assert_true(H5Fclose(file) >= 0);
  assert_int_equal(h5_open(&in, path, &e), OK);
  assert_int_equal(h5_walk(in, WALK_SURVIVE, &w, &e), OK);
  assert_int_equal(h5_walk(in, WALK_STRICT, &w, &e), E_DATA);
  h5_close(in);
  assert_true(str_starts(e.text, path));
  assert_contains(e.text, says);
}

static void test_hostile(void **state) {
  (void)state;
  const char *path = in_dir("hostile.h5");
  hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("/etc/passwd", "/x", f, "out", H5P_DEFAULT, H5P_DEFAULT);
  walk_bad(f, path, "/out is a link to somewhere else, which is not followed");
  f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/", f, "again", H5P_DEFAULT, H5P_DEFAULT);
  walk_bad(f, path, "/again is a link to somewhere else, which is not followed");
  f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(f, "/", g, "up", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(f, "/g", g, "me", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(g);
  walk_bad(f, path, "lies deeper than 16 groups, or its groups lie in a circle");
  f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t compound = H5Tcreate(H5T_COMPOUND, 8), space = H5Screate(H5S_SCALAR);
  H5Tinsert(compound, "a", 0, H5T_NATIVE_DOUBLE);
  hid_t set = H5Dcreate2(f, "pair", compound, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dclose(set), H5Tclose(compound), H5Sclose(space);
  walk_bad(f, path, "/pair holds neither numbers nor text");
}

static herr_t no_filter_set(hid_t dcpl, hid_t type, hid_t space) {
  (void)dcpl, (void)type, (void)space;
  return 0;
}

static size_t no_filter(unsigned flags, size_t n, const unsigned *values, size_t bytes,
                        size_t *size, void **buffer) {
  (void)flags, (void)n, (void)values, (void)size, (void)buffer;
  return bytes;
}

/* A filter of another program, known when the file is made and not when it is read. */
static void test_strange_filter(void **state) {
  (void)state;
  const char *path = in_dir("filter.h5");
  const H5Z_class2_t own = {.version = H5Z_CLASS_T_VERS,
                            .id = 32000,
                            .encoder_present = 1,
                            .decoder_present = 1,
                            .name = "ours",
                            .set_local = no_filter_set,
                            .filter = no_filter};
  const hsize_t dims[2] = {4, 2};
  assert_true(H5Zregister(&own) >= 0);
  hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t create = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, dims, NULL);
  H5Pset_chunk(create, 2, dims);
  H5Pset_filter(create, 32000, 0, 0, NULL);
  hid_t set = H5Dcreate2(f, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, create, H5P_DEFAULT);
  assert_true(set >= 0);
  H5Dclose(set), H5Pclose(create), H5Sclose(space), H5Fclose(f);
  H5Zunregister(32000);
  IoDataset d;
  Err e = {0};
  assert_int_equal(io_dataset_open(arena, path, &d, &e), E_DATA);
  assert_true(str_starts(e.text, path));
  assert_contains(e.text, "/x is packed by filter 32000 ours, which is not part of HDF5");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_flips),          cmocka_unit_test(test_flips_of_what_is_not_checked),
      cmocka_unit_test(test_cut_off),        cmocka_unit_test(test_fall_back),
      cmocka_unit_test(test_guard),          cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_strange_filter),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
