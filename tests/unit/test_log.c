#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "check.h"

/* What log_line writes to stderr, read back through a pipe. */
static char seen[8192];

static const char *captured(LogLevel level, const char *text) {
  int ends[2], kept = dup(STDERR_FILENO);
  assert_int_equal(pipe(ends), 0);
  dup2(ends[1], STDERR_FILENO);
  log_line(level, "%s", text);
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(ends[1]);
  ssize_t n = read(ends[0], seen, sizeof seen - 1); /* one write: one read has it all */
  close(ends[0]);
  seen[n > 0 ? n : 0] = '\0';
  return seen;
}

static void lines(void **state) {
  (void)state;
  assert_string_equal(captured(LOG_WARNING, "disk is full"), "caviar: warning: disk is full\n");
  assert_string_equal(captured(LOG_ERROR, ""), "caviar: error: \n");
  assert_string_equal(captured(LOG_NOTE, "n"), "caviar: note: n\n");
}

static void long_lines_are_cut(void **state) {
  (void)state;
  static char big[6000];
  memset(big, 'y', sizeof big - 1);
  const char *line = captured(LOG_NOTE, big);
  size_t n = strlen(line);
  assert_in_range(n, 4000, 4096);
  assert_string_equal(line + n - 4, "...\n");
}

static void colour(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  assert_false(log_colour(ends[1])); /* not a terminal */
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(long_lines_are_cut),
                                     cmocka_unit_test(colour)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
