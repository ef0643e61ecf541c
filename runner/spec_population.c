/* search: what a method with generations (sampler.h), whose trials go on from others, asks of the
 * experiment. */
#include <string.h>

#include "sampler.h"
#include "spec_sections.h"

typedef struct {
  const Resolve *r;
  const YamlNode *in; /* the section */
  const Spec *spec;
  const char *name; /* of the method */
  Generations generations;
} PopulationRules;

/* At the key that says it. */
static void refuse(const PopulationRules *x, const YamlNode *at, const char *why) {
  diag_add(x->r->d, DIAG_ERROR, at->key_mark, "%s does not go with %s: %s", at->key, x->name, why);
}

/* Keys of the file that ask for another kind of trial. */
static void check_keys(const PopulationRules *x) {
  const YamlNode *source = x->spec->source, *train = yaml_get(source, "train");
  const Spec *s = x->spec;
  const struct {
    bool given;
    const YamlNode *at;
    const char *why;
  } rules[] = {
      {s->cost.text, yaml_get(source, "cost"),
       "generations are counted in epochs, and it has none"},
      {s->command.node, yaml_get(source, "command"),
       "a training goes on from another's checkpoint, and a program keeps its own"},
      {s->replay, yaml_get(source, "replay"), "a table has no trainings that could go on"},
      {s->train.steps > 0 && !s->cost.text, yaml_get(train, "steps"),
       "generations are counted in epochs; write epochs"},
      {s->train.stop_at > 0, yaml_get(train, "stop_at"),
       "a trial ends with its generation; interval and trials say where"},
      {s->train.early_stopping.patience > 0, yaml_get(train, "early_stopping"),
       "who falls behind is replaced, not ended"},
      {yaml_get(source, "edits"), yaml_get(source, "edits"),
       "both say how a training changes while it goes on"},
      {s->search.repeats > 1, yaml_get(x->in, "repeats"),
       "a trial goes on from one training, not from several; give it a larger population"},
      {s->search.early_terminate.kind, yaml_get(x->in, "early_terminate"),
       "it has its own way with trials that fall behind"},
      {s->search.from.results, yaml_get(x->in, "from"),
       "results of another run have no checkpoints to go on from; points alone (best) can be "
       "taken"},
      {s->search.n_objectives > 1, yaml_get(source, "metric"),
       "members are ranked by one metric; name one"},
  };
  for (int i = 0; i < COUNT(rules); i++)
    if (rules[i].given && rules[i].at) refuse(x, rules[i].at, rules[i].why);
}

/* "train.early_stopping.patience" is below "train.early_stopping". */
static bool is_at(const char *path, const char *section) {
  const size_t n = strlen(section);
  return str_starts(path, section) && (path[n] == '.' || path[n] == '\0');
}

static void check_paths(const PopulationRules *x) {
  static const char *const lengths[] = {"train.epochs", "train.stop_at", "train.early_stopping"};
  const Space *space = &x->spec->search.space;
  for (int i = 0; i < space->n; i++)
    for (int k = 0; k < COUNT(lengths); k++)
      if (is_at(space->dims[i].path, lengths[k]))
        diag_add(x->r->d, DIAG_ERROR, space->dims[i].mark,
                 "%s cannot be searched with %s, whose trials train equally long",
                 space->dims[i].path, x->name);
}

static void check_trials(const PopulationRules *x) {
  const SearchSpec *search = &x->spec->search;
  const long long members = x->generations.members, trials = search->trials,
                  epochs = x->generations.epochs, all = x->spec->train.epochs;
  const YamlNode *said = yaml_get(x->in, "trials");
  const Mark at = said ? said->mark : yaml_get(x->in, "method")->mark;
  if (trials % members != 0) {
    diag_add(x->r->d, DIAG_ERROR, at,
             "%lld trials are no whole generations of population %lld; write %lld or %lld", trials,
             members, trials < members ? members : trials / members * members,
             (trials / members + (trials < members ? 2 : 1)) * members);
    return;
  }
  if (search->n_tries > members)
    diag_add(x->r->d, DIAG_ERROR, at,
             "%d points come before those of the method, more than the first generation's %lld",
             search->n_tries, members);
  if (trials / members > all / epochs)
    diag_add(x->r->d, DIAG_ERROR, at,
             "%lld generations of %lld epoch%s each are %lld epochs, and train.epochs is %lld: "
             "make it as large, or trials smaller",
             trials / members, epochs, epochs == 1 ? "" : "s", trials / members * epochs, all);
}

/* What conditions are on stays, so that they always hold or never. */
static bool is_condition(const Space *space, int dim) {
  for (int i = 0; i < space->n; i++)
    for (int c = 0; c < space->dims[i].n_when; c++)
      if (space->dims[i].when[c].dim == dim) return true;
  return false;
}

/* Of a kind's name hang the kind's own numbers. */
static bool is_fixed(const PopulationRules *x, int i) {
  const Space *space = &x->spec->search.space;
  const char *path = space->dims[i].path;
  return is_condition(space, i) || str_ends(path, ".name") ||
         edits_refuse(x->r, x->spec, path) != NULL;
}

static void fix_parameters(const PopulationRules *x) {
  const Space *space = &x->spec->search.space;
  int n_free = 0;
  for (int i = 0; i < space->n; i++) {
    space->dims[i].fixed = is_fixed(x, i);
    n_free += !space->dims[i].fixed && !(space->dims[i].values && space->dims[i].n_values == 1);
  }
  if (n_free == 0)
    diag_add(x->r->d, DIAG_ERROR, yaml_get(x->in, "method")->mark,
             "%s changes parameters while trainings go on, and none of search.parameters can "
             "change then; a learning rate can, or what else `caviar describe edits[]` names",
             x->name);
}

void resolve_population(const Resolve *r, const YamlNode *in, const Spec *s) {
  const PopulationRules x = {.r = r,
                             .in = in,
                             .spec = s,
                             .name = s->search.method.kind->name,
                             .generations = sampler_generations(&s->search.method)};
  const int errors = r->d->n_refusals;
  if (x.generations.members == 0) return;
  check_keys(&x);
  check_paths(&x);
  if (r->d->n_refusals == errors) check_trials(&x);
  if (r->d->n_refusals == errors) fix_parameters(&x);
}
