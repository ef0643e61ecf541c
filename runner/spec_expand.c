/* What a list of layers expands to: repeat, enabled, and parameters that depend on the successor.
 */
#include <string.h>

#include "spec_layers.h"

/* How many layers a list makes, at most MAX_LAYERS + 1. */
static int64_t count_layers(LayerList list) {
  int64_t n = 0;
  for (int i = 0; i < list.n; i++) {
    const LayerItem *item = &list.items[i];
    if (!item->row.enabled) continue;
    n += item->is_block ? item->row.repeat * count_layers(item->layers) : 1;
    if (n > MAX_LAYERS) return MAX_LAYERS + 1;
  }
  return n;
}

typedef struct {
  const Resolve *r;
  ModelSpec *out;
  LayerItem **from; /* (n_layers) the item that a layer is a copy of */
} Expand;

static void expand(Expand *x, LayerList list, const char *prefix) {
  for (int i = 0; i < list.n; i++) {
    LayerItem *item = &list.items[i];
    if (!item->row.enabled) continue;
    const char *path = arena_printf(x->r->a, "%s%s", prefix, item->label);
    if (item->is_block) {
      if (count_layers(item->layers) == 0) continue;
      for (int64_t k = 0; k < item->row.repeat; k++)
        expand(x, item->layers, arena_printf(x->r->a, "%s.%lld.", path, (long long)k));
      continue;
    }
    void *config = NULL;
    if (item->config) {
      config = arena_alloc(x->r->a, 1, item->kind->config_size);
      memcpy(config, item->config, item->kind->config_size);
    }
    x->from[x->out->n_layers] = item;
    x->out->layers[x->out->n_layers++] =
        (LayerSpec){.kind = item->kind, .config = config, .path = path, .mark = item->mark};
  }
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
  expand(&x, written, "");
  for (int i = 0; i < out->n_layers; i++)
    settle(r, x.from[i], &out->layers[i], i + 1 < out->n_layers ? out->layers[i + 1].kind : NULL);
  for (int i = 0; i < out->n_layers; i++) write_settled(x.from[i]);
}
