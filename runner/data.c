#include "data.h"

#include <string.h>
#include <strings.h>
#include "base/cpu.h"
#include "base/rng.h"
#include "normalizer.h"
#include "io/h5_guard.h"
#include "io/memory_limit.h"
#include "replay.h"
#include "io/sha256.h"

const char *const part_names[PART_COUNT] = {"train", "validation", "test"};

Status data_check_pin(const DataSpec *s, Err *e) {
  char hex[SHA256_HEX];
  if (s->sha256 == NULL) return OK;
  TRY(sha256_file(s->path, hex, e));
  CHECK(e, strcasecmp(hex, s->sha256) == 0, E_DATA,
        "%s: its SHA-256 is %s, but data.sha256 says %s; this is not the file that was meant",
        s->path, hex, s->sha256);
  return OK;
}

static Status check_trainable(const IoDataset *s, Err *e) {
  CHECK(e, s->labels != NULL || s->values != NULL, E_DATA,
        "%s: no /y, so there is nothing to learn; a training file needs labels or values", s->name);
  CHECK(e, s->n > 0, E_DATA, "%s: no rows", s->name);
  CHECK(e, s->n <= INT32_MAX, E_DATA, "%s: %lld rows; at most %lld can be used", s->name,
        (long long)s->n, (long long)INT32_MAX);
  return OK;
}

/* The test file must speak of the same things: features, and classes by number and name, or values.
 */
static Status check_same(const IoDataset *main, const IoDataset *test, Err *e) {
  CHECK(e, test->d == main->d, E_DATA, "%s: %d features a row, but %s has %d", test->name, test->d,
        main->name, main->d);
  CHECK(e, (test->labels != NULL) == (main->labels != NULL), E_DATA,
        "%s: its targets are %s, but those of %s are %s", test->name,
        test->labels ? "classes" : "numbers", main->name, main->labels ? "classes" : "numbers");
  CHECK(e, test->n_values == main->n_values, E_DATA,
        "%s: %d values a row to predict, but %s has %d", test->name, test->n_values, main->name,
        main->n_values);
  CHECK(e, test->n_classes <= main->n_classes, E_DATA, "%s: %d classes, but %s has %d", test->name,
        test->n_classes, main->name, main->n_classes);
  for (int c = 0; c < test->n_classes; c++)
    CHECK(e, str_eq(test->class_names[c], main->class_names[c]), E_DATA,
          "%s: class %d is called \"%s\", but in %s it is \"%s\"", test->name, c,
          test->class_names[c], main->name, main->class_names[c]);
  return OK;
}

/* The share of n rows, rounded down; the small term undoes the error of 0.29 * 100
 * = 28.999999999999996. */
static uint32_t share(double fraction, uint32_t n) {
  return (uint32_t)(fraction * n + 1e-6);
}

/*
 * The keyed split: the first rows of a permutation go to the test part, the next to validation, the
 * rest to training. Within a part rows keep the order of the file, so that reading a part walks
 * forward.
 */
static Status split(Arena *a, const DataSpec *s, RunData *d, Err *e) {
  uint32_t n = (uint32_t)d->main.n;
  uint32_t count[PART_COUNT] = {0};
  count[PART_TEST] = d->test.n > 0 ? 0 : share(s->test, n);
  count[PART_VALIDATION] = share(s->validation, n);
  CHECK(e, count[PART_TEST] > 0 || s->test <= 0 || d->test.n > 0, E_DATA,
        "%s: %u rows are too few for a test part of %g", d->main.name, n, s->test);
  CHECK(e, count[PART_VALIDATION] > 0 || s->validation <= 0, E_DATA,
        "%s: %u rows are too few for a validation part of %g", d->main.name, n, s->validation);
  CHECK(e, count[PART_TEST] + count[PART_VALIDATION] < n, E_DATA,
        "%s: the split leaves none of %u rows for training", d->main.name, n);
  count[PART_TRAIN] = n - count[PART_TEST] - count[PART_VALIDATION];

  Arena scratch;
  arena_init(&scratch);
  uint32_t *order = ARENA_ARRAY(&scratch, uint32_t, n);
  unsigned char *part = ARENA_ARRAY(&scratch, unsigned char, n); /* 0: PART_TRAIN */
  rng_permute((uint64_t)s->seed, RNG_SPLIT, 0, order, n);
  for (uint32_t i = 0; i < count[PART_TEST]; i++) part[order[i]] = PART_TEST;
  for (uint32_t i = 0; i < count[PART_VALIDATION]; i++)
    part[order[count[PART_TEST] + i]] = PART_VALIDATION;
  uint32_t *rows[PART_COUNT], filled[PART_COUNT] = {0};
  for (int p = 0; p < PART_COUNT; p++) {
    rows[p] = ARENA_ARRAY(a, uint32_t, count[p]);
    d->parts[p] = (DataPart){&d->main, rows[p], count[p]};
  }
  for (uint32_t i = 0; i < n; i++) rows[part[i]][filled[part[i]]++] = i;
  arena_free(&scratch);
  return OK;
}

