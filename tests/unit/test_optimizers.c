/* Optimizers, driven through their update alone: closed forms, hand-computed sequences, the same
 * bits at every vector level and at every position of a vector. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nn/kinds.h"

enum { N = 1003 }; /* leaves a remainder at every vector width */

typedef struct {
  Arena arena;
  KindValue value;
  const NnOptimizerKind *kind;
} Optimizer;

static Optimizer make(const char *name) {
  Optimizer o = {0};
  arena_init(&o.arena);
  const Kind *kind = kind_find(&nn_optimizers, name);
  assert_non_null(kind);
  o.value = kind_default(kind, &o.arena);
  o.kind = nn_optimizer_at(kind, cpu_level());
  return o;
}

static double *field(const Optimizer *o, const char *name) {
  const Param *p = param_find(o->value.kind->params, o->value.kind->n_params, name);
  assert_non_null(p);
  assert_int_equal(p->type, P_REAL);
  return (double *)(void *)((char *)o->value.config + p->offset);
}

static void assert_near(double found, double expected, double tolerance) {
  if (!(fabs(found - expected) <= tolerance)) {
    print_error("found %.9g, expected %.9g\n", found, expected);
    fail();
  }
}

/* All n weights at once. */
static void update(const Optimizer *o, uint64_t t, double learning_rate, size_t n, float *w,
                   const float *g, float *state) {
  const NnUpdate u = {.t = t, .learning_rate = learning_rate, .stride = n, .decays = true};
  o->kind->update(o->value.config, &u, n, w, g, state);
}

/* One weight from 0 through the gradients 1, -2, 0.5 with the given rate; the path must be
 * `expected`. */
static void check_path(const Optimizer *o, double learning_rate, const double expected[3]) {
  const float gradients[] = {1, -2, 0.5F};
  float w = 0, state[4] = {0};
  for (int t = 0; t < 3; ++t) {
    update(o, (uint64_t)t + 1, learning_rate, 1, &w, &gradients[t], state);
    assert_near(w, expected[t], 2e-7);
  }
}

static void test_defaults(void **s) {
  (void)s;
  static const struct {
    const char *optimizer, *param;
    double value;
  } rows[] = {
      {"sgd", "learning_rate", 0.01},
      {"sgd", "momentum", 0},
      {"momentum", "beta", 0.9},
      {"momentum", "learning_rate", 0.01},
      {"rmsprop", "rho", 0.9},
      {"rmsprop", "epsilon", 1e-8},
      {"adam", "beta1", 0.9},
      {"adam", "beta2", 0.999},
      {"adam", "epsilon", 1e-8},
      {"adam", "learning_rate", 0.001},
      {"rmsprop", "learning_rate", 0.001},
      {"nesterov", "momentum", 0.9},
      {"nesterov", "learning_rate", 0.01},
      {"adamw", "beta1", 0.9},
      {"adamw", "beta2", 0.999},
      {"adamw", "epsilon", 1e-8},
      {"adamw", "weight_decay", 0.01},
      {"adamw", "learning_rate", 0.001},
      {"nadam", "beta1", 0.9},
      {"nadam", "beta2", 0.999},
      {"nadam", "epsilon", 1e-8},
      {"nadam", "learning_rate", 0.001},
      {"adagrad", "initial_accumulator", 0},
      {"adagrad", "epsilon", 1e-10},
      {"adagrad", "learning_rate", 0.01},
      {"lion", "beta1", 0.9},
      {"lion", "beta2", 0.99},
      {"lion", "weight_decay", 0},
      {"lion", "learning_rate", 0.0001},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    Optimizer o = make(rows[i].optimizer);
    assert_true(*field(&o, rows[i].param) == rows[i].value);
    *field(&o, "learning_rate") = 0.125;
    assert_true(nn_optimizer_learning_rate(o.value) == 0.125);
    arena_free(&o.arena);
  }
}

static void test_sgd(void **s) {
  (void)s;
  Optimizer o = make("sgd");
  check_path(&o, 0.1, (const double[]){-0.1, 0.1, 0.05});
  float w = 2, g = 3, v = NAN; /* momentum 0 neither reads nor writes its state */
  update(&o, 1, 0.5, 1, &w, &g, &v);
  assert_true(w == 0.5F && isnan(v));
  /* v = 1, -1.1, -0.49 */
  *field(&o, "momentum") = 0.9;
  check_path(&o, 0.1, (const double[]){-0.1, 0.01, 0.059});
  arena_free(&o.arena);
}

static void test_momentum(void **s) {
  (void)s;
  Optimizer o = make("momentum");
  /* v = 0.1, -0.11, -0.049: a tenth of sgd's, so rate 1 is its rate 0.1 */
  check_path(&o, 1, (const double[]){-0.1, 0.01, 0.059});
  arena_free(&o.arena);
}

static void test_rmsprop(void **s) {
  (void)s;
  Optimizer o = make("rmsprop");
  /* s = 0.1, 0.49, 0.466; steps 0.1 / 0.3162278, -0.2 / 0.7, 0.05 / 0.6826419 */
  check_path(&o, 0.1, (const double[]){-0.316227756, -0.030513474, -0.103758315});
  arena_free(&o.arena);
}

