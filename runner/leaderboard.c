/* The results of a run as a table for people. */
#include "leaderboard.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "io/utf8.h"
#include "plan.h"
#include "search_boxes.h"
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

void leaderboard_boxes(const RunDir *r, FILE *out) {
  Arena a = {0};
  arena_init(&a);
  const Space *space = &r->spec->search.space;
  int n;
  const SearchBox *boxes = search_boxes(&a, &r->history, &n);
  for (int i = 0; i < n; i++) {
    const SearchBox *b = &boxes[i];
    Str line = str_new(&a);
    str_addf(&line, "%sstage %lld, from trial %lld", i == 0 ? "\n" : "", (long long)b->stage,
             (long long)b->first);
    if (b->n_best > 0) str_addf(&line, ", about the best %lld", (long long)b->n_best);
    for (int k = 0; k < space->n; k++) {
      str_addf(&line, "%s %s ", k == 0 ? ":" : ",", leaderboard_short(space, k));
      if (b->kept[k]) {
        yaml_write_flow(b->kept[k], &line);
        continue;
      }
      add_number(&line, yaml_scalar(b->low[k]).real);
      str_add(&line, " to ");
      add_number(&line, yaml_scalar(b->high[k]).real);
    }
    fprintf(out, "%s\n", str_text(&line));
  }
  arena_free(&a);
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

enum { COL_PLACE, COL_TRIAL, COL_METRIC, COL_SD }; /* sd: with repeats alone, and more follow */

/* Epochs; of a cost, steps. */
static int64_t length_of(const Spec *s, const TrialResult *trial) {
  const int64_t epochs = trial->curves.n_epochs, steps = s->train.steps;
  if (s->cost.text == NULL) return epochs;
  const int64_t at = epochs * trial_cost_interval(steps);
  return at < steps ? at : steps;
}

/* "6-8", and how many of them are finished where some are not. */
static const char *trials_text(Arena *a, const RunDir *r, const RunPoint *p) {
  const long long repeats = run_repeats(r), first = p->number * repeats;
  if (repeats == 1) return arena_printf(a, "%lld", first);
  const char *text = arena_printf(a, "%lld-%lld", first, first + repeats - 1);
  return p->complete ? text : arena_printf(a, "%s (%lld)", text, (long long)p->n);
}

static bool has_parents(const RunDir *r) {
  return r->history.generations.members > 0;
}

static const char *parent_text(Arena *a, const TrialResult *t) {
  return t->has_parent ? arena_printf(a, "%lld", (long long)t->parent) : "-";
}

static void put_point(Table *t, int row, const RunDir *r, const RunPoint *p) {
  Arena *a = t->arena;
  const Space *space = &r->spec->search.space;
  const bool done = p->status == TRIAL_COMPLETED;
  int col = COL_SD;
  put(t, row, COL_PLACE, arena_printf(a, "%d", row));
  put(t, row, COL_TRIAL, trials_text(a, r, p));
  put(t, row, COL_METRIC, done ? number(a, p->mean) : trial_status_names[p->status]);
  if (run_repeats(r) > 1) put(t, row, col++, isnan(p->sd) ? "-" : arena_printf(a, "%.2g", p->sd));
  for (int i = 1; i < run_n_objectives(r); i++)
    put(t, row, col++, number(a, run_point_objective(r, p, i)));
  if (has_parents(r)) put(t, row, col++, parent_text(a, p->best));
  put(t, row, col++, arena_printf(a, "%lld", (long long)length_of(r->spec, p->best)));
  put(t, row, col++, arena_printf(a, "%.2f", p->seconds));
  Arena scratch = {0};
  const YamlNode *map = space->n > 0 ? plan_point_map(&scratch, p->best->point) : NULL;
  for (int i = 0; i < space->n; i++) put(t, row, col++, value_text(a, map, space->dims[i].path));
  arena_free(&scratch);
}

static void put_names(Table *t, const RunDir *r) {
  const Space *space = &r->spec->search.space;
  const bool repeats = run_repeats(r) > 1;
  int col = COL_SD;
  put(t, 0, COL_PLACE, "#");
  put(t, 0, COL_TRIAL, repeats ? "trials" : "trial");
  put(t, 0, COL_METRIC, r->spec->search.metric.name);
  if (repeats) put(t, 0, col++, "+-");
  for (int i = 1; i < run_n_objectives(r); i++) put(t, 0, col++, run_objective(r, i).name);
  if (has_parents(r)) put(t, 0, col++, "parent");
  put(t, 0, col++, r->spec->cost.text ? "steps" : "epochs");
  put(t, 0, col++, "seconds");
  for (int i = 0; i < space->n; i++) put(t, 0, col++, leaderboard_short(space, i));
}

static int column_width(const Table *t, int col) {
  int width = 0;
  for (int row = 0; row < t->rows; row++) {
    int n = utf8_columns(t->cells[row * t->cols + col]);
    if (n > width) width = n;
  }
  return width;
}

/* By hand: with its padding by fprintf a large table takes twice as long. */
static void print_cell(const char *cell, int width, FILE *out) {
  for (int n = width - utf8_columns(cell); n > 0; n--) fputc(' ', out);
  fputs(cell, out);
}

static void print_table(const Table *t, FILE *out) {
  int *widths = ARENA_ARRAY(t->arena, int, t->cols);
  for (int col = 0; col < t->cols; col++) widths[col] = column_width(t, col);
  for (int row = 0; row < t->rows; row++) {
    for (int col = 0; col < t->cols; col++) {
      if (col > 0) fputs("  ", out);
      print_cell(t->cells[row * t->cols + col], widths[col], out);
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

static void print_test(const RunDir *r, FILE *out) {
  const long long trial = r->test.trial, repeats = run_repeats(r);
  if (trial < 0) return;
  fprintf(out, "test part (%.0f rows): trial %lld", r->test.rows, trial);
  if (repeats > 1)
    fprintf(out, ", the best of trials %lld-%lld,", trial / repeats * repeats,
            trial / repeats * repeats + repeats - 1);
  fprintf(out, " has loss %.5g", r->test.loss);
  if (!isnan(r->test.accuracy)) fprintf(out, ", accuracy %.5g", r->test.accuracy);
  for (int i = 0; i < r->test.metrics.n; i++)
    fprintf(out, ", %s %.5g", r->test.metrics.names[i], r->test.metrics.values[i]);
  fputc('\n', out);
}

/* The first n of them. */
static void print_points(Arena *a, const RunDir *r, const RunPoint *points, int64_t n, FILE *out) {
  const int n_before = COL_SD + 2 + (run_repeats(r) > 1) + run_n_objectives(r) - 1 + has_parents(r);
  Table t = {.rows = (int)n + 1, .cols = n_before + r->spec->search.space.n, .arena = a};
  if (n == 0) return;
  t.cells = ARENA_ARRAY(a, const char *, t.rows *t.cols);
  put_names(&t, r);
  for (int64_t i = 0; i < n; i++) put_point(&t, (int)i + 1, r, &points[i]);
  print_table(&t, out);
}

static void print_repeats(const RunDir *r, FILE *out) {
  if (r->n_done == 0 || run_repeats(r) == 1) return;
  fprintf(out, "of %lld repeats each: the mean, +- their standard deviation\n",
          (long long)run_repeats(r));
}

void leaderboard_print(const RunDir *r, int64_t most, FILE *out) {
  Arena a = {0};
  arena_init(&a);
  int64_t n_points;
  const RunPoint *points = run_points(&a, r, &n_points);
  const int64_t n = most > 0 && most < n_points ? most : n_points;
  print_points(&a, r, points, n, out);
  if (n < n_points) fprintf(out, "... and %lld more\n", (long long)(n_points - n));
  print_repeats(r, out);
  if (r->n_failed + r->n_diverged > 0) print_errors(r, out);
  print_test(r, out);
  arena_free(&a);
}

void leaderboard_front(const RunDir *r, FILE *out) {
  Arena a = {0};
  arena_init(&a);
  int64_t n_points, n = 0;
  RunPoint *points = run_points(&a, r, &n_points);
  const bool *front = run_front(&a, r, points, n_points);
  for (int64_t i = 0; i < n_points; i++)
    if (front[i]) points[n++] = points[i];
  print_points(&a, r, points, n, out);
  print_repeats(r, out);
  fprintf(out, "%lld of %lld points: no other one is as good in all", (long long)n,
          (long long)n_points);
  for (int i = 0; i < run_n_objectives(r); i++)
    fprintf(out, "%s %s %s", i == 0 ? " of" : ",", run_objective(r, i).name,
            run_objective(r, i).maximize ? "(large)" : "(small)");
  fprintf(out, " and better in one\n");
  arena_free(&a);
}
