/* The registry of samplers. */
#include "space.h"

#define RUN_SAMPLER(name) extern const Sampler run_sampler_##name;
#include "samplers.def"
#undef RUN_SAMPLER
#define RUN_SAMPLER(name) &run_sampler_##name.head,
static const Kind *const kinds[] = {
#include "samplers.def"
    NULL};
const Registry run_samplers = {.noun = "sampler", .kinds = kinds, .n = COUNT(kinds) - 1};
