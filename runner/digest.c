/*
 * The digest of a run.
 *
 * Fields are texts with their NUL and numbers of eight bytes, least significant first, so that
 * nothing runs together and the processor's byte order does not matter.
 */
#include <math.h>
#include <string.h>

#include "run_dir.h"

static void add_u64(Hash *h, uint64_t x) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(x >> (8 * i));
  hash_add(h, bytes, sizeof bytes);
}

/* Every NaN is the same one. */
static void add_f64(Hash *h, double x) {
  uint64_t bits = 0x7ff8000000000000u;
  if (!isnan(x)) memcpy(&bits, &x, sizeof bits);
  add_u64(h, bits);
}

static void add_trial(Hash *h, const TrialResult *t) {
  add_u64(h, (uint64_t)t->number);
  hash_add_text(h, t->point);
  if (t->has_parent) add_u64(h, (uint64_t)t->parent);
  hash_add_text(h, trial_status_names[t->status]);
  add_u64(h, (uint64_t)t->curves.n_names);
  add_u64(h, (uint64_t)t->curves.n_epochs);
  for (int i = 0; i < t->curves.n_names; i++) hash_add_text(h, t->curves.names[i]);
  for (int64_t i = 0; i < (int64_t)t->curves.n_names * t->curves.n_epochs; i++) {
    add_f64(h, t->curves.values[i]);
  }
  hash_add_text(h, t->weights);
}

void run_dir_digest(const RunDir *r, char out[HASH_HEX]) {
  Arena a = {0};
  arena_init(&a);
  Hash *h = hash_new(&a);
  hash_add_text(h, r->head.numerics);
  hash_add_text(h, spec_gemm_names[r->spec->train.gemm]);
  hash_add_text(h, run_dir_identity(&a, r));
  hash_add_text(h, r->head.data);
  add_u64(h, (uint64_t)r->n_done);
  for (int64_t n = 0; n < r->head.n_trials; n++) {
    if (r->results[n]) add_trial(h, r->results[n]);
  }
  hash_hex(h, out);
  arena_free(&a);
}
