/*
 * The columns of the curves, declared once: name, when it is there, where its value comes from;
 * behind them the metrics of the list. The order is that of the digest.
 */
#include "trial_state.h"

static double train_loss(const EpochMeasures *m) {
  return m->train.loss / m->train.rows;
}

/* J of the parameters as they are, not the mean over the steps before. */
static double cost(const EpochMeasures *m) {
  return m->train.loss;
}

static double train_accuracy(const EpochMeasures *m) {
  return m->train.correct / m->train.rows;
}

static double validation_loss(const EpochMeasures *m) {
  return m->validation.loss / m->validation.rows;
}

static double validation_accuracy(const EpochMeasures *m) {
  return m->validation.correct / m->validation.rows;
}

static double penalty(const EpochMeasures *m) {
  return m->penalty;
}

static double learning_rate(const EpochMeasures *m) {
  return m->learning_rate;
}

/* At any time: also by an edit. */
static bool is_penalized(const Spec *s) {
  bool found = spec_find(s->tree, "train.l1") || spec_find(s->tree, "train.l2");
  for (int i = 0; i < s->n_edits; i++) found = found || is_penalized(s->edits[i].spec);
  return found;
}

void trial_plan_columns(Arena *a, const Spec *s, const RunData *data, TrialPlan *p) {
  const bool is_cost = s->cost.text != NULL;
  const bool accuracy = !is_cost && nn_loss_counts_correct(s->model.loss.kind);
  const bool validation = data->parts[PART_VALIDATION].n > 0;
  const bool penalized = is_penalized(s);
  const struct {
    bool there;
    const char *name;
    ColumnValue *value;
  } rows[] = {
      {is_cost, "cost", cost},
      {!is_cost, "train_loss", train_loss},
      {accuracy, "train_accuracy", train_accuracy},
      {validation, "validation_loss", validation_loss},
      {validation && accuracy, "validation_accuracy", validation_accuracy},
      {penalized, "penalty", penalty},
      {true, "learning_rate", learning_rate},
  };
  const int n_metrics = validation ? p->measure.n : 0;
  p->names = ARENA_ARRAY(a, const char *, COUNT(rows) + n_metrics);
  p->values = ARENA_ARRAY(a, ColumnValue *, COUNT(rows) + n_metrics);
  for (int i = 0; i < COUNT(rows); i++) {
    if (!rows[i].there) continue;
    p->names[p->n_names] = rows[i].name;
    p->values[p->n_names++] = rows[i].value;
  }
  for (int i = 0; i < n_metrics; i++)
    p->names[p->n_names++] = arena_printf(a, "validation_%s", p->measure.names[i]);
}

void trial_fill_columns(const TrialPlan *p, const EpochMeasures *m, double *row) {
  int metric = 0;
  for (int i = 0; i < p->n_names; i++)
    row[i] = p->values[i] ? p->values[i](m) : nn_metric_value(p->measure.metrics[metric++]);
}
