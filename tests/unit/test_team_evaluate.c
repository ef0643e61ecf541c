/*
 * Validation and exact statistics over a team, by threads: whoever computes which chunks, the bits
 * are those of one loop over them, and metrics see every row once, in order, with its own target.
 */
#include <math.h>
#include "base/cpu.h"
#include "runner/trial_state.h"
#include "team_threads.h"
#include "trial_rig.h"

enum { MOST_CHUNKS = 70, CLASSES = 4, OUTPUTS = 2, ROOM = 64, MOST_METRICS = 3 };

static const char text[] = "data: {source: blobs}\n"
                           "model:\n"
                           "  layers:\n"
                           "    - dense: {units: 5}\n"
                           "    - batch_norm: {statistics: exact}\n"
                           "    - relu\n"
                           "    - dense: {units: 4}\n"
                           "    - batch_norm: {statistics: exact}\n"
                           "    - {name: out, dense: {units: classes}}\n"
                           "train: {epochs: 1, batch_size: 16, shards: 8}\n";

/* What came of it, by place. */
typedef struct {
  const Spec *spec;
  const RunData *data;
  Status status[TEAM_THREADS_MOST];
  size_t n_statistics;
  Real statistics[TEAM_THREADS_MOST][ROOM];
  NnScore score[TEAM_THREADS_MOST];
  double metrics[MOST_METRICS];
  int64_t counts[CLASSES * CLASSES];
} Outcome;

typedef struct {
  Arena arena, numbers;
  TrialEnv env;
  TrialRun run;
} Member;

static Status member_open(Member *m, const Outcome *o, Team *team) {
  Err e = {0};
  Diag d = diag_new(&m->arena);
  TrialRun *r = &m->run;
  cpu_flush_denormals();
  m->env = (TrialEnv){.data = o->data, .cpu = cpu_level()};
  *r = (TrialRun){.env = &m->env, .spec = o->spec, .team = team};
  TRY(trial_plan(&m->arena, &m->env, o->spec, &d, &r->plan, &e));
  r->model = r->plan.model;
  trial_buffers(&m->arena, o->spec, o->data, &r->plan, &r->buffers);
  TRY(nn_model_open(r->model, &m->numbers, &e));
  nn_model_init(r->model, 7);
  return OK;
}

static void member_close(Member *m) {
  arena_free(&m->numbers);
  arena_free(&m->arena);
}

static void keep_measures(Member *m, Outcome *o) {
  Metrics of;
  measure_result(&m->arena, &m->run.plan.measure, o->data->main.class_names, &of);
  memcpy(o->metrics, of.values, (size_t)of.n * sizeof *o->metrics);
  if (of.confusion.n) memcpy(o->counts, of.confusion.counts, sizeof o->counts);
}

static void body(void *ctx, int place, Team *team) {
  Outcome *o = ctx;
  Member m = {0};
  o->status[place] = member_open(&m, o, team);
  if (o->status[place] == OK) {
    const TrialRun *r = &m.run;
    trial_exact_statistics(r);
    const Real *v = nn_model_vector(r->model, NN_STATISTICS, &o->n_statistics);
    memcpy(o->statistics[place], v, o->n_statistics * sizeof *v);
    trial_evaluate(&r->buffers.validation, r->model, team, &m.env.hooks, &o->score[place]);
    if (place == 0) keep_measures(&m, o);
  }
  member_close(&m);
}

static void run_on(int n, Outcome *o) {
  team_threads_run(&(TeamThreads){.n = n}, body, o);
  for (int i = 0; i < n; i++) {
    assert_int_equal(o->status[i], OK);
    assert_memory_equal(o->statistics[i], o->statistics[0], o->n_statistics * sizeof(Real));
    if (i > 0) assert_true(o->score[i].rows == 0 && o->score[i].loss == 0);
  }
}

/* ---- one loop over the chunks ---------------------------------------------------------------- */