static void test_adam(void **s) {
  (void)s;
  Optimizer o = make("adam");
  /* v^ = 1, -0.11/0.19, -0.049/0.271;  s^ = 1, 0.004999/0.001999, 0.005244001/0.002997001 */
  check_path(&o, 0.1, (const double[]){-0.099999999, -0.063389647, -0.049720580});
  arena_free(&o.arena);
}

static void test_nesterov(void **s) {
  (void)s;
  Optimizer o = make("nesterov");
  /* v = 1, -1.1, -0.49;  g + 0.9 v = 1.9, -2.99, 0.059 */
  check_path(&o, 0.1, (const double[]){-0.19, 0.109, 0.1031});
  *field(&o, "momentum") = 0; /* plain descent */
  check_path(&o, 0.1, (const double[]){-0.1, 0.1, 0.05});
  arena_free(&o.arena);
}

static void test_adamw(void **s) {
  (void)s;
  Optimizer o = make("adamw");
  /* adam's steps -0.1, 0.036610353, 0.013669067 on weights of which each leaves 1 - 0.1 * 0.5 */
  *field(&o, "weight_decay") = 0.5;
  check_path(&o, 0.1, (const double[]){-0.099999999, -0.058389647, -0.041801098});
  *field(&o, "weight_decay") = 0;
  check_path(&o, 0.1, (const double[]){-0.099999999, -0.063389647, -0.049720580});
  arena_free(&o.arena);
}

static void test_nadam(void **s) {
  (void)s;
  Optimizer o = make("nadam");
  /* v, s are adam's; v^ = 0.09 / 0.19 + 1, -0.099 / 0.271 - 0.2 / 0.19,
   * -0.0441 / 0.3439 + 0.05 / 0.271;  s^ as there: 1, 2.5007504, 1.7497494 */
  check_path(&o, 0.1, (const double[]){-0.147368420, -0.057703145, -0.061956827});
  arena_free(&o.arena);
}

static void test_adagrad(void **s) {
  (void)s;
  Optimizer o = make("adagrad");
  /* s = 1, 5, 5.25: steps -0.1, 0.2 / 2.2360680, -0.05 / 2.2912878 */
  check_path(&o, 0.1, (const double[]){-0.1, -0.010557281, -0.032379070});
  /* s = 4, 8, 8.25: -0.1 / 2, 0.2 / 2.8284271, -0.05 / 2.8722813 */
  *field(&o, "initial_accumulator") = 3;
  check_path(&o, 0.1, (const double[]){-0.05, 0.020710678, 0.003302913});
  arena_free(&o.arena);
}

static void test_lion(void **s) {
  (void)s;
  Optimizer o = make("lion");
  /* c = 0.1, -0.191, 0.04091;  v = 0.01, -0.0101, -0.004999 */
  check_path(&o, 0.1, (const double[]){-0.1, 0, -0.1});
  /* beta1 decides: with 0.999 v outweighs the gradient, c = 0.001, 0.00799, -0.0095899 */
  *field(&o, "beta1") = 0.999;
  check_path(&o, 0.1, (const double[]){-0.1, -0.2, -0.1});
  arena_free(&o.arena);
}

/* Weight decay is for matrices, also where the gradient is 0: 2 - 0.1 * 0.5 * 2; others stay. */
static void test_decay(void **s) {
  (void)s;
  static const char *const kinds[] = {"adamw", "lion"};
  for (int k = 0; k < COUNT(kinds); ++k) {
    Optimizer o = make(kinds[k]);
    assert_true(o.kind->decays);
    *field(&o, "weight_decay") = 0.5;
    for (int decays = 0; decays < 2; ++decays) {
      const NnUpdate u = {.t = 1, .learning_rate = 0.1, .stride = 1, .decays = decays};
      float w = 2, g = 0, state[2] = {0};
      o.kind->update(o.value.config, &u, 1, &w, &g, state);
      assert_near(w, decays ? 1.9 : 2, decays ? 2e-7 : 0);
    }
    arena_free(&o.arena);
  }
}

/* epsilon = 1 shows where it stands: outside the root; and a zero gradient moves nothing. */
static void test_epsilon(void **s) {
  (void)s;
  static const struct {
    const char *name;
    double step;
  } rows[] = {
      {"rmsprop", 0.759746927}, /* 1 / (sqrt(0.1) + 1) */
      {"adam", 0.5},            /* 1 / (sqrt(1) + 1) */
      {"adamw", 0.5},
      {"adagrad", 0.5},
      {"nadam", 0.736842105}, /* (0.09 / 0.19 + 1) / 2 */
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    Optimizer o = make(rows[i].name);
    const float g[2] = {1, 0};
    float w[2] = {0, 7}, state[4] = {0};
    *field(&o, "epsilon") = 1;
    if (str_eq(rows[i].name, "adamw")) *field(&o, "weight_decay") = 0;
    update(&o, 1, 1, 2, w, g, state);
    assert_near(w[0], -rows[i].step, 2e-7);
    assert_true(w[1] == 7);
    *field(&o, "epsilon") = 1e-8;
    update(&o, 2, 1, 2, w, g, state);
    assert_true(w[1] == 7);
    arena_free(&o.arena);
  }
}

