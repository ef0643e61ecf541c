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

SearchBox *search_boxes(Arena *a, const History *h, int *n) {
  *n = 0;
  if (!h->base->search.present || !str_eq(h->base->search.method.kind->name, "coarse_to_fine"))
    return NULL;
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
