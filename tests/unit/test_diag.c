/* Diagnostics: the exact text, the caret under the right character, the order. */
#include "arena_rig.h"

#include <stdio.h>
#include <string.h>

#include "io/diag.h"

static Source source_of(const char *name, const char *text) {
  return (Source){.name = name, .text = text, .length = (int)strlen(text)};
}

static Mark mark(const Source *s, int line, int column, int length) {
  return (Mark){.source = s, .line = line, .column = column, .length = length};
}

static const char *rendered(const Diag *d, bool colour) {
  Str out = str_new(d->arena);
  diag_render(d, colour, &out);
  return str_text(&out);
}

/* One error at a place of a text. */
static const char *one(Arena *a, const char *text, int line, int column, int length) {
  Source *s = ARENA_NEW(a, Source);
  *s = source_of("e.yaml", text);
  Diag d = diag_new(a);
  diag_add(&d, DIAG_ERROR, mark(s, line, column, length), "bad");
  return rendered(&d, false);
}

static void compiler_style(void **state) {
  Source s = source_of("quickstart.yaml", "train:\n  epoch: 20\n");
  Diag d = diag_new(*state);
  assert_string_equal(rendered(&d, false), "");
  diag_add(&d, DIAG_ERROR, mark(&s, 2, 3, 5),
           "unknown key \"%s\" in train; did you mean \"epochs\"?", "epoch");
  assert_int_equal(d.n_errors, 1);
  assert_string_equal(rendered(&d, false),
                      "quickstart.yaml:2:3: error: unknown key \"epoch\" in train; did you mean "
                      "\"epochs\"?\n"
                      "    2 |   epoch: 20\n"
                      "      |   ^~~~~\n"
                      "1 error\n");
}

static void in_order_and_once(void **state) {
  Source s = source_of("e.yaml", "a\nbb\n"), line = source_of("command line", "x=1\ny=2");
  Diag d = diag_new(*state);
  diag_add(&d, DIAG_ERROR, mark(&s, 2, 2, 1), "third");
  diag_add(&d, DIAG_ERROR, mark(&line, 2, 3, 1), "fourth");
  diag_add(&d, DIAG_WARNING, mark(&s, 2, 1, 2), "second");
  diag_add(&d, DIAG_ERROR, mark(&s, 1, 1, 1), "first");
  diag_add(&d, DIAG_ERROR, mark(&s, 1, 1, 1), "first");
  assert_int_equal(d.n_errors, 3);
  assert_int_equal(d.n_warnings, 1);
  assert_string_equal(rendered(&d, false),
                      "e.yaml:1:1: error: first\n    1 | a\n      | ^\n"
                      "e.yaml:2:1: warning: second\n    2 | bb\n      | ^~\n"
                      "e.yaml:2:2: error: third\n    2 | bb\n      |  ^\n"
                      "command line:2:3: error: fourth\n    2 | y=2\n      |   ^\n"
                      "3 errors, 1 warning\n");
}

static void counts(void **state) {
  Source s = source_of("e.yaml", "a\n");
  Diag d = diag_new(*state);
  diag_add(&d, DIAG_WARNING, mark(&s, 1, 1, 1), "x");
  assert_true(str_ends(rendered(&d, false), "^\n1 warning\n"));
  diag_add(&d, DIAG_WARNING, mark(&s, 1, 1, 1), "y");
  assert_true(str_ends(rendered(&d, false), "^\n2 warnings\n"));
  assert_true(strstr(strstr(rendered(&d, false), ": x\n"), ": y\n") != NULL);
  for (int i = 0; i < 2000; i++) diag_add(&d, DIAG_ERROR, mark(&s, 1, 1, 1), "%d", i);
  assert_int_equal(d.n_errors, 2000);
  assert_true(
      str_ends(rendered(&d, false), "2000 errors, 2 warnings; the first 1000 found are shown\n"));
}

