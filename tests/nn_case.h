/* For tests of nn: a kind's config from the words of its cases ("units: 5, bias: false"). */
#ifndef CAVIAR_NN_CASE_H
#define CAVIAR_NN_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/rng.h"
#include "nn/kinds.h"
#include "nn/ops.h"

/* For a call that must succeed. */
#define MUST(call)                                                                                 \
  do {                                                                                             \
    Err must_e_ = {0}, *e = &must_e_;                                                              \
    if ((call) != OK) fail_msg("%s", must_e_.text);                                                \
  } while (0)

static inline void nn_case_set(Arena *a, const Param *p, void *config, const char *word) {
  if (p->type == P_KIND) {
    const Kind *kind = kind_find(p->registry, word);
    if (!kind) fail_msg("no %s \"%s\"", p->registry->noun, word);
    *(KindValue *)(void *)((char *)config + p->offset) = kind_default(kind, a);
    return;
  }
  MUST(param_parse(a, p, config, word, e));
}

/* Every default, then what `words` say; "" for none. Lists without blanks: "at: [1,2]". */
static inline KindValue nn_case_config(Arena *a, const Kind *kind, const char *words) {
  KindValue v = kind_default(kind, a);
  char *next = arena_strdup(a, words), *key;
  while (next && *next) {
    key = next;
    next = strstr(key, ", ");
    if (next) *next = 0, next += 2;
    char *word = strstr(key, ": ");
    if (!word) fail_msg("case \"%s\" of %s: no \": \"", words, kind->name);
    *word = 0;
    const Param *p = param_find(kind->params, kind->n_params, key);
    if (!p) fail_msg("case \"%s\": %s has no parameter \"%s\"", words, kind->name, key);
    nn_case_set(a, p, v.config, word + 2);
  }
  return v;
}

/* A layer or a join. */
static inline const Kind *nn_case_layer(const char *name) {
  const Kind *layer = kind_find(&nn_layers, name), *join = kind_find(&nn_joins, name);
  if (!layer && !join) fail_msg("no layer \"%s\"", name);
  return layer ? layer : join;
}

static inline KindValue nn_case(Arena *a, const Registry *r, const char *name, const char *words) {
  const Kind *kind = kind_find(r, name);
  if (!kind) fail_msg("no %s \"%s\"", r->noun, name);
  return nn_case_config(a, kind, words);
}

/* Features of each input of a case; returns how many inputs. */
static inline int nn_case_inputs(const NnCase *c, int in[NN_MAX_INPUTS]) {
  int n = 0;
  in[n++] = c->features;
  while (n < NN_MAX_INPUTS && c->more[n - 1] > 0) in[n] = c->more[n - 1], ++n;
  return n;
}

typedef void NnCaseCheck(const NnLayerKind *kind, const NnCase *c);

/* Every case of every layer, join and op. */
static inline void nn_case_each(NnCaseCheck *check) {
  const Registry *const registries[] = {&nn_layers, &nn_joins, &nn_ops};
  for (int r = 0; r < COUNT(registries); ++r) {
    for (int i = 0; i < registries[r]->n; ++i) {
      const NnLayerKind *kind = nn_layer_at(registries[r]->kinds[i], cpu_level());
      for (int k = 0; k < kind->n_cases; ++k) check(kind, &kind->cases[k]);
    }
  }
}

/* Numbers of both signs, at least 0.2 from 0 (where activations have a kink), at most 1.2. */
static inline void nn_case_numbers(uint64_t block, size_t n, Real *out) {
  Rng r = rng_stream(7, RNG_TEST, block, 0);
  for (size_t i = 0; i < n; ++i) {
    const double u = 2 * rng_f64(&r) - 1;
    out[i] = (Real)(u < 0 ? u - 0.2 : u + 0.2);
  }
}

/* Input k of a case. Those apart are 0.2 from each other and, in another input, at least 0.1. */
static inline void nn_case_input(NnNumbers numbers, int k, size_t n, Real *out) {
  nn_case_numbers(k == 0 ? 1 : 60 + (uint64_t)k, n, out);
  for (size_t i = 0; i < n; ++i) {
    const double x = (double)out[i], far = x < 0 ? x - 0.3 : x + 0.3;
    if (numbers == NN_FAR_FROM_0) out[i] = (Real)far;
    if (numbers == NN_POSITIVE) out[i] = (Real)(far < 0 ? -far : far);
    if (numbers == NN_APART)
      out[i] = (Real)(0.2 * (double)(i * (k == 0 ? 7 : 5) % 11) - 1.1 + 0.1 * k);
  }
}

#endif
