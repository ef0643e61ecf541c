/* The registry of objectives. */
#include "objective.h"

#define RUN_OBJECTIVE(name) extern const Objective run_objective_##name;
#include "objectives.def"
#undef RUN_OBJECTIVE
#define RUN_OBJECTIVE(name) &run_objective_##name,
static const Objective *const objectives[] = {
#include "objectives.def"
};

const Objective *objective_of(const Spec *s) {
  for (int i = 0; i < COUNT(objectives); i++)
    if (objectives[i]->applies(s)) return objectives[i];
  return NULL;
}

Curves objective_curves(Arena *a, const char *const *names, int n_names, int n_epochs) {
  Curves c = {.names = ARENA_ARRAY(a, const char *, n_names),
              .n_names = n_names,
              .n_epochs = n_epochs,
              .values = ARENA_ARRAY(a, double, (size_t)n_names *(size_t)n_epochs)};
  for (int i = 0; i < n_names; i++) c.names[i] = arena_strdup(a, names[i]);
  return c;
}
