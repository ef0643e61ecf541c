/*
 * A few trials train some steps, chosen by size from the smallest to the largest; the times of the
 * others lie between theirs as their sizes do, on logarithmic scales.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "clock.h"
#include "forecast.h"

enum { LEAST_STEPS = 3, MOST_STEPS = 2000 };

/* ---- one trial ------------------------------------------------------------------------------- */

/* When the hooks of a training were called. */
typedef struct {
  double begin, last; /* the training began; the last step ended, or the last epoch */
  double first, over; /* the first step ended, and the training */
  double shuffle;     /* seconds before an epoch's first step */
  double *steps;      /* (n_steps) seconds, without the very first */
  int n_steps;
  double ends; /* seconds of the ends of n_ends epochs */
  int n_ends;
  bool in_epoch;
} Watcher;

static bool step_ended(void *ctx) {
  Watcher *w = ctx;
  const double now = clock_now();
  const double seconds = now - w->last - (w->in_epoch ? 0 : w->shuffle);
  if (w->first == 0)
    w->first = now;
  else if (w->n_steps < MOST_STEPS)
    w->steps[w->n_steps++] = seconds > 0 ? seconds : 0;
  w->in_epoch = true;
  w->last = now;
  return false;
}

static void epoch_ended(void *ctx, int64_t number, int64_t epoch, int64_t n_epochs) {
  Watcher *w = ctx;
  (void)number, (void)epoch, (void)n_epochs;
  const double now = clock_now();
  w->ends += now - w->last;
  w->n_ends++;
  w->last = now;
  w->in_epoch = false;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *x, int n) {
  qsort(x, (size_t)n, sizeof *x, ascending);
  return 0.5 * (x[(n - 1) / 2] + x[n / 2]);
}

/* Trains so many steps and ends an epoch behind them. */
static Status watch(Arena *a, const TrialEnv *env, const Spec *trial, int64_t number, int64_t steps,
                    double shuffle, Watcher *w, TrialResult *result, Err *e) {
  Spec few = *trial;
  few.train.epochs = 0;
  few.train.steps = steps;
  few.train.warmup_epochs = 0;
  few.train.stop_at = 0;
  few.train.early_stopping.patience = 0;
  TrialEnv watched = {.data = env->data, .cpu = env->cpu};
  watched.hooks = (TrialHooks){.ctx = w, .epoch = epoch_ended, .stop = step_ended};
  *w = (Watcher){.shuffle = shuffle, .steps = ARENA_ARRAY(a, double, MOST_STEPS)};
  w->begin = clock_now();
  TRY(trial_run(a, &watched, &few, number, result, e));
  w->over = clock_now();
  return OK;
}

/* A training that diverges at once has shown its start, if that. `rest`: seconds of a trial outside
 * of its training. */
static void note_times(const Forecast *f, double rest, Watcher *w, ForecastTrial *out) {
  const double first = w->first > 0 ? w->first - w->begin : 0;
  out->step = w->n_steps > 0 ? median(w->steps, w->n_steps) : first;
  out->end = w->n_ends > 0 ? w->ends / w->n_ends : 0;
  out->start = rest + (w->over - w->last);
  if (first > out->step + f->shuffle) out->start += first - out->step - f->shuffle;
}

/* What becomes of a result, with curves as long as the trial's: its text, made by who trained it,
 * and read by rank 0. */
static Status time_result(Arena *a, const ForecastTrial *t, const TrialResult *few, double *writing,
                          double *reading, Err *e) {
  TrialResult r = *few, back;
  const int64_t n = (int64_t)few->curves.n_epochs * few->curves.n_names;
  JsonValue *v;
  r.curves.n_epochs = (int)t->epochs;
  r.curves.values = ARENA_ARRAY(a, double, t->epochs * few->curves.n_names);
  for (int64_t i = 0; n > 0 && i < t->epochs * few->curves.n_names; i++)
    r.curves.values[i] = few->curves.values[i % n];
  r.activations.n_layers = 0;
  r.host = "";
  Str text = str_new(a);
  const double begin = clock_now();
  trial_write_json(&r, &text);
  const double written = clock_now();
  TRY(json_parse(a, str_text(&text), (size_t)text.length, &v, e));
  TRY(trial_read_json(a, v, &back, e));
  *writing = written - begin;
  *reading = clock_now() - written;
  return OK;
}