static void whole_test_file(Arena *a, RunData *d) {
  uint32_t n = (uint32_t)d->test.n, *rows = ARENA_ARRAY(a, uint32_t, n);
  for (uint32_t i = 0; i < n; i++) rows[i] = i;
  d->parts[PART_TEST] = (DataPart){&d->test, rows, n};
}

static void fingerprint(Arena *a, RunData *d) {
  if (d->test.n == 0) {
    memcpy(d->fingerprint, d->main.fingerprint, HASH_HEX);
    return;
  }
  Hash *h = hash_new(a);
  hash_add_text(h, d->main.fingerprint);
  hash_add_text(h, d->test.fingerprint);
  hash_hex(h, d->fingerprint);
}

static Status read_sets(Arena *a, const DataSpec *s, RunData *d, Err *e) {
  if (s->source.kind) {
    TRY(io_generate(a, s->source, (uint64_t)s->seed, &d->main, e));
  } else {
    TRY(io_dataset_open_unverified(a, s->path, &d->main, e));
  }
  TRY(check_trainable(&d->main, e));
  if (s->test_path) {
    TRY(io_dataset_open_unverified(a, s->test_path, &d->test, e));
    TRY(check_trainable(&d->test, e));
    TRY(check_same(&d->main, &d->test, e));
  }
  return OK;
}

static Status verify(const DataSpec *s, RunData *d, Err *e) {
  if (!d->main.fingerprint[0]) {
    TRY(data_check_pin(s, e));
    TRY(io_dataset_verify(&d->main, e));
  }
  return d->test.n == 0 || d->test.fingerprint[0] ? OK : io_dataset_verify(&d->test, e);
}

static Status open_all(Arena *a, const DataSpec *s, RunData *d, Err *e) {
  if (s->replay) return replay_open(a, s, d, e);
  if (s->of_cost) return data_open_cost(a, s, d, e);
  TRY(read_sets(a, s, d, e));
  d->n_features = d->main.d;
  d->targets = (NnTargets){d->main.n_classes, d->main.n_values};
  TRY(split(a, s, d, e));
  if (d->test.n > 0) whole_test_file(a, d);
  return OK;
}

Status data_open_unverified(Arena *a, const DataSpec *s, RunData *out, Err *e) {
  cpu_flush_denormals();
  *out = (RunData){0};
  Status status = open_all(a, s, out, e);
  if (status != OK) data_close(out);
  return status;
}

static Status finish(Arena *a, const DataSpec *s, RunData *d, Err *e) {
  if (s->of_cost || s->replay) return OK;
  TRY(verify(s, d, e));
  fingerprint(a, d);
  const Normalizer *n = (const Normalizer *)s->normalize.kind;
  if (n) TRY(n->learn(a, s->normalize.config, &d->parts[PART_TRAIN], &d->normalization, e));
  return OK;
}

/* Everything was read from one end to the other; trainings read rows in any order. A quarter of the
 * memory is for other things than data. */
static void scatter(Arena *a, RunData *d) {
  const uint64_t most = memory_limit(a, "") / 4 * 3;
  if (d->main.map.n + d->test.map.n <= most) return;
  io_dataset_scatter(&d->main);
  io_dataset_scatter(&d->test);
}

Status data_finish(Arena *a, const DataSpec *s, RunData *d, Err *e) {
  Status status = finish(a, s, d, e);
  if (status != OK) data_close(d);
  if (status == OK) scatter(a, d);
  return status;
}

Status data_open(Arena *a, const DataSpec *s, RunData *out, Err *e) {
  TRY(data_open_unverified(a, s, out, e));
  return data_finish(a, s, out, e);
}

Status data_vet(const DataSpec *s, Err *e) {
  if (s->path) TRY(h5_guard(s->path, e));
  return s->test_path ? h5_guard(s->test_path, e) : OK;
}

void data_trust(const DataSpec *s) {
  if (s->path) h5_guard_trust(s->path);
  if (s->test_path) h5_guard_trust(s->test_path);
}

void data_class_rows(const RunData *d, double *out) {
  const DataPart *p = &d->parts[PART_TRAIN];
  for (int c = 0; c < d->targets.n_classes; c++) out[c] = 0;
  for (uint32_t i = 0; i < p->n; i++) out[p->set->labels[p->rows[i]]]++;
}

Status data_unchanged(const RunData *d, Err *e) {
  TRY(io_dataset_unchanged(&d->main, e));
  return io_dataset_unchanged(&d->test, e);
}

void data_close(RunData *d) {
  io_dataset_close(&d->main);
  io_dataset_close(&d->test);
  *d = (RunData){0};
}
