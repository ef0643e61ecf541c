/* The registry of samplers, and what they are asked. */
#include "sampler.h"

#define RUN_SAMPLER(name) extern const Sampler run_sampler_##name;
#include "samplers.def"
#undef RUN_SAMPLER
#define RUN_SAMPLER(name) &run_sampler_##name.head,
static const Kind *const kinds[] = {
#include "samplers.def"
    NULL};
const Registry run_samplers = {.noun = "sampler", .kinds = kinds, .n = COUNT(kinds) - 1};

static SamplerAxis axis_of(const Dim *d) {
  if (d->values)
    return (SamplerAxis){.unordered = true, .n_values = d->n_values, .fixed = d->fixed};
  return (SamplerAxis){.n_values = d->integer || d->q > 0 ? space_grid_size(d) : 0,
                       .fixed = d->fixed};
}

Generations sampler_generations(const KindValue *method) {
  const Sampler *s = (const Sampler *)(const void *)method->kind;
  return s && s->generations ? s->generations(method->config) : (Generations){0};
}

void sampler_axes(const Space *s, SamplerAxis *out) {
  for (int i = 0; i < s->n; i++) out[i] = axis_of(&s->dims[i]);
}

void sampler_place(Arena *a, const Space *s, const double *u, Point *out) {
  *out = (Point){.values = ARENA_ARRAY(a, const YamlNode *, s->n), .n = s->n};
  for (int i = 0; i < s->n; i++) out->values[i] = space_value(a, &s->dims[i], u[i]);
  space_drop_absent(s, out);
}

void sampler_point(Arena *a, const Sampler *sampler, const SamplerAsk *ask, Point *out) {
  if (sampler->values) {
    sampler->values(a, ask, out);
    return;
  }
  double *u = ARENA_ARRAY(a, double, ask->space->n);
  sampler->propose(a, ask, u);
  sampler_place(a, ask->space, u, out);
}