typedef struct {
  double loss[MOST_CHUNKS], correct[MOST_CHUNKS];
  double error, squares[OUTPUTS], y[OUTPUTS], yy[OUTPUTS]; /* sums over rows */
  int64_t counts[CLASSES * CLASSES];
} Plain;

static double tree(const double *v, int n) {
  int left = 1;
  if (n == 1) return v[0];
  while (2 * left < n) left *= 2;
  return tree(v, left) + tree(v + left, n - left);
}

static int next_chunk(const Outcome *o, NnModel *m, Part part, uint32_t first) {
  const uint32_t left = o->data->parts[part].n - first;
  const int rows = left < EVAL_ROWS ? (int)left : EVAL_ROWS;
  data_gather(o->data, part, NULL, first, rows, m);
  return rows;
}

static void plain_statistics(const Outcome *o, NnModel *m) {
  double moments[1 + 2 * 5];
  for (int k = 0; k < 2; k++) {
    assert_int_equal(nn_model_exact_begin(m, k), k == 0 ? 11 : 9);
    for (uint32_t at = 0; at < o->data->parts[PART_TRAIN].n; at += EVAL_ROWS)
      nn_model_exact_rows(m, next_chunk(o, m, PART_TRAIN, at));
    nn_model_exact_part(m, moments);
    nn_model_exact_end(m, moments);
  }
}

static void plain_row(const IoDataset *set, uint32_t row, const Real *p, Plain *out) {
  if (set->labels) {
    int best = 0;
    for (int j = 1; j < CLASSES; j++)
      if (p[j] > p[best]) best = j;
    out->counts[set->labels[row] * CLASSES + best]++;
  }
  for (int j = 0; j < OUTPUTS && set->values; j++) {
    const double y = (double)(Real)set->values[row * OUTPUTS + (uint32_t)j], e = (double)p[j] - y;
    out->error += fabs(e);
    out->squares[j] += e * e;
    out->y[j] += y;
    out->yy[j] += y * y;
  }
}

static void plain_measures(const Outcome *o, NnModel *m, Plain *out) {
  const DataPart *part = &o->data->parts[PART_VALIDATION];
  for (uint32_t at = 0; at < part->n; at += EVAL_ROWS) {
    const int rows = next_chunk(o, m, PART_VALIDATION, at);
    NnScore s;
    int d;
    nn_model_evaluate(m, rows, &s);
    out->loss[at / EVAL_ROWS] = s.loss;
    out->correct[at / EVAL_ROWS] = s.correct;
    const Real *p = nn_model_output(m, &d);
    for (int i = 0; i < rows; i++)
      plain_row(part->set, part->rows[at + (uint32_t)i], p + i * d, out);
  }
}

static void check_statistics(const Outcome *o, NnModel *m) {
  size_t n;
  plain_statistics(o, m);
  const Real *v = nn_model_vector(m, NN_STATISTICS, &n);
  assert_int_equal(n, 2 * (5 + 4));
  assert_int_equal(o->n_statistics, n);
  assert_memory_equal(o->statistics[0], v, n * sizeof *v);
}

