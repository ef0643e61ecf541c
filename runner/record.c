/* results.h5: the record of a run. */
#include "record.h"

#include <math.h>
#include <string.h>

#include "io/files.h"
#include "io/h5.h"
#include "mpi_world.h"
#include "nn/gemm.h"
#include "plan.h"
#include "record_search.h"

/* A finished record in the making: rows are the finished trials in order of their numbers. */
typedef struct {
  const RunDir *run;
  const TrialResult **rows; /* (n) */
  const YamlNode **points;  /* (n) their points */
  int64_t n;
  H5Out *file;
  Arena *a;
} Record;

static Status put_i64(const Record *r, const char *path, const int64_t *values, const char *what,
                      Err *e) {
  TRY(h5_put(r->file, path, H5_I64, &r->n, 1, values, true, e));
  return h5_attr_text(r->file, path, "description", what, e);
}

static Status put_f64(const Record *r, const char *path, const double *values, const char *what,
                      Err *e) {
  TRY(h5_put(r->file, path, H5_F64, &r->n, 1, values, true, e));
  return h5_attr_text(r->file, path, "description", what, e);
}

static Status put_texts(const Record *r, const char *path, const char **texts, const char *what,
                        Err *e) {
  TRY(h5_put_strings(r->file, path, texts, (int)r->n, e));
  return h5_attr_text(r->file, path, "description", what, e);
}

/* ---- /trials --------------------------------------------------------------------------------- */

/* Only where some trial could have been. */
static Status put_stopped_early(const Record *r, Err *e) {
  if (r->run->spec->train.early_stopping.patience == 0) return OK;
  int64_t *values = ARENA_ARRAY(r->a, int64_t, r->n);
  for (int64_t i = 0; i < r->n; i++) values[i] = r->rows[i]->stopped_early;
  return put_i64(r, "/trials/stopped_early", values, "1: early stopping ended the training", e);
}

static Status put_numbers(const Record *r, Err *e) {
  static const struct {
    const char *path, *what;
  } columns[] = {
      {"/trials/number", "number of the trial, from 0"},
      {"/trials/seed", "seed of the trial: keys weights, shuffling, dropout"},
      {"/trials/epochs", "epochs that were finished"},
      {"/trials/chosen_epoch", "epoch whose weights and metrics count, from 1; 0: none"},
      {"/trials/diverged_step", "step whose loss was not finite, from 1; 0: none"},
      {"/trials/rank", "MPI rank that trained it"},
  };
  for (int c = 0; c < COUNT(columns); c++) {
    int64_t *values = ARENA_ARRAY(r->a, int64_t, r->n);
    for (int64_t i = 0; i < r->n; i++) {
      const TrialResult *t = r->rows[i];
      const int64_t all[] = {t->number,       t->seed,          t->curves.n_epochs,
                             t->chosen_epoch, t->diverged_step, t->rank};
      values[i] = all[c];
    }
    TRY(put_i64(r, columns[c].path, values, columns[c].what, e));
  }
  double *metric = ARENA_ARRAY(r->a, double, r->n), *seconds = ARENA_ARRAY(r->a, double, r->n);
  for (int64_t i = 0; i < r->n; i++) {
    metric[i] = r->rows[i]->metric;
    seconds[i] = r->rows[i]->seconds;
  }
  TRY(put_f64(r, "/trials/metric", metric, "the search's metric at the chosen epoch", e));
  TRY(h5_attr_text(r->file, "/trials/metric", "name", r->run->spec->search.metric.name, e));
  TRY(put_f64(r, "/trials/seconds", seconds, "time that the training took", e));
  return put_stopped_early(r, e);
}

/* Of a method with generations: whose training each went on with, and at which other values. */
static Status put_lines(const Record *r, Err *e) {
  const History *h = &r->run->history;
  if (h->generations.members == 0) return OK;
  int64_t *parents = ARENA_ARRAY(r->a, int64_t, r->n);
  const char **changed = ARENA_ARRAY(r->a, const char *, r->n);
  for (int64_t i = 0; i < r->n; i++) {
    const TrialResult *t = r->rows[i];
    parents[i] = t->has_parent ? t->parent : -1;
    changed[i] = lineage_changed(r->a, h, t->number, t->point);
  }
  TRY(put_i64(r, "/trials/parent", parents,
              "trial whose training this one went on with; -1: it began its own", e));
  return put_texts(r, "/trials/changed", changed,
                   "parameters that are not the parent's, YAML on one line", e);
}

