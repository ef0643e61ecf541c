#include "replay.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "leaderboard.h"
#include "plan.h"
#include "run_dir.h"
#include "text_diff.h"

typedef char Key[HASH_HEX];

struct ReplayTable {
  RunDir run;
  Key digest;
  Key *keys; /* (run.head.n_trials) of what each trial trained */
  Arena *arena;
};

/* ---- what a trial trains --------------------------------------------------------------------- */

static YamlNode *without(Arena *a, const YamlNode *map, const char *const *keys) {
  YamlNode *out = yaml_new(a, YAML_MAP, map->mark);
  for (const YamlNode *c = map->first; c; c = c->next) {
    bool stays = true;
    for (int i = 0; keys[i]; i++) stays = stays && !str_eq(c->key, keys[i]);
    if (stays) yaml_put(a, out, c->key, yaml_copy(a, c));
  }
  return out;
}

/* Canonical text. The split's and the generators' seed goes with the table's data. */
static const char *training_text(Arena *a, const Spec *s) {
  static const char *const top[] = {"name",   "seed",       "replay",  "metrics",   "metric",
                                    "search", "checkpoint", "records", "resources", NULL};
  static const char *const data[] = {"file", "test_file", "sha256", "seed", NULL};
  static const char *const train[] = {"early_stopping", "stop_at", NULL};
  static const char *const command[] = {"timeout", "directory", "keep_output", NULL};
  const struct {
    const char *section;
    const char *const *keys;
  } parts[] = {{"data", data}, {"train", train}, {"command", command}};
  YamlNode *tree = without(a, s->tree, top);
  for (int i = 0; i < COUNT(parts); i++) {
    const YamlNode *section = yaml_get(tree, parts[i].section);
    if (section) yaml_put(a, tree, parts[i].section, without(a, section, parts[i].keys));
  }
  Str out = str_new(a);
  yaml_write(tree, &out);
  return str_text(&out);
}

static void key_of(Arena *a, const Spec *s, Key out) {
  Hash *h = hash_new(a);
  hash_add_text(h, training_text(a, s));
  hash_hex(h, out);
}

static Spec *table_trial(Arena *a, const ReplayTable *t, int64_t number, Diag *d) {
  Lineage line;
  const char *point = t->run.results[number]->point;
  if (!lineage_of(a, &t->run.history, t->run.head.rows, number, point, &line)) return NULL;
  return lineage_trial(a, run_dir_trained(&t->run), &line, d);
}

/* ---- opening --------------------------------------------------------------------------------- */

static Status make_keys(ReplayTable *t, Err *e) {
  Arena a = {0};
  arena_init(&a);
  const char *why = NULL;
  t->keys = ARENA_ARRAY(t->arena, Key, t->run.head.n_trials);
  for (int64_t i = 0; i < t->run.head.n_trials && why == NULL; i++) {
    Diag d = diag_new(&a);
    const Spec *s = table_trial(&a, t, i, &d);
    if (s == NULL) {
      Str text = str_new(&a);
      diag_render(&d, false, &text);
      why = arena_printf(t->arena, "trial %lld cannot be read: %s", (long long)i, str_text(&text));
    } else {
      key_of(&a, s, t->keys[i]);
    }
    arena_free(&a);
  }
  CHECK(e, why == NULL, E_DATA, "%s", why);
  return OK;
}

static Status open_table(ReplayTable *t, const char *dir, Err *e) {
  TRY(run_dir_read(t->arena, dir, RUN_CURVES_ALL, &t->run, e));
  CHECK(e, run_dir_complete(&t->run), E_DATA,
        "%lld of %lld trials of %s are finished; a run is a table when all are",
        (long long)t->run.n_done, (long long)t->run.head.n_trials, dir);
  run_dir_digest(&t->run, t->digest);
  return make_keys(t, e);
}

