#include "memory_limit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "files.h"

enum { MAX_TEXT = 1 << 16 };

/* NULL: no such file. */
static char *text_of(Arena *a, const char *path) {
  Err e = {0};
  char *text;
  size_t n;
  return file_read(a, path, MAX_TEXT, &text, &n, &e) == OK ? text : NULL;
}

/* "max" in version 2, a number beyond all memory in version 1: none. */
static uint64_t limit_in(Arena *a, const char *path) {
  const char *text = text_of(a, path);
  return text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : UINT64_MAX;
}

/* The least of the group and those around it. Inside of a container a group may be known by its name
 * outside: then only the outermost is found, which is the container's. */
static uint64_t least_around(Arena *a, const char *hierarchy, const char *group, const char *file) {
  char *name = arena_strdup(a, group);
  uint64_t least = UINT64_MAX;
  for (char *end = name + strlen(name); end; end = strrchr(name, '/')) {
    *end = '\0';
    const uint64_t x = limit_in(a, arena_printf(a, "%s%s/%s", hierarchy, name, file));
    if (x < least) least = x;
  }
  return least;
}

/* Is `word` in the list "cpu,memory"? */
static bool lists(const char *list, const char *word) {
  const size_t n = strlen(word);
  for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
    if (strcspn(p, ",") == n && strncmp(p, word, n) == 0) return true;
  return false;
}

/* A line of /proc/self/cgroup, "4:memory:/slurm/job_5" or, of version 2, "0::/slurm/job_5". */
static uint64_t limit_of_line(Arena *a, const char *root, char *line) {
  const char *groups = arena_printf(a, "%s/sys/fs/cgroup", root);
  char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!group) return UINT64_MAX;
  *group++ = '\0';
  if (*++controllers == '\0') return least_around(a, groups, group, "memory.max");
  if (!lists(controllers, "memory")) return UINT64_MAX;
  return least_around(a, file_join(a, groups, "memory"), group, "memory.limit_in_bytes");
}

uint64_t memory_limit(Arena *a, const char *root) {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  uint64_t least = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
  char *line = text_of(a, arena_printf(a, "%s/proc/self/cgroup", root));
  while (line && *line) {
    char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;
    *end = '\0';
    const uint64_t x = limit_of_line(a, root, line);
    if (x < least) least = x;
    line = next;
  }
  return least;
}
