/* From a spec to nn's graph, and the checks that need the data's shape. */
#include "spec.h"

bool spec_couples_rows(const Spec *s) {
  for (int i = 0; i < s->model.n_layers; i++)
    if (nn_layer_couples_rows(s->model.layers[i].kind)) return true;
  return false;
}

bool spec_is_by_shard(const Spec *s) {
  for (int i = 0; i < s->model.n_layers; i++)
    if (nn_layer_is_by_shard(s->model.layers[i].kind, s->model.layers[i].config)) return true;
  return false;
}

/* The parameters of the loss against the targets, with the error at the parameter's element. */
static Status check_loss(const Spec *s, NnTargets targets, Diag *d, Err *e) {
  ParamPlace place = {.element = -1};
  const Status status = nn_loss_check(s->model.loss, targets, &place, e);
  if (status == OK) return OK;
  const YamlNode *at = yaml_get(spec_find(s->tree, "model.loss"), place.param);
  const YamlNode *element = place.element >= 0 ? yaml_at(at, place.element) : NULL;
  diag_add(d, DIAG_ERROR, (element ? element : at)->mark, "%s", e->text);
  return status;
}

/* A residual's shape in its own words; nn speaks of inputs. */
static Status check_sum(const NnGraph *g, const LayerSpec *l, Err *e) {
  if (!str_eq(l->kind->name, "add")) return OK;
  const int out = nn_graph_features(g, l->inputs[0]), in = nn_graph_features(g, l->inputs[1]);
  CHECK(e, out == in, E_SHAPE,
        "%s: its layers give %d features, but %d come in; let the last dense layer among them have "
        "{units: %d}",
        l->path, out, in, in);
  return OK;
}

Status spec_graph(Arena *a, const Spec *s, int n_features, NnTargets targets, Diag *d,
                  NnGraph **out, Err *e) {
  NnGraph *g = nn_graph_new(a, n_features, targets);
  int id = NN_INPUT;
  for (int i = 0; i < s->model.n_layers; i++) {
    const LayerSpec *l = &s->model.layers[i];
    Status status = check_sum(g, l, e);
    if (status == OK)
      status = nn_graph_add(g, l->kind, l->config, l->path, l->inputs, l->n_inputs, &id, e);
    if (status != OK) {
      diag_add(d, DIAG_ERROR, l->mark, "%s", e->text);
      return status;
    }
  }
  TRY(check_loss(s, targets, d, e));
  const KindValue loss = s->model.loss;
  Status status = nn_graph_loss(g, loss.kind, loss.config, id, e);
  if (status != OK) {
    const YamlNode *said = spec_find(s->tree, "model.loss");
    const LayerSpec *last = &s->model.layers[s->model.n_layers - 1];
    diag_add(d, DIAG_ERROR, spec_find(s->source, "model.loss") ? said->mark : last->mark, "%s",
             e->text);
    return status;
  }
  *out = g;
  return OK;
}
