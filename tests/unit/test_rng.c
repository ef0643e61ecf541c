#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "check.h"

/* Known answers of Random123's kat_vectors, philox4x32 10. */
static void known_answers(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], out[4];
  } rows[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (int i = 0; i < COUNT(rows); i++) {
    RngBlock b = rng_philox(rows[i].counter, rows[i].key);
    assert_memory_equal(b.v, rows[i].out, sizeof b.v);
  }
}

static void counter_layout(void **state) {
  (void)state;
  const uint32_t counter[4] = {0x55667788, 0x11223344, 9, 0x07000003}, key[2] = {0xddccbbaa, 0x99};
  RngBlock want = rng_philox(counter, key);
  RngBlock got = rng_block(0x99ddccbbaa, RNG_GENERATE, 0x1122334455667788, 9, 3);
  assert_memory_equal(&want, &got, sizeof want);
}

static void a_stream_is_its_blocks(void **state) {
  (void)state;
  Rng r = rng_stream(5, RNG_TEST, 11, 12);
  for (uint32_t i = 0; i < 40; i++)
    assert_int_equal(rng_u32(&r), rng_block(5, RNG_TEST, 11, 12, i / 4).v[i % 4]);
  Rng again = rng_stream(5, RNG_TEST, 11, 12);
  RngBlock first = rng_block(5, RNG_TEST, 11, 12, 0);
  assert_true(rng_u64(&again) == (first.v[0] | (uint64_t)first.v[1] << 32));
}

static void uniform(void **state) {
  (void)state;
  enum { N = 200000 };
  Rng r = rng_stream(3, RNG_TEST, 0, 0);
  double sum = 0, squares = 0;
  int bins[10] = {0};
  for (int i = 0; i < N; i++) {
    double x = rng_f64(&r);
    assert_true(x >= 0 && x < 1);
    sum += x;
    squares += x * x;
    bins[(int)(10 * x)]++;
  }
  assert_true(fabs(sum / N - 0.5) < 0.003); /* 4.6 standard errors */
  assert_true(fabs(squares / N - 1.0 / 3) < 0.004);
  for (int i = 0; i < 10; i++) assert_in_range(bins[i], N / 10 - 650, N / 10 + 650);
}

static void normal(void **state) {
  (void)state;
  enum { N = 200000 };
  Rng r = rng_stream(4, RNG_TEST, 0, 0);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag = 0, last = 0;
  int beyond2 = 0;
  for (int i = 0; i < N; i++) {
    double x = rng_normal(&r);
    assert_true(isfinite(x));
    m1 += x / N;
    m2 += x * x / N;
    m3 += x * x * x / N;
    m4 += x * x * x * x / N;
    lag += x * last / N;
    last = x;
    beyond2 += fabs(x) > 2;
  }
  assert_true(fabs(m1) < 0.01);
  assert_true(fabs(m2 - 1) < 0.015);
  assert_true(fabs(m3) < 0.03);
  assert_true(fabs(m4 - 3) < 0.12);
  assert_true(fabs(lag) < 0.01);
  assert_true(fabs((double)beyond2 / N - 0.0455) < 0.002);
}

static void below(void **state) {
  (void)state;
  Rng r = rng_stream(6, RNG_TEST, 0, 0);
  int bins[7] = {0};
  for (int i = 0; i < 70000; i++) {
    uint64_t x = rng_below(&r, 7);
    assert_true(x < 7);
    bins[x]++;
  }
  for (int i = 0; i < 7; i++) assert_in_range(bins[i], 9600, 10400);
  assert_int_equal(rng_below(&r, 1), 0);
  int thirds =
      0; /* n = 3 2^62: without drawing again, multiples of 3 would come half of the time */
  for (int i = 0; i < 9000; i++) thirds += rng_below(&r, 3ull << 62) % 3 == 0;
  assert_in_range(thirds, 2800, 3200);
}

static void trial_seeds(void **state) {
  (void)state;
  uint64_t seen[1000];
  for (uint64_t n = 0; n < 1000; n++) {
    seen[n] = rng_trial_seed(42, n);
    assert_true(seen[n] > 0 && seen[n] < 1ull << 53);
    assert_true(seen[n] == rng_trial_seed(42, n));
    assert_true(seen[n] != rng_trial_seed(43, n));
    for (uint64_t m = 0; m < n; m++) assert_true(seen[m] != seen[n]);
  }
  /* In every digest: this number never changes. */
  RngBlock b = rng_block(42, RNG_TRIAL_SEED, 7, 0, 0);
  assert_true(seen[7] == (b.v[0] | (uint64_t)(b.v[1] & 0x1fffff) << 32));
}

static void permutations(void **state) {
  (void)state;
  enum { N = 10007 };
  static uint32_t p[N], q[N];
  static unsigned char hit[N];
  rng_permute(1, RNG_SHUFFLE, 3, p, N);
  for (uint32_t i = 0; i < N; i++) {
    assert_true(p[i] < N && !hit[p[i]]);
    hit[p[i]] = 1;
  }
  rng_permute(1, RNG_SHUFFLE, 4, q, N);
  int same = 0;
  for (int i = 0; i < N; i++) same += p[i] == q[i];
  assert_in_range(same, 0, 10); /* Poisson of mean 1 */
  rng_permute(1, RNG_SHUFFLE, 3, q, N);
  assert_memory_equal(p, q, sizeof p);
  rng_permute(1, RNG_SHUFFLE, 3, q, 0);
  rng_permute(1, RNG_SHUFFLE, 3, q, 1);
  assert_int_equal(q[0], 0);
}

/* All 24 orders of four, equally often. */
static void permutations_are_fair(void **state) {
  (void)state;
  int counts[256] = {0}, orders = 0;
  for (uint64_t a = 0; a < 24000; a++) {
    uint32_t p[4];
    rng_permute(9, RNG_TEST, a, p, 4);
    counts[p[0] | p[1] << 2 | p[2] << 4 | p[3] << 6]++;
  }
  for (int i = 0; i < 256; i++) {
    if (!counts[i]) continue;
    orders++;
    assert_in_range(counts[i], 860, 1140);
  }
  assert_int_equal(orders, 24);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers),
                                     cmocka_unit_test(counter_layout),
                                     cmocka_unit_test(a_stream_is_its_blocks),
                                     cmocka_unit_test(uniform),
                                     cmocka_unit_test(normal),
                                     cmocka_unit_test(below),
                                     cmocka_unit_test(trial_seeds),
                                     cmocka_unit_test(permutations),
                                     cmocka_unit_test(permutations_are_fair)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
