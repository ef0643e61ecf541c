#include "trial_activations.h"

#include <math.h>
#include <string.h>
#include "base/percentile.h"

/* The members of a layer in JSON, in the order of Activations.values. */
static const char *const whose[ACTIVATIONS_OF] = {"all", "first_unit"};

static bool is_activation(const Kind *kind) {
  for (int i = 0; i < nn_activations.n; i++)
    if (nn_activations.kinds[i] == kind) return true;
  return false;
}

void trial_plan_activations(Arena *a, const Spec *s, TrialPlan *p) {
  Activations *x = &p->activations;
  if (s->records.activations == ACTIVATIONS_NONE) return;
  const int n = nn_model_n_nodes(p->model);
  x->n_percentiles = s->records.percentiles.n;
  x->percentiles = s->records.percentiles.v;
  x->paths = ARENA_ARRAY(a, const char *, n);
  p->activation_nodes = ARENA_ARRAY(a, int, n);
  for (int i = 0; i < n; i++) {
    if (!is_activation(nn_model_node_kind(p->model, i))) continue;
    x->paths[x->n_layers] = nn_model_node_path(p->model, i);
    p->activation_nodes[x->n_layers++] = i;
  }
}

size_t trial_activations_width(const Activations *x) {
  return (size_t)x->n_layers * ACTIVATIONS_OF * (size_t)x->n_percentiles;
}

double *trial_activation(const Activations *x, int epoch, int layer, int of, int percentile) {
  const size_t series = (size_t)layer * ACTIVATIONS_OF + (size_t)of;
  return x->values + (size_t)epoch * trial_activations_width(x) +
         series * (size_t)x->n_percentiles + (size_t)percentile;
}

/* ---- looking --------------------------------------------------------------------------------- */

typedef struct {
  const TrialPlan *plan;
  int next; /* layer */
  double *row;
} Look;

static void see(void *ctx, int node, int input, const Real *x, int rows, int d) {
  Look *look = ctx;
  const Activations *of = &look->plan->activations;
  if (look->next == of->n_layers || look->plan->activation_nodes[look->next] != node || input > 0)
    return;
  double *all = look->row + (size_t)look->next * ACTIVATIONS_OF * (size_t)of->n_percentiles;
  double *first_unit = all + of->n_percentiles;
  const size_t n = (size_t)rows, width = (size_t)d;
  for (int k = 0; k < of->n_percentiles; k++) {
    all[k] = (double)percentile_f32(x, n * width, 1, of->percentiles[k]);
    first_unit[k] = (double)percentile_f32(x, n, width, of->percentiles[k]);
  }
  look->next++;
}

void trial_observe(const TrialRun *r) {
  const size_t width = trial_activations_width(&r->plan.activations);
  if (width == 0 || r->team->place > 0) return;
  const RunData *data = r->env->data;
  const Part part = data->parts[PART_VALIDATION].n > 0 ? PART_VALIDATION : PART_TRAIN;
  const uint32_t n = data->parts[part].n;
  const int rows = n < EVAL_ROWS ? (int)n : EVAL_ROWS;
  Look look = {.plan = &r->plan, .row = r->buffers.activations + (size_t)r->progress.epoch * width};
  data_gather(data, part, NULL, 0, rows, r->model);
  nn_model_observe(r->model, rows, see, &look);
}

void trial_conclude_activations(Arena *a, const TrialRun *r, Activations *out) {
  *out = r->plan.activations;
  const size_t n = trial_activations_width(out) * (size_t)r->progress.epoch;
  if (n == 0) return;
  out->n_epochs = (int)r->progress.epoch;
  out->values = ARENA_ARRAY(a, double, n);
  memcpy(out->values, r->buffers.activations, sizeof(double) * n);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* [[p15, p50, p85], ..], one list an epoch */
static void write_epochs(JsonWriter *j, const Activations *x, int layer, int of) {
  json_open(j, '[');
  for (int epoch = 0; epoch < x->n_epochs; epoch++) {
    json_open(j, '[');
    for (int k = 0; k < x->n_percentiles; k++)
      json_f64(j, *trial_activation(x, epoch, layer, of, k));
    json_close(j, ']');
  }
  json_close(j, ']');
}

void trial_write_activations(JsonWriter *j, const Activations *x) {
  if (x->n_layers == 0) return;
  json_key(j, "activations");
  json_open(j, '{');
  json_key(j, "percentiles");
  json_open(j, '[');
  for (int k = 0; k < x->n_percentiles; k++) json_f64(j, x->percentiles[k]);
  json_close(j, ']');
  json_key(j, "layers");
  json_open(j, '{');
  for (int layer = 0; layer < x->n_layers; layer++) {
    json_key(j, x->paths[layer]);
    json_open(j, '{');
    for (int of = 0; of < ACTIVATIONS_OF; of++) {
      json_key(j, whose[of]);
      write_epochs(j, x, layer, of);
    }
    json_close(j, '}');
  }
  json_close(j, '}');
  json_close(j, '}');
}

static Status read_epochs(const JsonValue *list, const Activations *x, int layer, int of, Err *e) {
  CHECK(e, list && list->type == JSON_LIST && list->n_children == x->n_epochs, E_DATA,
        "result: activations of %s: \"%s\" has not one list an epoch", x->paths[layer], whose[of]);
  int epoch = 0;
  for (const JsonValue *row = list->first; row; row = row->next, epoch++) {
    CHECK(e, row->type == JSON_LIST && row->n_children == x->n_percentiles, E_DATA,
          "result: activations of %s: not one number a percentile", x->paths[layer]);
    int k = 0;
    for (const JsonValue *v = row->first; v; v = v->next)
      *trial_activation(x, epoch, layer, of, k++) = json_number(v, NAN);
  }
  return OK;
}

Status trial_read_activations(Arena *a, const JsonValue *result, int n_epochs, Activations *out,
                              Err *e) {
  const JsonValue *v = json_get(result, "activations");
  if (!v) return OK;
  const JsonValue *percentiles = json_get(v, "percentiles"), *layers = json_get(v, "layers");
  CHECK(e, percentiles && percentiles->type == JSON_LIST && layers && layers->type == JSON_MAP,
        E_DATA, "result: \"activations\" without percentiles or layers");
  *out = (Activations){.n_percentiles = percentiles->n_children,
                       .n_layers = layers->n_children,
                       .n_epochs = n_epochs};
  double *p = ARENA_ARRAY(a, double, out->n_percentiles);
  out->percentiles = p;
  out->paths = ARENA_ARRAY(a, const char *, out->n_layers);
  out->values = ARENA_ARRAY(a, double, trial_activations_width(out) * (size_t)n_epochs);
  int k = 0, layer = 0;
  for (const JsonValue *c = percentiles->first; c; c = c->next) p[k++] = json_number(c, NAN);
  for (const JsonValue *l = layers->first; l; l = l->next, layer++) {
    out->paths[layer] = arena_strdup(a, l->key);
    for (int of = 0; of < ACTIVATIONS_OF; of++)
      TRY(read_epochs(json_get(l, whose[of]), out, layer, of, e));
  }
  return OK;
}
