#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/sha256.h"

/* Vectors of FIPS 180-4's examples and of NIST's long-message test. */
static const struct {
  const char *text;
  int repeat;
  const char *hex;
} vectors[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qrs"
     "mnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void test_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    Sha256 s;
    char hex[SHA256_HEX];
    sha256_init(&s);
    for (int j = 0; j < vectors[i].repeat; j++)
      sha256_add(&s, vectors[i].text, strlen(vectors[i].text));
    sha256_hex(&s, hex);
    assert_string_equal(hex, vectors[i].hex);
    sha256_hex(&s, hex); /* asking does not change the state */
    assert_string_equal(hex, vectors[i].hex);
  }
}

static void test_file(void **state) {
  (void)state;
  char path[] = "test_sha256_XXXXXX", hex[SHA256_HEX];
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "abc", 3), 3);
  close(fd);
  Err e = {0};
  assert_int_equal(sha256_file(path, hex, &e), OK);
  assert_string_equal(hex, vectors[1].hex);
  unlink(path);
  assert_int_equal(sha256_file(path, hex, &e), E_IO);
  assert_non_null(strstr(e.text, path));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