static void the_caret_counts_characters(void **state) {
  Arena *a = *state;
  assert_string_equal(
      one(a, "n: \xC3\xA9t\xC3\xA9 x", 1, 8, 1),
      "e.yaml:1:8: error: bad\n    1 | n: \xC3\xA9t\xC3\xA9 x\n      |        ^\n1 error\n");
  /* East Asian characters take two columns, a combining accent none */
  assert_string_equal(
      one(a, "\xE9\xAD\x9A\xE5\x8D\xB5x", 1, 2, 2),
      "e.yaml:1:2: error: bad\n    1 | \xE9\xAD\x9A\xE5\x8D\xB5x\n      |   ^~~\n1 error\n");
  assert_string_equal(one(a, "e\xCC\x81x", 1, 3, 1),
                      "e.yaml:1:3: error: bad\n    1 | e\xCC\x81x\n      |  ^\n1 error\n");
  /* a tab goes to the next multiple of four */
  assert_string_equal(one(a, "ab\tc\td", 1, 4, 2),
                      "e.yaml:1:4: error: bad\n    1 | ab  c   d\n      |     ^~~~\n1 error\n");
}

static void what_could_harm_a_terminal_is_not_printed(void **state) {
  Source s = source_of("e\033.yaml", "a\033[31m\xFF"
                                     "b");
  Diag d = diag_new(*state);
  diag_add(&d, DIAG_ERROR, mark(&s, 1, 8, 1), "bad \"\033[2J\n\"");
  assert_string_equal(rendered(&d, false), "e?.yaml:1:8: error: bad \"?[2J?\"\n"
                                           "    1 | a?[31m?b\n      |        ^\n1 error\n");
}

static void places_beside_the_text(void **state) {
  Arena *a = *state;
  /* behind the end of a line, in an empty line, longer than the line, behind the last line */
  assert_string_equal(one(a, "ab\n\ncd", 1, 3, 1),
                      "e.yaml:1:3: error: bad\n    1 | ab\n      |   ^\n1 error\n");
  assert_string_equal(one(a, "ab\n\ncd", 2, 1, 3),
                      "e.yaml:2:1: error: bad\n    2 |\n      | ^\n1 error\n");
  assert_string_equal(one(a, "ab\n\ncd", 3, 2, 99),
                      "e.yaml:3:2: error: bad\n    3 | cd\n      |  ^\n1 error\n");
  assert_string_equal(one(a, "ab\n\ncd", 4, 1, 1), "e.yaml:4:1: error: bad\n1 error\n");
  assert_string_equal(one(a, "ab\r\ncd\r\n", 2, 1, 2),
                      "e.yaml:2:1: error: bad\n    2 | cd\n      | ^~\n1 error\n");
  Diag d = diag_new(a);
  diag_add(&d, DIAG_ERROR, (Mark){0}, "no place");
  assert_string_equal(rendered(&d, false), "error: no place\n1 error\n");
}

/* Of a long line 92 columns are shown, the marked ones among them, with the caret below them. */
static void long_lines_are_cut(void **state) {
  Arena *a = *state;
  char text[301];
  for (int i = 0; i < 300; i++) text[i] = (char)('0' + i / 10 % 10);
  text[300] = '\0';
  for (int column = 1; column <= 301; column++) {
    if (column <= 300) text[column - 1] = '#';
    const char *line = strstr(one(a, text, 1, column, 3), "    1 | ") + 8;
    const char *caret = strchr(line, '\n') + 1;
    int width = (int)(caret - line) - 1;
    assert_int_equal(width, column <= 300 ? 92 : 91); /* the caret stands behind the last */
    int at = (int)(strchr(caret, '^') - caret) - 8;
    if (column <= 300) assert_int_equal(line[at], '#');
    if (column <= 298) assert_int_equal(strspn(caret + 8 + at, "^~"), 3);
    if (column == 301) assert_int_equal(strspn(caret + 8, " "), 91);
    assert_int_equal(str_starts(line, "..."), column > 31);
    if (column <= 300) text[column - 1] = (char)('0' + (column - 1) / 10 % 10);
  }
  assert_true(str_starts(strstr(one(a, text, 1, 150, 500), "      | "),
                         "      |                               ^~~~"));
}

static void colour(void **state) {
  Source s = source_of("e.yaml", "ab\n");
  Diag d = diag_new(*state);
  diag_add(&d, DIAG_ERROR, mark(&s, 1, 1, 2), "bad");
  assert_string_equal(rendered(&d, true),
                      "\033[1me.yaml:1:1: \033[1;31merror:\033[0m bad\n    1 | ab\n"
                      "      | \033[1;32m^~\033[0m\n1 error\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(compiler_style),
      T(in_order_and_once),
      T(counts),
      T(the_caret_counts_characters),
      T(what_could_harm_a_terminal_is_not_printed),
      T(places_beside_the_text),
      T(long_lines_are_cut),
      T(colour),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