/* J(w) = w^2 - 10 w + 25, whose minimum is at 5. */
static void test_adam_parabola(void **s) {
  (void)s;
  Optimizer o = make("adam");
  float w = 0, state[2] = {0};
  for (uint64_t t = 1; t <= 1000; ++t) {
    const float g = 2 * w - 10;
    update(&o, t, 0.1, 1, &w, &g, state);
    if (t == 1) assert_near(w, 0.1, 1e-7);
  }
  assert_near(w, 5, 5e-5);
  arena_free(&o.arena);
}

/* Some steps on w (N), keyed by nothing but the index; odd sizes and signs. */
static void some_steps(const NnOptimizerKind *k, const void *config, float *w, float *state) {
  NnUpdate u = {.learning_rate = 0.017, .stride = N, .decays = true};
  float g[N];
  for (int i = 0; i < N; ++i) w[i] = (float)(i % 17) * 0.37F - 3;
  memset(state, 0, 4 * N * sizeof *state);
  for (u.t = 1; u.t <= 5; ++u.t) {
    for (int i = 0; i < N; ++i) g[i] = ((float)((i * 7 + (int)u.t * 5) % 23) - 11) * 0.013F;
    k->update(config, &u, N, w, g, state);
  }
}

static void test_levels(void **s) {
  (void)s;
  static float w[CPU_LEVELS][N], state[CPU_LEVELS][4 * N];
  for (int i = 0; i < nn_optimizers.n; ++i) {
    Optimizer o = make(nn_optimizers.kinds[i]->name);
    assert_in_range(o.kind->n_state, 0, 4);
    for (int pass = 0; pass < 2; ++pass) { /* sgd has a loop of its own for momentum */
      for (int l = 0; l <= (int)cpu_level(); ++l) {
        some_steps(nn_optimizer_at(o.value.kind, (CpuLevel)l), o.value.config, w[l], state[l]);
        assert_memory_equal(w[l], w[0], sizeof w[l]);
        assert_memory_equal(state[l], state[0], sizeof state[l]);
        assert_true(w[l][1] != 1 * 0.37F - 3);
      }
      if (!str_eq(o.value.kind->name, "sgd")) break;
      *field(&o, "momentum") = 0.9;
    }
    arena_free(&o.arena);
  }
}

/* Nor on how the vectors are cut: pieces of all sizes with the state's stride, the same bits. */
static void test_cuts(void **s) {
  (void)s;
  static float w[2][N], g[N], state[2][4 * N];
  for (int k = 0; k < nn_optimizers.n; ++k) {
    Optimizer o = make(nn_optimizers.kinds[k]->name);
    memset(state, 0, sizeof state);
    for (int i = 0; i < N; ++i) w[0][i] = w[1][i] = (float)(i % 13) * 0.21F - 1;
    NnUpdate u = {.learning_rate = 0.017, .stride = N, .decays = true};
    for (u.t = 1; u.t <= 4; ++u.t) {
      for (int i = 0; i < N; ++i) g[i] = ((float)((i * 5 + (int)u.t * 3) % 19) - 9) * 0.017F;
      o.kind->update(o.value.config, &u, N, w[0], g, state[0]);
      for (size_t at = 0, n = 1; at < N; at += n, n = n * 2 + 1) {
        if (n > N - at) n = N - at;
        o.kind->update(o.value.config, &u, n, w[1] + at, g + at, state[1] + at);
      }
    }
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_memory_equal(state[0], state[1], sizeof state[0]);
    arena_free(&o.arena);
  }
}

/* The step of a weight does not depend on where it lies: vector body and remainder agree. */
static void test_position(void **s) {
  (void)s;
  static float w[N], g[N], state[4 * N];
  for (int k = 0; k < nn_optimizers.n; ++k) {
    Optimizer o = make(nn_optimizers.kinds[k]->name);
    memset(state, 0, sizeof state);
    for (int i = 0; i < N; ++i) w[i] = 0.3F;
    for (uint64_t t = 1; t <= 5; ++t) {
      for (int i = 0; i < N; ++i) g[i] = 0.7F - 0.3F * (float)t;
      update(&o, t, 0.017, N, w, g, state);
    }
    for (int i = 0; i < N; ++i) assert_true(w[i] == w[0] && w[i] != 0.3F);
    arena_free(&o.arena);
  }
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),      cmocka_unit_test(test_sgd),
      cmocka_unit_test(test_momentum),      cmocka_unit_test(test_rmsprop),
      cmocka_unit_test(test_adam),          cmocka_unit_test(test_epsilon),
      cmocka_unit_test(test_adam_parabola), cmocka_unit_test(test_levels),
      cmocka_unit_test(test_nesterov),      cmocka_unit_test(test_adamw),
      cmocka_unit_test(test_nadam),         cmocka_unit_test(test_adagrad),
      cmocka_unit_test(test_lion),          cmocka_unit_test(test_decay),
      cmocka_unit_test(test_cuts),          cmocka_unit_test(test_position),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
