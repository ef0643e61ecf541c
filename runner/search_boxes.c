/* The boxes of coarse_to_fine's stages in the values of the parameters. */
#include "search_boxes.h"

#include "coarse_to_fine.h"

static YamlNode *kept_values(Arena *a, const Dim *d, const bool *kept) {
  YamlNode *list = yaml_new(a, YAML_LIST, (Mark){0});
  for (int i = 0; i < d->n_values; i++)
    if (kept[i]) yaml_append(list, yaml_copy(a, d->values[i]));
  return list;
}

static SearchBox in_values(Arena *a, const Space *space, const CoarseBox *box) {
  SearchBox out = {.n_best = box->n_kept,
                   .low = ARENA_ARRAY(a, const YamlNode *, space->n),
                   .high = ARENA_ARRAY(a, const YamlNode *, space->n),
                   .kept = ARENA_ARRAY(a, YamlNode *, space->n)};
  for (int i = 0; i < space->n; i++) {
    const Dim *d = &space->dims[i];
    if (box->kept[i]) {
      out.kept[i] = kept_values(a, d, box->kept[i]);
      continue;
    }
    out.low[i] = space_value(a, d, box->low[i]);
    out.high[i] = space_value(a, d, box->high[i] - 0x1p-53); /* draws stay below */
  }
  return out;
}

static bool has_boxes(const Spec *base) {
  const SearchSpec *search = &base->search;
  return search->present && str_eq(search->method.kind->name, "coarse_to_fine");
}

SearchBox *search_boxes(Arena *a, const History *h, int *n) {
  *n = 0;
  if (!has_boxes(h->base)) return NULL;
  SamplerAsk ask = history_ask(a, h, 0);
  const int64_t n_stages = coarse_to_fine_stage(&ask, ask.n_trials - 1) + 1;
  SearchBox *out = ARENA_ARRAY(a, SearchBox, n_stages);
  for (int64_t stage = 0; stage < n_stages; stage++) {
    const int64_t after = coarse_to_fine_first(&ask, stage + 1) - h->n_prior;
    int64_t first = coarse_to_fine_first(&ask, stage) - h->n_prior;
    if (first < 0) first = 0;
    if (after <= first) continue; /* no trial of ours lies in it */
    if (!history_ready(h, first * h->repeats)) break;
    const SamplerAsk then = history_ask(a, h, first);
    const CoarseBox box = coarse_to_fine_box(a, &then, stage);
    out[*n] = in_values(a, &h->base->search.space, &box);
    out[*n].stage = stage;
    out[(*n)++].first = first * h->repeats;
  }
  return out;
}

/* What can be done: by size of a stage and window. Brackets (stopper.h) are told as a whole. */
static const char *advice(Arena *a, const History *h, int64_t n_stages, int64_t size) {
  const int64_t window = size / 2 + 1, trials = n_stages * 2 * (h->window - 1);
  if (h->rungs.stopper) return "more trials, fewer stages or smaller brackets help";
  return arena_printf(a, "make max_concurrent %lld or less, or trials %lld or more",
                      (long long)window, (long long)trials);
}

void search_boxes_warn(const History *h, Diag *d) {
  if (!has_boxes(h->base)) return;
  Arena *a = d->arena;
  SamplerAsk ask = history_ask(a, h, 0);
  const YamlNode *search = yaml_get(h->base->source, "search");
  const YamlNode *window = yaml_get(search, "max_concurrent");
  const Mark at = window ? window->mark : yaml_get(search, "method")->mark;
  const int64_t n_stages = coarse_to_fine_stage(&ask, ask.n_trials - 1) + 1;
  for (int64_t stage = 1; stage < n_stages; stage++) {
    const int64_t before = coarse_to_fine_first(&ask, stage - 1);
    const int64_t first = coarse_to_fine_first(&ask, stage), size = first - before;
    if (before < h->n_prior) continue; /* there are results of search.from, too */
    int64_t seen = history_ask(a, h, first - h->n_prior).n_told - before;
    if (seen < 0) seen = 0;
    if (2 * seen >= size) continue;
    diag_add(
        d, DIAG_WARNING, at,
        "stage %lld of coarse_to_fine is to zoom in on the best of stage %lld, and sees %lld of "
        "its %lld trial%s with max_concurrent: %lld; %s",
        (long long)stage, (long long)stage - 1, (long long)seen, (long long)size,
        size == 1 ? "" : "s", (long long)h->window, advice(a, h, n_stages, size));
    return;
  }
}
