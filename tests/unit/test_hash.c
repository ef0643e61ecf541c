/* xxh128 and xxh3: published values, pieces against the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "io/hash.h"

static void known_values(void **state) {
  (void)state;
  Arena a;
  char hex[HASH_HEX];
  arena_init(&a);
  Hash *h = hash_new(&a);
  hash_hex(h, hex);
  assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
  hash_add(h, "abc", 3);
  hash_hex(h, hex);
  assert_string_equal(hex, "06b05ab6733a618578af5f94892f3950");
  assert_true(hash_u64("", 0) == 0x2d06800538d394c2u);
  assert_true(hash_u64("abc", 3) == 0x78af5f94892f3950u);
  arena_free(&a);
}

static void pieces_are_as_the_whole(void **state) {
  (void)state;
  Arena a;
  char whole[HASH_HEX], pieces[HASH_HEX], bytes[3000];
  arena_init(&a);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * i % 251);
  Hash *h = hash_new(&a), *g = hash_new(&a);
  hash_add(h, bytes, sizeof bytes);
  hash_hex(h, whole);
  for (size_t step = 1; step < 1500; step = step * 3 + 1) {
    hash_reset(g);
    for (size_t at = 0; at < sizeof bytes; at += step) {
      hash_add(g, bytes + at, at + step < sizeof bytes ? step : sizeof bytes - at);
    }
    hash_hex(g, pieces);
    assert_string_equal(whole, pieces);
    hash_hex(g, pieces); /* asking changes nothing */
    assert_string_equal(whole, pieces);
  }
  arena_free(&a);
}

static void texts_do_not_run_together(void **state) {
  (void)state;
  Arena a;
  char one[HASH_HEX], two[HASH_HEX];
  arena_init(&a);
  Hash *h = hash_new(&a);
  hash_add_text(h, "ab");
  hash_add_text(h, "c");
  hash_hex(h, one);
  hash_reset(h);
  hash_add_text(h, "a");
  hash_add_text(h, "bc");
  hash_hex(h, two);
  assert_string_not_equal(one, two);
  hash_reset(h);
  hash_add(h, "ab\0c", 5);
  hash_hex(h, two);
  assert_string_equal(one, two);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values),
      cmocka_unit_test(pieces_are_as_the_whole),
      cmocka_unit_test(texts_do_not_run_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
