/* What a list of layers expands to: repeat, enabled, the joins of residuals and concatenates, and
 * parameters that depend on the successor. */
#include <string.h>

#include "spec_layers.h"

static int64_t count_layers(LayerList list);

static int64_t count_item(const LayerItem *item) {
  if (!item->row.enabled) return 0;
  if (item->group == NULL) return 1;
  int64_t n = 0;
  for (int k = 0; k < item->n_lists; k++) n += count_layers(item->lists[k]);
  if (item->group->join == NULL) return item->row.repeat * n;
  return n + (n > 0 || item->group->is_branched);
}

/* How many nodes a list makes, at most MAX_LAYERS + 1. */
static int64_t count_layers(LayerList list) {
  int64_t n = 0;
  for (int i = 0; i < list.n; i++) {
    n += count_item(&list.items[i]);
    if (n > MAX_LAYERS) return MAX_LAYERS + 1;
  }
  return n;
}

typedef struct {
  const Resolve *r;
  ModelSpec *out;
  LayerItem **from; /* (n_layers) the item that a node is a copy of */
} Expand;

/* Adds a node; returns its index. */
static int add_node(Expand *x, LayerItem *item, const Kind *kind, const char *path,
                    const int *inputs, int n_inputs) {
  LayerSpec *layer = &x->out->layers[x->out->n_layers];
  int *reads = ARENA_ARRAY(x->r->a, int, n_inputs);
  memcpy(reads, inputs, (size_t)n_inputs * sizeof *reads);
  *layer = (LayerSpec){
      .kind = kind, .path = path, .mark = item->mark, .inputs = reads, .n_inputs = n_inputs};
  if (item->config) {
    layer->config = arena_alloc(x->r->a, 1, kind->config_size);
    memcpy(layer->config, item->config, kind->config_size);
  }
  x->from[x->out->n_layers] = item;
  return x->out->n_layers++;
}

static int expand(Expand *x, LayerList list, const char *prefix, int input);

/* The lists of a residual or a concatenate, then what joins them. */
static int expand_join(Expand *x, LayerItem *item, const char *path, int input) {
  const LayerGroup *g = item->group;
  int ends[NN_MAX_INPUTS], n = item->n_lists;
  for (int k = 0; k < item->n_lists; k++) {
    const char *prefix = g->is_branched ? arena_printf(x->r->a, "%s.%d.", path, k)
                                        : arena_printf(x->r->a, "%s.", path);
    ends[k] = expand(x, item->lists[k], prefix, input);
  }
  if (!g->is_branched) ends[n++] = input;
  return add_node(x, item, kind_find(&nn_joins, g->join), path, ends, n);
}

/* Adds the nodes of a list that reads node `input`; returns the node that its end is. */
static int expand(Expand *x, LayerList list, const char *prefix, int input) {
  for (int i = 0; i < list.n; i++) {
    LayerItem *item = &list.items[i];
    if (count_item(item) == 0) continue;
    const char *path = arena_printf(x->r->a, "%s%s", prefix, item->label);
    if (item->group == NULL) {
      input = add_node(x, item, item->kind, path, &input, 1);
    } else if (item->group->join) {
      input = expand_join(x, item, path, input);
    } else {
      for (int64_t k = 0; k < item->row.repeat; k++)
        input =
            expand(x, item->lists[0], arena_printf(x->r->a, "%s.%lld.", path, (long long)k), input);
    }
  }
  return input;
}

/* Of each node the kind of all that read it; NULL where they differ, and for the last, which the
 * loss reads. */
static const Kind **reader_kinds(Arena *a, const ModelSpec *m) {
  static const Kind several;
  const Kind **kinds = ARENA_ARRAY(a, const Kind *, m->n_layers);
  for (int i = 0; i < m->n_layers; i++) {
    const LayerSpec *l = &m->layers[i];
    for (int k = 0; k < l->n_inputs; k++) {
      if (l->inputs[k] == NN_INPUT) continue;
      const Kind **kind = &kinds[l->inputs[k]];
      *kind = *kind == NULL || *kind == l->kind ? l->kind : &several;
    }
  }
  for (int i = 0; i < m->n_layers; i++)
    if (kinds[i] == &several) kinds[i] = NULL;
  return kinds;
}

static const char *text_of(Arena *a, const Param *p, const void *config) {
  Str s = str_new(a);
  param_get(p, config, &s);
  return str_text(&s);
}

/* `bias: true` where `auto` would have left it out: say so. */
static void warn_useless(const Resolve *r, const LayerItem *item, const Param *p,
                         const Kind *next) {
  const YamlNode *said = yaml_get(item->params, p->name);
  if (p->type != P_BOOL || said == NULL || !str_eq(said->text, "true")) return;
  void *probe = arena_alloc(r->a, 1, item->kind->config_size);
  memcpy(probe, item->config, item->kind->config_size);
  *(int *)(void *)((char *)probe + p->offset) = p->word_value;
  nn_layer_resolve(item->kind, probe, next);
  if (str_eq(text_of(r->a, p, probe), "false"))
    diag_add(r->d, DIAG_WARNING, said->mark,
             "%s has no use for \"%s: true\" before %s, which undoes it; leave it out", item->label,
             p->name, next ? next->name : "the end");
}

static const char apart[] = "";

/* Remembers what each copy settled. */
static void settle(const Resolve *r, LayerItem *item, LayerSpec *layer, const Kind *next) {
  const Kind *k = layer->kind;
  if (k->config_size == 0) return;
  if (item->settled == NULL) item->settled = ARENA_ARRAY(r->a, const char *, k->n_params);
  nn_layer_resolve(k, layer->config, next);
  for (int i = 0; i < k->n_params; i++) {
    const Param *p = &k->params[i];
    if (p->word == NULL) continue;
    warn_useless(r, item, p, next);
    const char *now = text_of(r->a, p, layer->config);
    if (item->settled[i] == NULL)
      item->settled[i] = now;
    else if (!str_eq(item->settled[i], now))
      item->settled[i] = apart;
  }
}

/* Writes what all copies agree on into the resolved tree. */
static void write_settled(LayerItem *item) {
  for (int i = 0; item->settled && i < item->kind->n_params; i++) {
    YamlNode *node = yaml_get(item->params, item->kind->params[i].name);
    if (node && item->settled[i] && item->settled[i] != apart) node->text = item->settled[i];
  }
}

void spec_layers_expand(const Resolve *r, LayerList written, Mark mark, ModelSpec *out) {
  const int64_t n = count_layers(written);
  if (n == 0)
    diag_add(r->d, DIAG_ERROR, mark,
             "the model has no layers: all are disabled or repeated 0 times");
  if (n > MAX_LAYERS)
    diag_add(r->d, DIAG_ERROR, mark, "the model expands to more than %d layers", MAX_LAYERS);
  if (n == 0 || n > MAX_LAYERS) return;
  Expand x = {.r = r, .out = out};
  out->layers = ARENA_ARRAY(r->a, LayerSpec, n);
  out->n_layers = 0;
  x.from = ARENA_ARRAY(r->a, LayerItem *, n);
  (void)expand(&x, written, "", NN_INPUT);
  const Kind **next = reader_kinds(r->a, out);
  for (int i = 0; i < out->n_layers; i++) settle(r, x.from[i], &out->layers[i], next[i]);
  for (int i = 0; i < out->n_layers; i++) write_settled(x.from[i]);
}