/* Twice: the first finds out how many steps are worth the time, and what is not yet in memory. */
static Status measure_one(Arena *a, const TrialEnv *env, double seconds, const Forecast *f,
                          ForecastTrial *t, double *reading, Err *e) {
  Diag d = diag_new(a);
  Watcher w;
  TrialResult result;
  double writing;
  const double begin = clock_now();
  const Spec *trial = plan_trial(a, f->spec, t->number, t->point, &d);
  CHECK(e, trial, E_INTERNAL, "trial %lld is none any more", (long long)t->number);
  const double resolved = clock_now() - begin;
  int64_t steps = t->steps < LEAST_STEPS ? t->steps : LEAST_STEPS;
  TRY(watch(a, env, trial, t->number, steps, f->shuffle, &w, &result, e));
  result.point = t->point;
  TRY(time_result(a, t, &result, &writing, reading, e));
  note_times(f, resolved + writing, &w, t);
  const double worth = (seconds - (clock_now() - begin)) / (t->step + 1e-9);
  if (worth > 2 * LEAST_STEPS) {
    steps = worth < MOST_STEPS ? (int64_t)worth : MOST_STEPS;
    if (steps > t->steps) steps = t->steps;
    TRY(watch(a, env, trial, t->number, steps, f->shuffle, &w, &result, e));
    result.point = t->point;
    TRY(time_result(a, t, &result, &writing, reading, e));
    note_times(f, resolved + writing, &w, t);
  }
  t->measured = true;
  return OK;
}

static double time_shuffle(const RunData *data) {
  Arena a = {0};
  arena_init(&a);
  const uint32_t n = data->parts[PART_TRAIN].n;
  uint32_t *order = ARENA_ARRAY(&a, uint32_t, n);
  const double before = clock_now();
  rng_permute(1, RNG_SHUFFLE, 1, order, n);
  const double after = clock_now();
  arena_free(&a);
  return after - before;
}

/* ---- all of them ----------------------------------------------------------------------------- */

typedef struct {
  double size, seconds;
} Sample;

static int by_size(const void *a, const void *b) {
  const Sample *x = a, *y = b;
  return (x->size > y->size) - (x->size < y->size);
}

/* Ascending by size; those of one size are one, their median. Returns how many are left. */
static int merge(Sample *x, int n) {
  int left = 0;
  qsort(x, (size_t)n, sizeof *x, by_size);
  for (int i = 0, next; i < n; i = next) {
    double seconds[FORECAST_MEASURED];
    for (next = i; next < n && x[next].size == x[i].size; next++)
      seconds[next - i] = x[next].seconds;
    x[left++] = (Sample){x[i].size, median(seconds, next - i)};
  }
  return left;
}

static double between(const Sample *x, int n, double size) {
  int i = 1;
  if (n == 1 || size <= x[0].size) return x[0].seconds;
  while (i + 1 < n && x[i].size < size) i++;
  const Sample *low = &x[i - 1], *high = &x[i];
  if (size >= high->size) return high->seconds;
  if (!(low->seconds > 0 && high->seconds > 0)) return 0.5 * (low->seconds + high->seconds);
  const double share = fm_log(size / low->size) / fm_log(high->size / low->size);
  return low->seconds * fm_pow(high->seconds / low->seconds, share);
}

enum { STEP, END, START, KINDS };

static double size_of(const ForecastTrial *t, int kind) {
  return kind == STEP ? t->step_size : kind == END ? t->end_size : (double)t->n_weights;
}

static double *seconds_of(ForecastTrial *t, int kind) {
  return kind == STEP ? &t->step : kind == END ? &t->end : &t->start;
}

static void guess_others(Forecast *f) {
  for (int kind = 0; kind < KINDS; kind++) {
    Sample x[FORECAST_MEASURED];
    int n = 0;
    for (int i = 0; i < f->n; i++)
      if (f->trials[i].measured)
        x[n++] = (Sample){size_of(&f->trials[i], kind), *seconds_of(&f->trials[i], kind)};
    n = merge(x, n);
    for (int i = 0; i < f->n; i++)
      *seconds_of(&f->trials[i], kind) = between(x, n, size_of(&f->trials[i], kind));
  }
}

static int by_step_size(const void *a, const void *b) {
  const ForecastTrial *x = *(ForecastTrial *const *)a, *y = *(ForecastTrial *const *)b;
  if (x->step_size != y->step_size) return x->step_size < y->step_size ? -1 : 1;
  return x->number < y->number ? -1 : 1;
}

Status forecast_measure(Arena *a, const TrialEnv *env, double seconds, Forecast *f, Err *e) {
  const int n = f->n < FORECAST_MEASURED ? f->n : FORECAST_MEASURED;
  ForecastTrial **order = ARENA_ARRAY(a, ForecastTrial *, f->n);
  double readings[FORECAST_MEASURED];
  Arena scratch = {0};
  Status status = OK;
  arena_init(&scratch);
  for (int i = 0; i < f->n; i++) order[i] = &f->trials[i];
  qsort(order, (size_t)f->n, sizeof *order, by_step_size); /* NOLINT(bugprone-sizeof-expression) */
  f->shuffle = f->spec->cost.text ? 0 : time_shuffle(env->data);
  for (int i = 0; i < n && status == OK; i++) {
    ForecastTrial *t = order[n == 1 ? 0 : (int64_t)i * (f->n - 1) / (n - 1)];
    status = measure_one(&scratch, env, seconds / n, f, t, &readings[i], e);
    if (status != OK) err_context(e, "trial %lld", (long long)t->number);
    arena_free(&scratch);
  }
  if (status != OK) return status;
  f->n_measured = n;
  f->result = median(readings, n);
  guess_others(f);
  return OK;
}