Status replay_open(Arena *a, const DataSpec *s, RunData *out, Err *e) {
  ReplayTable *t = ARENA_NEW(a, ReplayTable);
  t->arena = a;
  if (open_table(t, s->replay, e) != OK) return err_context(e, "replay");
  out->replay = t;
  out->main.name = s->replay;
  memcpy(out->fingerprint, t->digest, HASH_HEX);
  return OK;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* 0 for the same, up to 1. */
static double distance(const YamlNode *x, const YamlNode *y) {
  if (x == NULL || y == NULL) return x == y ? 0 : 1; /* a condition leaves it out */
  if (yaml_equal(x, y)) return 0;
  if (x->type != YAML_SCALAR || y->type != YAML_SCALAR) return 1;
  const Scalar p = yaml_scalar(x), q = yaml_scalar(y);
  const bool numbers = (p.type == SCALAR_INT || p.type == SCALAR_REAL) &&
                       (q.type == SCALAR_INT || q.type == SCALAR_REAL);
  return numbers ? fm_fabs(p.real - q.real) / (fm_fabs(p.real) + fm_fabs(q.real)) : 1;
}

/* What the trial has where the table's search has its parameters. */
static YamlNode *point_of(Arena *a, const ReplayTable *t, const Spec *trial) {
  const Space *space = &t->run.spec->search.space;
  YamlNode *out = yaml_new(a, YAML_MAP, (Mark){0});
  for (int i = 0; i < space->n; i++) {
    const YamlNode *value = spec_find(trial->tree, space->dims[i].path);
    if (value) yaml_put(a, out, space->dims[i].path, yaml_copy(a, value));
  }
  return out;
}

static int64_t nearest(Arena *a, const ReplayTable *t, const YamlNode *point, double *how_far) {
  const Space *space = &t->run.spec->search.space;
  int64_t best = 0;
  *how_far = INFINITY;
  for (int64_t n = 0; n < t->run.head.n_trials; n++) {
    const YamlNode *other = plan_point_map(a, t->run.results[n]->point);
    double sum = 0;
    for (int i = 0; i < space->n; i++)
      sum += distance(yaml_get(point, space->dims[i].path), yaml_get(other, space->dims[i].path));
    if (sum < *how_far) best = n;
    if (sum < *how_far) *how_far = sum;
  }
  return best;
}

static const char *point_words(Arena *a, const ReplayTable *t, const char *point) {
  Str out = str_new(a);
  leaderboard_point(a, &t->run.spec->search.space, point, &out);
  return str_text(&out);
}

/* "-   epochs: 6\n+   epochs: 5\n" on one line, as messages are: "- epochs: 6, + epochs: 5" */
static const char *on_one_line(Arena *a, const char *lines) {
  Str out = str_new(a);
  while (*lines) {
    const int n = (int)strcspn(lines, "\n"), mark = n > 0 ? 1 : 0;
    const int blanks = (int)strspn(lines + mark, " ");
    if (out.length > 0) str_add(&out, ", ");
    str_addf(&out, "%.*s %.*s", mark, lines, n - mark - blanks, lines + mark + blanks);
    lines += n + (lines[n] == '\n');
  }
  return str_text(&out);
}

/* The table has the point, but something else of the experiment is another. */
static const char *other_training(Arena *a, const ReplayTable *t, const Spec *trial, int64_t n) {
  Diag d = diag_new(a);
  const Spec *there = table_trial(a, t, n, &d);
  Str lines = str_new(a);
  if (there) text_diff(a, training_text(a, there), training_text(a, trial), 6, &lines);
  return arena_printf(a, "%s trained something else (- there, + here): %s", t->run.dir,
                      on_one_line(a, str_text(&lines)));
}

static const char *explain(Arena *a, const ReplayTable *t, const Spec *trial) {
  double how_far;
  YamlNode *point = point_of(a, t, trial);
  const int64_t n = nearest(a, t, point, &how_far);
  if (!(how_far > 0)) return other_training(a, t, trial, n);
  Str text = str_new(a);
  yaml_write_flow(point, &text);
  return arena_printf(a, "%s has no trial at %s; the nearest is its trial %lld, at %s", t->run.dir,
                      point_words(a, t, str_text(&text)), (long long)n,
                      point_words(a, t, t->run.results[n]->point));
}

const TrialResult *replay_find(Arena *a, const ReplayTable *t, const Spec *trial,
                               const char **why) {
  Key key;
  key_of(a, trial, key);
  for (int64_t n = 0; n < t->run.head.n_trials; n++)
    if (memcmp(t->keys[n], key, HASH_HEX) == 0) return t->run.results[n];
  *why = explain(a, t, trial);
  return NULL;
}

/* ---- what it holds --------------------------------------------------------------------------- */

Curves replay_curve(Arena *a, const TrialResult *t, int n_epochs) {
  Curves out = t->curves;
  if (n_epochs < out.n_epochs) out.n_epochs = n_epochs;
  const size_t n = (size_t)out.n_epochs * (size_t)out.n_names;
  out.values = ARENA_ARRAY(a, double, n);
  if (n > 0) memcpy(out.values, t->curves.values, sizeof(double) * n);
  return out;
}

const char *replay_dir(const ReplayTable *t) {
  return t->run.dir;
}

int64_t replay_n_trials(const ReplayTable *t) {
  return t->run.head.n_trials;
}

int replay_n_epochs(const ReplayTable *t) {
  int most = 0;
  for (int64_t n = 0; n < t->run.head.n_trials; n++)
    if (t->run.results[n]->curves.n_epochs > most) most = t->run.results[n]->curves.n_epochs;
  return most;
}

const char *replay_digest(const ReplayTable *t) {
  return t->digest;
}
