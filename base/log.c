#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool log_colour(int fd) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  if (no_color && *no_color) return false;
  return term && strcmp(term, "dumb") != 0 && isatty(fd);
}

void log_line(LogLevel level, const char *format, ...) {
  static const char *const names[] = {"error", "warning", "note"};
  static const char *const colours[] = {"\x1b[1;31m", "\x1b[1;35m", "\x1b[1;36m"};
  bool colour = log_colour(STDERR_FILENO);
  char line[4096];
  int n = snprintf(line, sizeof line, "caviar: %s%s:%s ", colour ? colours[level] : "",
                   names[level], colour ? "\x1b[0m" : "");
  va_list args;
  va_start(args, format);
  int more = vsnprintf(line + n, sizeof line - (size_t)n, format, args);
  va_end(args);
  if (more < 0) return;
  n += more;
  if (n > (int)sizeof line - 2) {
    n = (int)sizeof line - 2;
    memset(line + n - 3, '.', 3);
  }
  line[n++] = '\n';
  for (const char *p = line; n > 0;) { /* one write; the rest only if a pipe was full */
    ssize_t written = write(STDERR_FILENO, p, (size_t)n);
    if (written <= 0) return;
    p += written;
    n -= (int)written;
  }
}
