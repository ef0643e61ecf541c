/* The results of a run as a table for people. */
#include "leaderboard.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "io/utf8.h"
#include "plan.h"
#include "trial_cost.h"

enum { MAX_CELL = 40 };

/* ---- points ---------------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *end) {
  size_t n = strlen(path), m = strlen(end);
  return n >= m && str_eq(path + n - m, end) && (n == m || path[n - m - 1] == '.');
}

const char *leaderboard_short(const Space *space, int dim) {
  const char *path = space->dims[dim].path, *start = path + strlen(path);
  for (;;) {
    while (start > path && start[-1] != '.') start--;
    int same = 0;
    for (int i = 0; i < space->n; i++) same += ends_in(space->dims[i].path, start);
    if (same == 1 || start == path) return start;
    start--;
  }
}

static void add_number(Str *out, double x) {
  str_addf(out, isfinite(x) && floor(x) == x && fm_fabs(x) < 1e6 ? "%.0f" : "%.4g", x);
}

static const char *value_text(Arena *a, const YamlNode *map, const char *path) {
  const YamlNode *v = map ? yaml_get(map, path) : NULL;
  if (!v) return "-";
  Str text = str_new(a);
  Scalar s = v->type == YAML_SCALAR ? yaml_scalar(v) : (Scalar){0};
  if (v->type == YAML_SCALAR && (s.type == SCALAR_INT || s.type == SCALAR_REAL))
    add_number(&text, s.real);
  else
    yaml_write_flow(v, &text);
  if (text.length > MAX_CELL) return arena_printf(a, "%.*s...", MAX_CELL - 3, text.text);
  return str_text(&text);
}

void leaderboard_point(Arena *a, const Space *space, const char *point, Str *out) {
  const YamlNode *map = plan_point_map(a, point);
  const char *between = "";
  for (int i = 0; i < space->n; i++) {
    if (space->dims[i].n_when > 0 && !yaml_get(map, space->dims[i].path)) continue;
    str_addf(out, "%s%s %s", between, leaderboard_short(space, i),
             value_text(a, map, space->dims[i].path));
    between = ", ";
  }
}

/* ---- the table ------------------------------------------------------------------------------- */

typedef struct {
  const char **cells; /* (rows, cols), row 0 the names */
  int rows, cols;
  Arena *arena;
} Table;

static void put(Table *t, int row, int col, const char *text) {
  t->cells[row * t->cols + col] = text;
}

static const char *number(Arena *a, double x) {
  return isnan(x) ? "-" : arena_printf(a, "%.5g", x);
}

enum { COL_PLACE, COL_TRIAL, COL_METRIC, COL_EPOCHS, COL_SECONDS, COL_POINT };

/* Epochs; of a cost, steps. */
static int64_t length_of(const Spec *s, const TrialResult *trial) {
  const int64_t epochs = trial->curves.n_epochs, steps = s->train.steps;
  if (s->cost.text == NULL) return epochs;
  const int64_t at = epochs * trial_cost_interval(steps);
  return at < steps ? at : steps;
}

static void put_trial(Table *t, int row, const RunDir *r, const TrialResult *trial) {
  Arena *a = t->arena;
  const Space *space = &r->spec->search.space;
  bool done = trial->status == TRIAL_COMPLETED;
  put(t, row, COL_PLACE, arena_printf(a, "%d", row));
  put(t, row, COL_TRIAL, arena_printf(a, "%lld", (long long)trial->number));
  put(t, row, COL_METRIC, done ? number(a, trial->metric) : trial_status_names[trial->status]);
  put(t, row, COL_EPOCHS, arena_printf(a, "%lld", (long long)length_of(r->spec, trial)));
  put(t, row, COL_SECONDS, arena_printf(a, "%.2f", trial->seconds));
  const YamlNode *map = space->n > 0 ? plan_point_map(a, trial->point) : NULL;
  for (int i = 0; i < space->n; i++) {
    put(t, row, COL_POINT + i, value_text(a, map, space->dims[i].path));
  }
}

static void put_names(Table *t, const RunDir *r) {
  const Space *space = &r->spec->search.space;
  put(t, 0, COL_PLACE, "#");
  put(t, 0, COL_TRIAL, "trial");
  put(t, 0, COL_METRIC, r->spec->search.metric.name);
  put(t, 0, COL_EPOCHS, r->spec->cost.text ? "steps" : "epochs");
  put(t, 0, COL_SECONDS, "seconds");
  for (int i = 0; i < space->n; i++) put(t, 0, COL_POINT + i, leaderboard_short(space, i));
}

static int column_width(const Table *t, int col) {
  int width = 0;
  for (int row = 0; row < t->rows; row++) {
    int n = utf8_columns(t->cells[row * t->cols + col]);
    if (n > width) width = n;
  }
  return width;
}

static void print_table(const Table *t, FILE *out) {
  int *widths = ARENA_ARRAY(t->arena, int, t->cols);
  for (int col = 0; col < t->cols; col++) widths[col] = column_width(t, col);
  for (int row = 0; row < t->rows; row++) {
    for (int col = 0; col < t->cols; col++) {
      const char *cell = t->cells[row * t->cols + col];
      fprintf(out, "%s%*s%s", col > 0 ? "  " : "", widths[col] - utf8_columns(cell), "", cell);
    }
    fputc('\n', out);
  }
}

static void print_errors(const RunDir *r, FILE *out) {
  for (int64_t i = 0; i < r->n_done; i++) {
    const TrialResult *t = r->results[r->order[i]];
    if (t->reason && r->head.n_trials == 1) /* of a search, `show RUN TRIAL` says it */
      fprintf(out, "trial %lld diverged at step %lld: %s\n", (long long)t->number,
              (long long)t->diverged_step, t->reason);
    if (t->status == TRIAL_FAILED)
      fprintf(out, "trial %lld failed: %s\n", (long long)t->number, t->error ? t->error : "");
  }
}

void leaderboard_print(const RunDir *r, int64_t most, FILE *out) {
  Arena a = {0};
  arena_init(&a);
  int64_t n = most > 0 && most < r->n_done ? most : r->n_done;
  Table t = {.rows = (int)n + 1, .cols = COL_POINT + r->spec->search.space.n, .arena = &a};
  t.cells = ARENA_ARRAY(&a, const char *, t.rows *t.cols);
  put_names(&t, r);
  for (int64_t i = 0; i < n; i++) put_trial(&t, (int)i + 1, r, r->results[r->order[i]]);
  if (n > 0) print_table(&t, out);
  if (n < r->n_done) fprintf(out, "... and %lld more\n", (long long)(r->n_done - n));
  if (r->n_failed + r->n_diverged > 0) print_errors(r, out);
  if (r->test.trial >= 0) {
    fprintf(out, "test part (%.0f rows): trial %lld has loss %.5g", r->test.rows,
            (long long)r->test.trial, r->test.loss);
    if (!isnan(r->test.accuracy)) fprintf(out, ", accuracy %.5g", r->test.accuracy);
    for (int i = 0; i < r->test.metrics.n; i++)
      fprintf(out, ", %s %.5g", r->test.metrics.names[i], r->test.metrics.values[i]);
    fputc('\n', out);
  }
  arena_free(&a);
}