static const char *team_text(const Record *r, const TrialResult *t) {
  Str text = str_new(r->a);
  trial_write_teams(t, &text);
  return str_text(&text);
}

static Status put_words(const Record *r, Err *e) {
  static const struct {
    const char *path, *what;
  } columns[] = {
      {"/trials/status", "COMPLETED, DIVERGED (loss not finite) or FAILED (see error)"},
      {"/trials/point", "the trial's place in the search space, YAML on one line"},
      {"/trials/weights", "xxh128 of the chosen weights and statistics"},
      {"/trials/error", "why a FAILED trial failed, or where a DIVERGED cost was not finite"},
      {"/trials/host", "machine that trained it"},
      {"/trials/team", "who trained it together: from which step on which ranks, the leader first; "
                       "JSON, [] of one rank alone"},
  };
  for (int c = 0; c < COUNT(columns); c++) {
    const char **texts = ARENA_ARRAY(r->a, const char *, r->n);
    for (int64_t i = 0; i < r->n; i++) {
      const TrialResult *t = r->rows[i];
      const char *why = t->error ? t->error : t->reason;
      const char *const all[] = {
          trial_status_names[t->status], t->point,       t->weights, why ? why : "",
          t->host ? t->host : "",        team_text(r, t)};
      texts[i] = all[c];
    }
    TRY(put_texts(r, columns[c].path, texts, columns[c].what, e));
  }
  return OK;
}

/* ---- /points --------------------------------------------------------------------------------- */

/* NaN for what is left out; false: one is no number. */
static bool numbers_of(const Record *r, const Dim *dim, double *numbers) {
  for (int64_t i = 0; i < r->n; i++) {
    const YamlNode *v = r->points[i] ? yaml_get(r->points[i], dim->path) : NULL;
    numbers[i] = NAN;
    if (!v && dim->n_when > 0) continue;
    Scalar s = v && v->type == YAML_SCALAR ? yaml_scalar(v) : (Scalar){0};
    if (s.type != SCALAR_INT && s.type != SCALAR_REAL) return false;
    numbers[i] = s.real;
  }
  return true;
}

static Status put_dimension(const Record *r, const Dim *dim, Err *e) {
  const char *path = arena_printf(r->a, "/points/%s", dim->path);
  double *numbers = ARENA_ARRAY(r->a, double, r->n);
  if (numbers_of(r, dim, numbers))
    return put_f64(r, path, numbers,
                   dim->n_when ? "value of this parameter; NaN: a condition leaves it out"
                               : "value of this parameter",
                   e);
  const char **texts = ARENA_ARRAY(r->a, const char *, r->n);
  for (int64_t i = 0; i < r->n; i++) {
    const YamlNode *v = r->points[i] ? yaml_get(r->points[i], dim->path) : NULL;
    Str text = str_new(r->a);
    if (v) yaml_write_flow(v, &text);
    texts[i] = str_text(&text);
  }
  return put_texts(r, path, texts,
                   dim->n_when ? "value of this parameter, YAML on one line; empty: a condition "
                                 "leaves it out"
                               : "value of this parameter, YAML on one line",
                   e);
}

/* ---- /curves --------------------------------------------------------------------------------- */

static int column_of(const Curves *c, const char *name) {
  for (int i = 0; i < c->n_names; i++) {
    if (str_eq(c->names[i], name)) return i;
  }
  return -1;
}

static Status put_curve(const Record *r, const char *name, int64_t n_epochs, Err *e) {
  double *values = ARENA_ARRAY(r->a, double, r->n *n_epochs);
  for (int64_t i = 0; i < r->n; i++) {
    const Curves *c = &r->rows[i]->curves;
    int column = column_of(c, name);
    for (int64_t k = 0; k < n_epochs; k++) {
      bool there = column >= 0 && k < c->n_epochs;
      values[i * n_epochs + k] = there ? c->values[k * c->n_names + column] : NAN;
    }
  }
  const int64_t dims[] = {r->n, n_epochs};
  const char *path = arena_printf(r->a, "/curves/%s", name);
  TRY(h5_put(r->file, path, H5_F64, dims, 2, values, true, e));
  return h5_attr_text(r->file, path, "description",
                      "(trial, epoch), rows as in /trials; NaN behind a trial's last epoch", e);
}

