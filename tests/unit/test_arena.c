#include <string.h>

#include "base/arena.h"
#include "check.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

static jmp_buf back;
static size_t refused;

static void on_exhausted(size_t bytes) {
  refused = bytes;
  longjmp(back, 1);
}

/* Does the call end in the handler? */
#define EXHAUSTS(call) (setjmp(back) == 0 ? ((void)(call), false) : true)

static bool all_zero(const void *p, size_t n) {
  const char *bytes = p;
  for (size_t i = 0; i < n; i++)
    if (bytes[i]) return false;
  return true;
}

static void growing_gives_aligned_zeroed_distinct_memory(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  unsigned char *p[400];
  size_t size[400], sum = 0;
  for (int i = 0; i < 400; i++) {
    size[i] = (size_t)(i * 37 % 5000);
    if (i % 50 == 49) size[i] = 3u << 20; /* larger than any chunk */
    p[i] = arena_alloc(&a, size[i], 1);
    assert_non_null(p[i]);
    assert_int_equal((uintptr_t)p[i] % 64, 0);
    assert_true(all_zero(p[i], size[i]));
    memset(p[i], i & 0xFF, size[i]);
    sum += size[i];
  }
  for (int i = 0; i < 400; i++)
    for (size_t j = 0; j < size[i]; j++)
      if (p[i][j] != (i & 0xFF)) fail_msg("allocation %d overwritten at %zu", i, j);
  assert_true(a.used >= sum);
  arena_free(&a);
  assert_int_equal(a.used, 0);
  assert_non_null(arena_alloc(&a, 1, 1)); /* and may be used again */
  arena_free(&a);
  arena_free(&a);
  Arena zeroed = {.used = 0};
  arena_free(&zeroed);
}

typedef struct {
  float *weights;
  double *sums;
  char *name;
} Layout;

static Layout lay_out(Arena *a) {
  return (Layout){ARENA_ARRAY(a, float, 1001), ARENA_ARRAY(a, double, 3), arena_strdup(a, "layer")};
}

static void measured_size_is_exactly_enough(void **state) {
  (void)state;
  Arena measure, fixed;
  Err e = {.status = OK};
  arena_init_measuring(&measure);
  Layout none = lay_out(&measure);
  assert_null(none.weights);
  assert_null(none.name);
  assert_true(measure.used >= 1001 * 4 + 3 * 8 + 6);
  assert_int_equal(arena_init_fixed(&fixed, measure.used, "model", &e), OK);
  Layout real = lay_out(&fixed);
  assert_int_equal(fixed.used, measure.used);
  assert_int_equal((uintptr_t)real.sums % 64, 0);
  assert_true(all_zero(real.weights, 1001 * 4));
  assert_string_equal(real.name, "layer");
  if (!EXHAUSTS(arena_alloc(&fixed, 65, 1)))
    fail_msg("a fixed arena gave more than it was made for");
  arena_free(&fixed);

  assert_int_equal(arena_init_fixed(&fixed, 100, "one piece", &e), OK); /* not a multiple of 64 */
  assert_non_null(arena_alloc(&fixed, 100, 1));
  arena_free(&fixed);
}

static void fixed_reports_refusal(void **state) {
  (void)state;
  Arena a;
  Err e = {.status = OK};
  arena_fail_at(1);
  assert_int_equal(arena_init_fixed(&a, 3 << 20, "model of trial 7", &e), E_MEMORY);
  assert_non_null(strstr(e.text, "model of trial 7"));
  assert_non_null(strstr(e.text, "3.0 MiB"));
  arena_free(&a);
  Err huge = {.status = OK};
  assert_int_equal(arena_init_fixed(&a, SIZE_MAX - 5, "too much", &huge), E_MEMORY);
  arena_free(&a);
}

static void job(Arena *a) {
  for (int i = 0; i < 12; i++) memset(arena_alloc(a, 100000, 1), 1, 100000);
}

static bool job_is_exhausted(Arena *a) {
  return EXHAUSTS(job(a));
}

/* Every allocation that a job needs, refused in turn: each ends in the handler, none in a crash. */
static void every_refusal_reaches_the_handler(void **state) {
  (void)state;
  int failed = 0;
  for (int nth = 1; nth < 50; nth++) {
    Arena a;
    arena_init(&a);
    arena_fail_at(nth);
    bool ended = job_is_exhausted(&a);
    arena_fail_at(0);
    arena_free(&a);
    if (!ended) break;
    failed++;
    assert_true(refused >= 100000);
  }
  assert_in_range(failed, 2, 13);
}

static void overflow_is_caught(void **state) {
  (void)state;
  Arena a, m;
  arena_init(&a);
  arena_init_measuring(&m);
  assert_true(EXHAUSTS(arena_alloc(&a, SIZE_MAX / 2, 4)));
  assert_true(EXHAUSTS(arena_alloc(&a, SIZE_MAX, 1)));
  assert_true(EXHAUSTS(arena_alloc(&m, SIZE_MAX / 8 + 2, 8)));
  int capacity = 0;
  assert_true(EXHAUSTS(arena_grow(&a, NULL, 1, &capacity, INT32_MAX)));
  arena_free(&a);
}

static void text(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  char source[] = "abcdef";
  char *copy = arena_strdup(&a, source), *part = arena_strndup(&a, source, 3);
  source[0] = 'X';
  assert_string_equal(copy, "abcdef");
  assert_string_equal(part, "abc");
  char *big = arena_printf(&a, "%05d-%*s", 42, 9000, "end");
  assert_int_equal(strlen(big), 9006);
  assert_memory_equal(big, "00042-", 6);
  assert_string_equal(big + 9003, "end");
  arena_free(&a);
}

static void grow_keeps_content(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  int *list = NULL, capacity = 0;
  for (int i = 0; i < 1000; i++) {
    list = arena_grow(&a, list, sizeof *list, &capacity, i + 1);
    list[i] = i * i;
  }
  assert_in_range(capacity, 1000, 2048);
  for (int i = 0; i < 1000; i++) assert_int_equal(list[i], i * i);
  int *same = arena_grow(&a, list, sizeof *list, &capacity, 5);
  assert_ptr_equal(same, list);
  arena_free(&a);
}

static void red_zones(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__)
  Arena a;
  arena_init(&a);
  char *p = arena_alloc(&a, 40, 1), *q = arena_alloc(&a, 64, 1);
  assert_false(__asan_address_is_poisoned(p + 39));
  assert_true(__asan_address_is_poisoned(p + 40));
  assert_true(__asan_address_is_poisoned(q + 64));
  assert_true(__asan_address_is_poisoned(q - 1));
  arena_free(&a);
#else
  SKIP("needs a build with AddressSanitizer");
#endif
}

int main(void) {
  arena_on_exhausted(on_exhausted);
  const struct CMUnitTest tests[] = {cmocka_unit_test(growing_gives_aligned_zeroed_distinct_memory),
                                     cmocka_unit_test(measured_size_is_exactly_enough),
                                     cmocka_unit_test(fixed_reports_refusal),
                                     cmocka_unit_test(every_refusal_reaches_the_handler),
                                     cmocka_unit_test(overflow_is_caught),
                                     cmocka_unit_test(text),
                                     cmocka_unit_test(grow_keeps_content),
                                     cmocka_unit_test(red_zones)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
