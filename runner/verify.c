#include "verify.h"

#include <string.h>

#include "base/cpu.h"
#include "io/h5_walk.h"
#include "trial_checkpoint.h"
#include "trial_model.h"

/* ---- datasets -------------------------------------------------------------------------------- */

static Status verify_dataset(Arena *a, const char *path, FileFacts *out, Err *e) {
  IoDataset d;
  TRY(io_dataset_open(a, path, &d, e));
  out->kind = FILE_DATASET;
  out->rows = d.n;
  out->features = d.d;
  out->has_fingerprint = d.said != NULL;
  memcpy(out->fingerprint, d.fingerprint, HASH_HEX);
  io_dataset_close(&d);
  return OK;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static Status read_checkpoint(Arena *a, const H5In *in, FileFacts *out, Err *e) {
  H5Walked walked;
  char *text;
  TRY(h5_walk(in, WALK_STRICT, &walked, e));
  TRY(trial_checkpoint_version(in, e));
  TRY(h5_get_attr_i64(in, "/", "trial", &out->trial, e));
  TRY(h5_get_text(in, a, "/identity", &text, e));
  out->identity = text;
  TRY(h5_get_attr_text(in, a, "/", "fingerprint", &text, e));
  out->data = text;
  out->finished = h5_has(in, "/result");
  if (!out->finished)
    return trial_checkpoint_get(in, a, "/progress/epoch", H5_I64, 1, &out->epochs, e);
  TrialResult r;
  TRY(trial_checkpoint_result(in, a, &r, e));
  CHECK(e, r.number == out->trial, E_DATA, "its result is of trial %lld, but it says %lld",
        (long long)r.number, (long long)out->trial);
  memcpy(out->weights, r.weights, HASH_HEX);
  return OK;
}

/* A cost has a few parameters and no model to hash them with. */
static bool is_cost(const H5In *in, Arena *a) {
  char *text;
  Err e = {0};
  Diag d = diag_new(a);
  if (h5_get_text(in, a, "/spec", &text, &e) != OK) return false;
  const Spec *s = spec_from_text(a, "spec", text, ".", NULL, 0, &d);
  return s && s->cost.text;
}

Status verify_checkpoint(Arena *a, const char *path, FileFacts *out, Err *e) {
  H5In *in;
  TrialModel m;
  *out = (FileFacts){.kind = FILE_CHECKPOINT};
  TRY(h5_open(&in, path, e));
  Status s = read_checkpoint(a, in, out, e);
  const bool cost = s == OK && is_cost(in, a);
  h5_close(in);
  if (s != OK) return trial_checkpoint_context(path, e);
  if (!out->finished || cost || !out->weights[0]) return OK;
  TRY(trial_model_open(a, path, cpu_level(), &m, e));
  trial_model_close(&m);
  out->hashed = true;
  return OK;
}

/* ---- records --------------------------------------------------------------------------------- */

static Status read_record(Arena *a, const H5In *in, FileFacts *out, Err *e) {
  H5Walked walked;
  char *text;
  TRY(h5_walk(in, WALK_STRICT, &walked, e));
  TRY(h5_get_attr_text(in, a, "/", "digest", &text, e));
  out->digest = text;
  return h5_get_attr_i64(in, "/", "finished", &out->n_finished, e);
}

Status verify_record(Arena *a, const char *path, FileFacts *out, Err *e) {
  H5In *in;
  *out = (FileFacts){.kind = FILE_RECORD};
  TRY(h5_open(&in, path, e));
  Status s = read_record(a, in, out, e);
  h5_close(in);
  return s == OK ? OK : trial_checkpoint_context(path, e);
}

/* ---- whichever it is ------------------------------------------------------------------------- */

Status verify_file(Arena *a, const char *path, FileFacts *out, Err *e) {
  H5In *in;
  *out = (FileFacts){0};
  TRY(h5_open(&in, path, e));
  const bool dataset = h5_has(in, "/x"), checkpoint = h5_has(in, "/identity");
  const bool record = h5_has_attr(in, "/", "digest");
  h5_close(in);
  if (dataset) return verify_dataset(a, path, out, e);
  if (checkpoint) return verify_checkpoint(a, path, out, e);
  if (record) return verify_record(a, path, out, e);
  FAIL(e, E_DATA, "%s: neither a dataset (no /x) nor a checkpoint or a record of caviar's", path);
}