static void check(const Outcome *o, Plain *out) {
  Team alone = team_solo();
  Member m = {0};
  assert_int_equal(member_open(&m, o, &alone), OK);
  check_statistics(o, m.run.model);
  *out = (Plain){0};
  plain_measures(o, m.run.model, out);
  const uint32_t rows = o->data->parts[PART_VALIDATION].n;
  const int chunks = (int)((rows + EVAL_ROWS - 1) / EVAL_ROWS);
  const double correct = tree(out->correct, chunks);
  assert_true(o->score[0].rows == rows && o->score[0].loss == tree(out->loss, chunks));
  assert_true(o->score[0].correct == (correct < 0 ? -1 : correct));
  member_close(&m);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* So many chunks, the last with some rows less. */
static void cut_parts(RunData *data, int train, int validation) {
  data->parts[PART_TRAIN].n = (uint32_t)(train * EVAL_ROWS - train * 37 % EVAL_ROWS);
  data->parts[PART_VALIDATION].n =
      (uint32_t)(validation * EVAL_ROWS - validation * 101 % EVAL_ROWS);
}

static void test_every_number_of_chunks(void **state) {
  Arena *a = *state;
  const uint32_t rows = MOST_CHUNKS * EVAL_ROWS;
  RunData *data = trial_rig_rows(a, rows, rows, (NnTargets){.n_classes = CLASSES});
  static Outcome o;
  Plain plain;
  for (int chunks = 1; chunks <= MOST_CHUNKS; chunks++) {
    cut_parts(data, chunks, MOST_CHUNKS + 1 - chunks);
    for (int n = 1; n <= 8; n *= 2) {
      o = (Outcome){.spec = rig_load(a, text), .data = data};
      run_on(n, &o);
      check(&o, &plain);
    }
  }
}

/* The matrix of all rows, and the macro recall that follows from it. */
static void check_counts(const Outcome *o, const Plain *plain) {
  double recall = 0;
  assert_memory_equal(o->counts, plain->counts, sizeof plain->counts);
  for (int c = 0; c < CLASSES; c++) {
    double row = 0;
    for (int k = 0; k < CLASSES; k++) row += (double)plain->counts[c * CLASSES + k];
    recall += (double)plain->counts[c * CLASSES + c] / row / CLASSES;
  }
  assert_true(fabs(o->metrics[0] - recall) < 1e-12);
}

static const int some_chunks[] = {1, 2, 3, 7, 16, 17, 33, 40};

static void test_metrics_of_classes(void **state) {
  Arena *a = *state;
  const uint32_t rows = 40 * EVAL_ROWS;
  RunData *data = trial_rig_rows(a, rows, rows, (NnTargets){.n_classes = CLASSES});
  const char *list = "metrics=[recall, auc, confusion]";
  static Outcome o;
  Plain plain;
  for (int i = 0; i < COUNT(some_chunks); i++) {
    double auc = 0;
    cut_parts(data, 1, some_chunks[i]);
    for (int n = 1; n <= 8; n *= 2) {
      o = (Outcome){.spec = rig_load_with(a, text, &list, 1), .data = data};
      run_on(n, &o);
      check(&o, &plain);
      check_counts(&o, &plain);
      if (n == 1) auc = o.metrics[1];
      assert_true(auc > 0 && auc < 1 && o.metrics[1] == auc);
    }
  }
}

/* Two outputs of different size: predictions and targets of other rows or columns would show. */
static void check_regression(const Outcome *o, const Plain *p) {
  const double n = o->data->parts[PART_VALIDATION].n;
  double r2 = 0;
  for (int j = 0; j < OUTPUTS; j++)
    r2 += (1 - p->squares[j] / (p->yy[j] - p->y[j] * p->y[j] / n)) / OUTPUTS;
  assert_true(fabs(o->metrics[0] - r2) < 1e-9 * fabs(r2));
  assert_true(fabs(o->metrics[1] - p->error / n / OUTPUTS) < 1e-9 * p->error / n);
}

static void test_metrics_of_values(void **state) {
  Arena *a = *state;
  const uint32_t rows = 40 * EVAL_ROWS;
  RunData *data = trial_rig_rows(a, rows, rows, (NnTargets){.n_values = OUTPUTS});
  const char *words[] = {"metrics=[r2, mean_absolute_error]", "model.out.dense.units=2",
                         "model.loss=mean_squared_error"};
  static Outcome o;
  Plain plain;
  for (int i = 0; i < COUNT(some_chunks); i++) {
    double alone[2] = {0};
    cut_parts(data, 2, some_chunks[i]);
    for (int n = 1; n <= 8; n *= 2) {
      o = (Outcome){.spec = rig_load_with(a, text, words, COUNT(words)), .data = data};
      run_on(n, &o);
      check(&o, &plain);
      check_regression(&o, &plain);
      if (n == 1) memcpy(alone, o.metrics, sizeof alone);
      assert_memory_equal(o.metrics, alone, sizeof alone);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_number_of_chunks, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_metrics_of_classes, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_metrics_of_values, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
