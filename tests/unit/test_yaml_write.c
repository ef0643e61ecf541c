/* The canonical writer: its style, and that reading back gives the same tree. */
#include "arena_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "io/yaml.h"

static Source source_of(const char *text) {
  return (Source){.name = "test.yaml", .text = text, .length = (int)strlen(text)};
}

static YamlNode *parse(Arena *a, const char *text) {
  Source *s = ARENA_NEW(a, Source);
  *s = source_of(text);
  Diag d = diag_new(a);
  YamlNode *n = yaml_parse(a, s, &d);
  if (n == NULL) {
    Str out = str_new(a);
    diag_render(&d, false, &out);
    print_error("%s\n%s\n", text, str_text(&out));
  }
  assert_non_null(n);
  return n;
}

static const char *written(Arena *a, const char *text) {
  Str out = str_new(a);
  yaml_write(parse(a, text), &out);
  return str_text(&out);
}

static const char *written_flow(Arena *a, const char *text) {
  Str out = str_new(a);
  yaml_write_flow(parse(a, text), &out);
  return str_text(&out);
}

static void style(void **state) {
  Arena *a = *state;
  assert_string_equal(written(a, "a: 1\nb:\n    c: x\n    d: {e: 2, f: {g: h}}\nz: []\ny: {}\n"),
                      "a: 1\nb:\n  c: x\n  d:\n    e: 2\n    f:\n      g: h\nz: []\ny: {}\n");
  assert_string_equal(written(a, "v:\n- 1\n- two\n- 3.5\n"), "v: [1, two, 3.5]\n");
  assert_string_equal(written(a, "layers: [{dense: {units: 64}}, batch_norm, [1, 2]]\n"),
                      "layers:\n  - {dense: {units: 64}}\n  - batch_norm\n  - [1, 2]\n");
  assert_string_equal(written(a, "[{a: 1}]"), "- {a: 1}\n");
  assert_string_equal(written(a, "just text"), "just text\n");
  assert_string_equal(written(a, ""), "{}\n");
  assert_string_equal(written_flow(a, "a: {b: [1, x], c: }\n"), "{a: {b: [1, x], c: null}}");
}

/* A map in a list goes to block style when its line would pass column 100. */
static void style_of_long_items(void **state) {
  Arena *a = *state;
  char text[400], name[90];
  memset(name, 'n', sizeof name);
  name[84] = '\0'; /* "  - {k: " + 84 + ", l: 1}" ends at column 99 */
  snprintf(text, sizeof text, "a: [{k: %s, l: 1}]\n", name);
  const char *out = written(a, text);
  assert_non_null(strstr(out, "  - {k: nnn"));
  name[84] = 'n';
  name[86] = '\0'; /* 101 */
  snprintf(text, sizeof text, "a: [{k: %s, l: [{m: 2}]}]\n", name);
  out = written(a, text);
  assert_non_null(strstr(out, "a:\n  - k: nnn"));
  assert_non_null(strstr(out, "\n    l:\n      - {m: 2}\n"));
  assert_true(yaml_equal(parse(a, text), parse(a, out)));
  snprintf(text, sizeof text, "a: [%s, %s]\n", name, name);
  snprintf(name, sizeof name, "a:\n  - nnn");
  assert_true(str_starts(written(a, text), name));
}

static void numbers_are_canonical(void **state) {
  Arena *a = *state;
  assert_string_equal(written(a, "a: [1e-3, 0.10, 1.0, 0x1F, +5, .inf, -.INF, .NaN, -0.0]"),
                      "a: [0.001, 0.1, 1, 31, 5, .inf, -.inf, .nan, -0.0]\n");
  assert_string_equal(written(a, "a: [True, FALSE, ~, null, 1e400, 123456789012345678901]"),
                      "a: [true, false, null, null, .inf, 1.2345678901234568e+20]\n");
}