/* All trials of an experiment have the same curves, except those that never began. */
static Status put_curves(const Record *r, Err *e) {
  const Curves *longest = NULL;
  for (int64_t i = 0; i < r->n; i++) {
    const Curves *c = &r->rows[i]->curves;
    if (!longest || c->n_epochs > longest->n_epochs) longest = c;
  }
  if (!longest || longest->n_epochs == 0) return OK;
  for (int i = 0; i < longest->n_names; i++) {
    TRY(put_curve(r, longest->names[i], longest->n_epochs, e));
  }
  return OK;
}

/* (trials, C, C): of the validation part; -1 where a trial has none. */
static Status put_confusion(const Record *r, Err *e) {
  static const char path[] = "/confusion";
  const Confusion *any = NULL;
  for (int64_t i = 0; i < r->n && !any; i++)
    if (r->rows[i]->confusion.n > 0) any = &r->rows[i]->confusion;
  if (!any) return OK;
  const int64_t dims[3] = {r->n, any->n, any->n}, n = dims[1] * dims[2];
  int64_t *counts = ARENA_ARRAY(r->a, int64_t, r->n * n);
  for (int64_t i = 0; i < r->n; i++) {
    const Confusion *c = &r->rows[i]->confusion;
    for (int64_t k = 0; k < n; k++) counts[i * n + k] = c->n == any->n ? c->counts[k] : -1;
  }
  TRY(h5_put(r->file, path, H5_I64, dims, 3, counts, true, e));
  TRY(h5_attr_text(r->file, path, "description",
                   "validation part at the chosen epoch: trial, true class, predicted class", e));
  return h5_attr_strings(r->file, path, "classes", any->classes, any->n, e);
}

/* ---- /activations ---------------------------------------------------------------------------- */

/* -1: not there, or recorded with other percentiles (before the experiment was continued). */
static int layer_of(const Activations *x, const Activations *like, const char *path) {
  if (x->n_epochs == 0 || x->n_percentiles != like->n_percentiles) return -1;
  for (int k = 0; k < x->n_percentiles; k++)
    if (x->percentiles[k] != like->percentiles[k]) return -1;
  for (int i = 0; i < x->n_layers; i++)
    if (str_eq(x->paths[i], path)) return i;
  return -1;
}

/* Of one layer (trial, epoch, percentile): over all units, or of the first. */
static Status put_layer(const Record *r, const Activations *like, const char *layer, int of,
                        Err *e) {
  static const struct {
    const char *name, *what;
  } series[ACTIVATIONS_OF] = {
      {"all", "(trial, epoch, percentile) of the layer's input over 256 rows and all units; NaN: "
              "not recorded"},
      {"first_unit", "(trial, epoch, percentile) of the input of the layer's first unit over 256 "
                     "rows; NaN: not recorded"}};
  const int64_t dims[] = {r->n, like->n_epochs, like->n_percentiles};
  double *values = ARENA_ARRAY(r->a, double, dims[0] * dims[1] * dims[2]), *v = values;
  for (int64_t i = 0; i < dims[0]; i++) {
    const Activations *x = &r->rows[i]->activations;
    const int at = layer_of(x, like, layer);
    for (int epoch = 0; epoch < like->n_epochs; epoch++)
      for (int k = 0; k < like->n_percentiles; k++)
        *v++ = at >= 0 && epoch < x->n_epochs ? *trial_activation(x, epoch, at, of, k) : NAN;
  }
  const char *path = arena_printf(r->a, "/activations/%s/%s", layer, series[of].name);
  const char **percentiles = ARENA_ARRAY(r->a, const char *, like->n_percentiles);
  for (int k = 0; k < like->n_percentiles; k++) {
    char text[32];
    percentiles[k] = arena_strdup(r->a, str_f64(like->percentiles[k], text));
  }
  TRY(h5_put(r->file, path, H5_F64, dims, 3, values, true, e));
  TRY(h5_attr_strings(r->file, path, "percentiles", percentiles, like->n_percentiles, e));
  return h5_attr_text(r->file, path, "description", series[of].what, e);
}

