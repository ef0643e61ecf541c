/* Every row of every registry of nn: unique name, doc, source, legal defaults, cases; and what the
 * kinds of all levels have in common. */
#include "nn_case.h"

static const Registry *const registries[] = {&nn_layers,    &nn_losses,       &nn_optimizers,
                                             &nn_schedules, &nn_initialisers, &nn_metrics,
                                             &nn_joins};

static void test_rows(void **state) {
  (void)state;
  for (int i = 0; i < COUNT(registries); ++i) {
    const Registry *r = registries[i];
    assert_true(r->n > 0);
    for (int k = 0; k < r->n; ++k) {
      const Kind *kind = r->kinds[k];
      assert_ptr_equal(kind_find(r, kind->name), kind); /* the first of that name: unique */
      if (!kind->doc || !*kind->doc) fail_msg("%s %s has no doc", r->noun, kind->name);
      /* what has a paper names it; a schedule or an initialiser may have none */
      if (!kind->source && i < 3) fail_msg("%s %s has no source", r->noun, kind->name);
      assert_true((kind->n_params > 0) == (kind->config_size > 0));
    }
  }
}

static bool is_legal(const Param *p, const Kind *kind, Arena *a) {
  if (p->type == P_KIND) return kind_find(p->registry, p->def) != NULL;
  void *config = arena_alloc(a, 1, kind->config_size);
  Err e = {0};
  return param_parse(a, p, config, p->def, &e) == OK;
}

static void test_parameters(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  for (int i = 0; i < COUNT(registries); ++i) {
    for (int k = 0; k < registries[i]->n; ++k) {
      const Kind *kind = registries[i]->kinds[k];
      for (int j = 0; j < kind->n_params; ++j) {
        const Param *p = &kind->params[j];
        assert_ptr_equal(param_find(kind->params, kind->n_params, p->name), p);
        if (!p->doc || !*p->doc) fail_msg("%s.%s has no doc", kind->name, p->name);
        assert_true(p->offset < kind->config_size);
        if (p->def && !is_legal(p, kind, &a))
          fail_msg("%s.%s: default %s", kind->name, p->name, p->def);
      }
    }
  }
  arena_free(&a);
}

/* A layer's cases have one input, a join's several, an op's as many as it takes. */
static const Registry *const with_cases[] = {&nn_layers, &nn_joins, &nn_ops};

static void test_cases(void **state) {
  (void)state;
  for (int r = 0; r < COUNT(with_cases); ++r) {
    for (int i = 0; i < with_cases[r]->n; ++i) {
      const NnLayerKind *kind = nn_layer_at(with_cases[r]->kinds[i], CPU_PORTABLE);
      if (kind->n_cases == 0) fail_msg("%s %s has no case", with_cases[r]->noun, kind->head.name);
      for (int k = 0; k < kind->n_cases; ++k) {
        const bool several = r == 2 ? nn_op_at(&kind->head, CPU_PORTABLE)->n_inputs > 1 : r == 1;
        assert_true((kind->cases[k].more[0] > 0) == several);
      }
    }
  }
  for (int i = 0; i < nn_losses.n; ++i) {
    const NnLossKind *kind = nn_loss_at(nn_losses.kinds[i], CPU_PORTABLE);
    if (kind->n_cases == 0) fail_msg("loss %s has no case", kind->head.name);
  }
}

static void check_levels(const Kind *head) {
  const NnLayerKind *portable = nn_layer_at(head, CPU_PORTABLE);
  assert_ptr_equal(&portable->head, head);
  for (CpuLevel level = CPU_PORTABLE; level < CPU_LEVELS; ++level) {
    const NnLayerKind *kind = nn_layer_at(head, level);
    assert_string_equal(kind->head.name, portable->head.name);
#if defined(__x86_64__)
    assert_true((kind == portable) == (level == CPU_PORTABLE));
#endif
  }
}

/* Each level is a compilation of its own of the same thing. */
static void test_levels(void **state) {
  (void)state;
  for (int r = 0; r < COUNT(with_cases); ++r) {
    for (int i = 0; i < with_cases[r]->n; ++i) check_levels(with_cases[r]->kinds[i]);
  }
}

/* Joins are made by residual and concatenate: nobody writes them as a layer. */
static void test_joins_apart(void **state) {
  (void)state;
  for (int i = 0; i < nn_joins.n; ++i) assert_null(kind_find(&nn_layers, nn_joins.kinds[i]->name));
  for (int i = 0; i < nn_activations.n; ++i) {
    assert_ptr_equal(kind_find(&nn_layers, nn_activations.kinds[i]->name), nn_activations.kinds[i]);
  }
}

/* bias: auto is no bias before what shifts anyway, and a bias elsewhere; a word of the user stays.
 */
static void test_resolve(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  const Kind *dense = kind_find(&nn_layers, "dense"), *norm = kind_find(&nn_layers, "batch_norm");
  const Kind *relu = kind_find(&nn_layers, "relu");
  const struct {
    const char *params, *expected;
    const Kind *next;
  } rows[] = {
      {"units: 3", "false", norm},
      {"units: 3", "true", relu},
      {"units: 3", "true", NULL},
      {"units: 3, bias: true", "true", norm},
      {"units: 3, bias: false", "false", relu},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    const KindValue v = nn_case_config(&a, dense, rows[i].params);
    nn_layer_resolve(dense, v.config, rows[i].next);
    Str text = str_new(&a);
    param_get(param_find(dense->params, dense->n_params, "bias"), v.config, &text);
    assert_string_equal(str_text(&text), rows[i].expected);
  }
  assert_true(nn_layer_couples_rows(norm));
  assert_false(nn_layer_couples_rows(dense));
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),        cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_cases),       cmocka_unit_test(test_levels),
      cmocka_unit_test(test_joins_apart), cmocka_unit_test(test_resolve),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