static void only_what_needs_quotes_has_them(void **state) {
  Arena *a = *state;
  static const char *const plain[] = {"no",    "a b",  "x.y", "1.2.3",   "a:b",
                                      "don't", "a\"b", "x#y", "softmax", "\xC3\xA9t\xC3\xA9",
                                      "0o9",   "1_000"};
  static const char *const quoted[] = {
      "1",     "1e-3", "true", "null", "~",    "",         " a",           "a ",   "a: b", "a #b",
      "a:",    "- a",  "-x",   "#x",   "&x",   "*x",       "!x",           "|",    ">",    "'x'",
      "\"x\"", "%x",   "@x",   "`x",   "[x",   "{x",       ".inf",         "0x1F", "a\nb", "a\tb",
      "...",   "---",  "?x",   ",x",   "\x07", "\xC2\x85", "\xEF\xBB\xBFx"};
  for (int i = 0; i < COUNT(plain) + COUNT(quoted); i++) {
    bool needs = i >= COUNT(plain);
    const char *text = needs ? quoted[i - COUNT(plain)] : plain[i];
    YamlNode *map = yaml_new(a, YAML_MAP, (Mark){0});
    yaml_put(a, map, "k", yaml_new_scalar(a, text, true, (Mark){0}));
    Str out = str_new(a);
    yaml_write(map, &out);
    if ((str_text(&out)[3] == '"') != needs) print_error("%s", str_text(&out));
    assert_int_equal(str_text(&out)[3] == '"', needs);
    assert_true(yaml_equal(map, parse(a, str_text(&out))));
  }
}

/* ---- random trees ---- */

static uint64_t next_random(uint64_t *s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  *s ^= *s << 17;
  return *s;
}

static int below(uint64_t *s, int n) {
  return (int)(next_random(s) >> 33) % n;
}

static const char *random_text(Arena *a, uint64_t *s) {
  static const char *const pieces[] = {"a",
                                       "b",
                                       "1",
                                       "0",
                                       ".",
                                       "e",
                                       "-",
                                       " ",
                                       ":",
                                       ": ",
                                       " #",
                                       "#",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       ",",
                                       "?",
                                       "\"",
                                       "'",
                                       "\\",
                                       "\n",
                                       "\t",
                                       "&",
                                       "*",
                                       "!",
                                       "|",
                                       ">",
                                       "%",
                                       "@",
                                       "`",
                                       "~",
                                       "true",
                                       "null",
                                       "\xC3\xA9",
                                       "\x01",
                                       "\x7F",
                                       "\xC2\x85",
                                       "\xE2\x80\xA8",
                                       "\xF0\x9F\x90\x9F",
                                       ".inf",
                                       "...",
                                       "---",
                                       "=",
                                       "<<",
                                       "\r"};
  Str out = str_new(a);
  str_add(&out, "");
  for (int n = below(s, 6); n > 0; n--) str_add(&out, pieces[below(s, COUNT(pieces))]);
  return str_text(&out);
}

static YamlNode *random_tree(Arena *a, uint64_t *s, int depth) {
  int kind = depth == 0 ? 0 : below(s, 4);
  YamlNode *n = yaml_new(a, kind == 2 ? YAML_LIST : YAML_MAP, (Mark){0});
  if (kind < 2) {
    static const char *const plain[] = {"1", "-7", "0.5", "1e-9", "true", "null", "adam", "-0.0"};
    bool quoted = below(s, 2) == 0;
    const char *text = quoted ? random_text(a, s) : plain[below(s, COUNT(plain))];
    return yaml_new_scalar(a, text, quoted, (Mark){0});
  }
  for (int i = below(s, 5); i > 0; i--) {
    YamlNode *child = random_tree(a, s, depth - 1);
    if (kind == 2) {
      yaml_append(n, child);
    } else {
      yaml_put(a, n, random_text(a, s), child);
    }
  }
  return n;
}

static void random_trees_come_back(void **state) {
  (void)state;
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < 3000; i++) {
    Arena arena;
    arena_init(&arena);
    YamlNode *tree = random_tree(&arena, &seed, 1 + i % 5);
    Str block = str_new(&arena), flow = str_new(&arena), again = str_new(&arena);
    yaml_write(tree, &block);
    yaml_write_flow(tree, &flow);
    YamlNode *read = parse(&arena, str_text(&block));
    bool good = yaml_equal(tree, read) && yaml_equal(tree, parse(&arena, str_text(&flow)));
    if (!good) print_error("%s\n%s\n", str_text(&block), str_text(&flow));
    assert_true(good);
    yaml_write(read, &again); /* canonical: writing what was read changes nothing */
    assert_string_equal(str_text(&block), str_text(&again));
    arena_free(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(style, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(style_of_long_items, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(numbers_are_canonical, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(only_what_needs_quotes_has_them, arena_begin, arena_end),
      cmocka_unit_test(random_trees_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
