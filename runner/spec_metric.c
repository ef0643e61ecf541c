/*
 * The metric: what trials are compared by. `<part>_<metric>` of a part that is there; an accuracy
 * only where the loss tells right from wrong. The test part is never used for choosing.
 */
#include "spec_sections.h"

static const char *const metric_names[] = {"train_loss", "train_accuracy", "validation_loss",
                                           "validation_accuracy"};

static bool counts(const Spec *s) {
  return s->model.loss.kind && nn_loss_counts_correct(s->model.loss.kind);
}

static const char *default_name(const Spec *s) {
  if (s->cost.text) return "cost";
  if (s->data.validation <= 0) return "train_loss";
  return counts(s) ? "validation_accuracy" : "validation_loss";
}

static void check_name(const Resolve *r, const char *name, Mark at, const Spec *s) {
  if (s->cost.text) {
    if (!str_eq(name, "cost"))
      diag_add(r->d, DIAG_ERROR, at, "no metric is called \"%s\"; of a cost there is: cost", name);
    return;
  }
  bool known = false;
  for (int i = 0; i < COUNT(metric_names); i++) known = known || str_eq(name, metric_names[i]);
  if (str_starts(name, "test_")) {
    diag_add(
        r->d, DIAG_ERROR, at,
        "the test part is never used for choosing; write %s and see the test part once, at the "
        "end",
        default_name(s));
  } else if (!known) {
    const char *nearest = str_nearest(name, metric_names, COUNT(metric_names));
    if (nearest)
      diag_add(r->d, DIAG_ERROR, at, "no metric is called \"%s\"; did you mean \"%s\"?", name,
               nearest);
    else
      diag_add(
          r->d, DIAG_ERROR, at,
          "no metric is called \"%s\"; there are: train_loss, train_accuracy, validation_loss, "
          "validation_accuracy",
          name);
  } else if (str_ends(name, "_accuracy") && s->model.loss.kind && !counts(s)) {
    diag_add(r->d, DIAG_ERROR, at,
             "%s has no accuracy: it does not predict classes; write %.*s_loss",
             s->model.loss.kind->name, str_starts(name, "train") ? 5 : 10, name);
  } else if (str_starts(name, "validation_") && s->data.validation <= 0) {
    diag_add(r->d, DIAG_ERROR, at,
             "there is no validation part: data.split.validation is 0; write train_loss or give it "
             "rows");
  }
}

YamlNode *resolve_metric(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  YamlNode *said = yaml_new(r->a, YAML_MAP, out->mark);
  MetricRow row = {.goal = -1};
  const MapSpec m = section_map(r, &spec_metric, in, top, NULL);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &row, said);
  const YamlNode *name = yaml_get(said, "name"), *goal = yaml_get(said, "goal");
  if (row.name)
    check_name(r, row.name, name->mark, s);
  else if (r->d->n_refusals == errors)
    row.name = default_name(s);
  if (row.name == NULL || r->d->n_refusals > errors) return out;
  if (goal == NULL) row.goal = str_ends(row.name, "_accuracy") ? GOAL_MAXIMIZE : GOAL_MINIMIZE;
  s->search.metric = (MetricSpec){
      .name = row.name, .maximize = row.goal == GOAL_MAXIMIZE, .at_best = row.at == AT_BEST};
  for (int i = 0; i < m.n_params; i++) {
    const YamlNode *n = yaml_get(said, m.params[i].name);
    yaml_put(r->a, out, m.params[i].name,
             resolve_scalar(r, &m.params[i], &row, n ? n->mark : out->mark));
  }
  return out;
}
