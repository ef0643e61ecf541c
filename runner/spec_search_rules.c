/* search: what its method, its rule that ends trials, repeats and objectives ask of each other. */
#include "rungs.h"
#include "sampler.h"
#include "spec_sections.h"

/* Brackets compare trials epoch by epoch, so all must train equally many. */
static void check_early_terminate(const Resolve *r, const YamlNode *in, const Spec *s) {
  const KindValue *rule = &s->search.early_terminate;
  const YamlNode *said = yaml_get(in, "early_terminate");
  if (!rule->kind || !said) return;
  if (s->cost.text || s->command.node) {
    diag_add(r->d, DIAG_ERROR, said->key_mark,
             "early_terminate judges trials by their epochs, and a %s has none",
             s->cost.text ? "cost" : "command");
    return;
  }
  const Stopper *stopper = (const Stopper *)(const void *)rule->kind;
  if (!stopper->bracket) return;
  if (s->train.epochs == 0)
    diag_add(r->d, DIAG_ERROR, said->key_mark,
             "%s counts epochs; write train.epochs instead of train.steps", rule->kind->name);
  for (int i = 0; i < s->search.space.n; i++) {
    const Dim *d = &s->search.space.dims[i];
    if (str_eq(d->path, "train.epochs") || str_eq(d->path, "train.stop_at"))
      diag_add(r->d, DIAG_ERROR, d->mark,
               "%s cannot be searched with %s, which compares trials at the same epochs", d->path,
               rule->kind->name);
  }
  Bracket b;
  if (s->train.epochs > 0) stopper->bracket(rule->config, s->train.epochs, s->search.trials, 0, &b);
  if (s->train.epochs > 0 && b.n_rungs < 2)
    diag_add(r->d, DIAG_ERROR, said->key_mark,
             "%s has no rung before the end of %lld epoch%s: make min_epochs or eta smaller, or "
             "train longer",
             rule->kind->name, (long long)s->train.epochs, s->train.epochs == 1 ? "" : "s");
}

/* Trainings of one point are each other's measure: they are to be different, and whole. */
static void check_repeats(const Resolve *r, const YamlNode *in, const Spec *s) {
  const SearchSpec *search = &s->search;
  const YamlNode *said = yaml_get(in, "repeats");
  if (!said || search->repeats == 1) return;
  const Stopper *rule = (const Stopper *)(const void *)search->early_terminate.kind;
  if (search->repeats > SEARCH_TRIALS_MAX / search->trials)
    diag_add(r->d, DIAG_ERROR, said->mark,
             "%lld trials of %lld repeats each are more than %d trainings",
             (long long)search->trials, (long long)search->repeats, SEARCH_TRIALS_MAX);
  if (rule && rule->bracket)
    diag_add(r->d, DIAG_ERROR, said->key_mark,
             "repeats does not go with %s, whose brackets hold single trainings; median does",
             rule->head.name);
  if (s->replay)
    diag_add(r->d, DIAG_ERROR, said->key_mark,
             "repeats does not go with replay: a table gives the same curve each time");
  if (s->cost.text && s->train.steps == 0)
    diag_add(
        r->d, DIAG_ERROR, said->key_mark,
        "a cost that is only evaluated has no seed: each of the %lld repeats would be the same",
        (long long)search->repeats);
}

/* What follows one number alone. */
static void check_objectives(const Resolve *r, const YamlNode *in, const Spec *s) {
  if (s->search.n_objectives < 2) return;
  const YamlNode *method = yaml_get(in, "method"), *from = yaml_get(in, "from");
  if (str_eq(s->search.method.kind->name, "coarse_to_fine"))
    diag_add(r->d, DIAG_ERROR, method->mark,
             "the boxes of coarse_to_fine follow one objective, and metric lists %d; tpe, gp, "
             "cma_es and evolution look at several",
             s->search.n_objectives);
  if (s->search.from.results)
    diag_add(r->d, DIAG_ERROR, from->key_mark,
             "search.from: results are of one metric, and this search has %d; points alone "
             "(best) can be taken",
             s->search.n_objectives);
}

void resolve_search_rules(const Resolve *r, const YamlNode *in, const Spec *s) {
  const int errors = r->d->n_refusals;
  resolve_population(r, in, s);
  if (r->d->n_refusals > errors) return;
  check_repeats(r, in, s);
  if (r->d->n_refusals == errors) check_objectives(r, in, s);
  if (r->d->n_refusals == errors) check_early_terminate(r, in, s);
}
