/* The lines in which two texts differ. */
#include "text_diff.h"

#include <string.h>

enum { MAX_LINES = 4000 };

typedef struct {
  const char **lines;
  int n;
} Lines;

static Lines split(Arena *a, const char *text) {
  Lines l = {0};
  int capacity = 0;
  while (*text && l.n < MAX_LINES) {
    const char *end = strchr(text, '\n');
    size_t length = end ? (size_t)(end - text) : strlen(text);
    l.lines = arena_grow(a, l.lines, sizeof *l.lines, &capacity, l.n + 1);
    l.lines[l.n++] = arena_strndup(a, text, length);
    text += length + (end ? 1 : 0);
  }
  return l;
}

static void show(Str *out, int max_lines, int *n, char sign, const char *line) {
  if (*n < max_lines) str_addf(out, "%c %s\n", sign, line);
  if (*n == max_lines) str_add(out, "...\n");
  ++*n;
}

int text_diff(Arena *a, const char *before, const char *after, int max_lines, Str *out) {
  Lines b = split(a, before), c = split(a, after);
  size_t width = (size_t)c.n + 1;
  /* common[i * width + j]: length of the longest common subsequence of b[i..] and c[j..] */
  uint16_t *common = arena_alloc(a, ((size_t)b.n + 1) * width, sizeof *common);
  for (int i = b.n - 1; i >= 0; i--) {
    for (int j = c.n - 1; j >= 0; j--) {
      uint16_t *here = common + (size_t)i * width + (size_t)j;
      uint16_t down = here[width], right = here[1];
      *here = down > right ? down : right;
      if (str_eq(b.lines[i], c.lines[j])) *here = (uint16_t)(here[width + 1] + 1);
    }
  }
  int n = 0, i = 0, j = 0;
  while (i < b.n || j < c.n) {
    const uint16_t *here = common + (size_t)i * width + (size_t)j;
    if (i < b.n && j < c.n && str_eq(b.lines[i], c.lines[j])) {
      i++, j++;
    } else if (i < b.n && (j == c.n || here[width] >= here[1])) {
      show(out, max_lines, &n, '-', b.lines[i++]);
    } else {
      show(out, max_lines, &n, '+', c.lines[j++]);
    }
  }
  return n;
}