/* Every layer of any trial once: searched architectures differ. */
static Status put_activations(const Record *r, Err *e) {
  const Activations *longest = &r->rows[0]->activations;
  for (int64_t i = 0; i < r->n; i++)
    if (r->rows[i]->activations.n_epochs > longest->n_epochs) longest = &r->rows[i]->activations;
  for (int64_t i = 0; i < r->n; i++) {
    const Activations *x = &r->rows[i]->activations;
    for (int layer = 0; layer < x->n_layers; layer++) {
      bool put = layer_of(x, longest, x->paths[layer]) < 0;
      for (int64_t k = 0; k < i && !put; k++)
        put = layer_of(&r->rows[k]->activations, longest, x->paths[layer]) >= 0;
      for (int of = 0; of < ACTIVATIONS_OF && !put; of++)
        TRY(put_layer(r, longest, x->paths[layer], of, e));
    }
  }
  return OK;
}

/* ---- /parameters ----------------------------------------------------------------------------- */

/* Of a cost: (trials) or (trials, values) each; NaN where the trial did not complete. */
static Status put_parameter(const Record *r, const CostVector *v, int which, Err *e) {
  float *values = ARENA_ARRAY(r->a, float, r->n * v->n);
  for (int64_t i = 0; i < r->n; i++) {
    const TrialResult *t = r->rows[i];
    const bool there = which < t->n_parameters && t->parameters[which].n == v->n;
    for (int k = 0; k < v->n; k++)
      values[i * v->n + k] = there ? t->parameters[which].values[k] : NAN;
  }
  const int64_t dims[] = {r->n, v->n};
  const char *path = arena_printf(r->a, "/parameters/%s", v->name);
  TRY(h5_put(r->file, path, H5_F32, dims, v->is_list ? 2 : 1, values, true, e));
  return h5_attr_text(r->file, path, "description", "what the cost's parameter came to", e);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static Status put_texts_of_run(const Record *r, Err *e) {
  const RunDir *run = r->run;
  const RunHead *h = &run->head;
  TRY(h5_put_text(r->file, "/experiment", run->experiment, e));
  TRY(h5_put_text(r->file, "/resolved", spec_text(r->a, run_dir_trained(run), SPEC_RESOLVED), e));
  TRY(h5_put_text(r->file, "/git_diff", h->diff, e));
  if (h->n_overrides > 0)
    TRY(h5_put_strings(r->file, "/overrides", h->overrides, h->n_overrides, e));
  return OK;
}

static Status put_attributes(const Record *r, Err *e) {
  const RunDir *run = r->run;
  const RunHead *h = &run->head;
  char digest[HASH_HEX];
  run_dir_digest(run, digest);
  const struct {
    const char *name, *text;
  } texts[] = {
      {"description",
       "record of a caviar run; the journal beside it is the truth it was made from"},
      {"name", h->name},
      {"file", h->file},
      {"data_fingerprint", h->data},
      {"digest", digest},
      {"git_commit", h->commit},
      {"version_caviar", h->caviar},
      {"version_hdf5", h5_library_version(r->a)},
      {"version_openblas", nn_openblas_config()},
      {"version_mpi", world_mpi_version(r->a)},
      {"metric", run->spec->search.metric.name},
      {"results", run->spec->command.node ? "recorded: a program printed them; the digest covers "
                                            "what was recorded"
                                          : "computed: they follow from the experiment and the "
                                            "data"},
      {"goal", run->spec->search.metric.maximize ? "maximize" : "minimize"},
  };
  for (int i = 0; i < COUNT(texts); i++) {
    TRY(h5_attr_text(r->file, "/", texts[i].name, texts[i].text, e));
  }
  const TrialResult *best = run_dir_best(run);
  TRY(h5_attr_i64(r->file, "/", "seed", run->spec->seed, e));
  TRY(h5_attr_i64(r->file, "/", "git_dirty", h->dirty, e));
  TRY(h5_attr_i64(r->file, "/", "trials", h->n_trials, e));
  TRY(h5_attr_i64(r->file, "/", "finished", run->n_done, e));
  return h5_attr_i64(r->file, "/", "best_trial", best ? best->number : -1, e);
}

static Status put_test_metrics(const Record *r, const Metrics *m, Err *e) {
  const int64_t one = 1, dims[2] = {m->confusion.n, m->confusion.n};
  for (int i = 0; i < m->n; i++) {
    const char *path = arena_printf(r->a, "/test/metrics/%s", m->names[i]);
    TRY(h5_put(r->file, path, H5_F64, &one, 1, &m->values[i], true, e));
  }
  if (m->confusion.n == 0) return OK;
  TRY(h5_put(r->file, "/test/confusion", H5_I64, dims, 2, m->confusion.counts, true, e));
  return h5_attr_strings(r->file, "/test/confusion", "classes", m->confusion.classes,
                         m->confusion.n, e);
}

static Status put_test(const Record *r, Err *e) {
  const RunTest *t = &r->run->test;
  const int64_t one = 1;
  if (t->trial < 0) return OK;
  TRY(h5_put(r->file, "/test/trial", H5_I64, &one, 1, &t->trial, true, e));
  TRY(h5_put(r->file, "/test/rows", H5_F64, &one, 1, &t->rows, true, e));
  TRY(h5_put(r->file, "/test/loss", H5_F64, &one, 1, &t->loss, true, e));
  TRY(h5_put(r->file, "/test/accuracy", H5_F64, &one, 1, &t->accuracy, true, e));
  return put_test_metrics(r, &t->metrics, e);
}

static Status build(const Record *r, Err *e) {
  TRY(put_attributes(r, e));
  TRY(put_texts_of_run(r, e));
  if (r->n > 0) {
    TRY(put_numbers(r, e));
    TRY(put_words(r, e));
    TRY(put_lines(r, e));
    const Space *space = &r->run->spec->search.space;
    for (int i = 0; i < space->n; i++) TRY(put_dimension(r, &space->dims[i], e));
    TRY(put_curves(r, e));
    TRY(put_confusion(r, e));
    TRY(put_activations(r, e));
    const CostSpec *cost = &r->run->spec->cost;
    const bool trained = r->run->spec->train.steps > 0; /* else /points says where they are */
    for (int i = 0; trained && i < cost->n_parameters; i++)
      TRY(put_parameter(r, &cost->parameters[i], i, e));
  }
  TRY(record_search(r->a, r->run, r->file, e));
  return put_test(r, e);
}

Status record_publish(const RunDir *run, Err *e) {
  Arena a = {0};
  arena_init(&a);
  Record r = {.run = run, .a = &a, .rows = ARENA_ARRAY(&a, const TrialResult *, run->n_done)};
  r.points = ARENA_ARRAY(&a, const YamlNode *, run->n_done);
  for (int64_t n = 0; n < run->head.n_trials; n++) {
    const TrialResult *t = run->results[n];
    if (!t) continue;
    r.points[r.n] = plan_point_map(&a, t->point);
    r.rows[r.n++] = t;
  }
  const char *path = file_join(&a, run->dir, "results.h5");
  Status s = h5_create(&r.file, e);
  if (s == OK) {
    s = build(&r, e);
    if (s == OK)
      s = h5_publish(r.file, path, e);
    else
      h5_discard(r.file);
  }
  if (s != OK && !strstr(e->text, path)) (void)err_context(e, "%s", path);
  arena_free(&a);
  return s;
}

/* -1: it has none. */
static Status tested_trial(Arena *a, const H5In *in, int64_t *trial, Err *e) {
  void *data;
  int64_t dims[4];
  int n_dims;
  *trial = -1;
  if (!h5_has(in, "/test/trial")) return OK;
  TRY(h5_get(in, a, "/test/trial", H5_I64, &data, dims, &n_dims, e));
  *trial = *(const int64_t *)data;
  return OK;
}

bool record_is_current(Arena *a, const RunDir *run) {
  char digest[HASH_HEX], *said;
  int64_t n_trials, tested;
  H5In *in;
  Err e = {0};
  const char *path = file_join(a, run->dir, "results.h5");
  if (!file_exists(path) || h5_open(&in, path, &e) != OK) return false;
  const bool good = h5_get_attr_text(in, a, "/", "digest", &said, &e) == OK &&
                    h5_get_attr_i64(in, "/", "trials", &n_trials, &e) == OK &&
                    tested_trial(a, in, &tested, &e) == OK;
  h5_close(in);
  if (!good || n_trials != run->head.n_trials || tested != run->test.trial) return false;
  run_dir_digest(run, digest);
  return str_eq(said, digest);
}
