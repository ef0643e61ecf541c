/* What differs between ranks, said once: the first line that does, who has what. */
#include <string.h>

#include "base/str.h"
#include "identity.h"

enum { MOST_HOSTS = 3, MOST_RANGES = 6, MOST_VALUES = 3, MOST_LETTERS = 110 };

/* The value of the line `name` of a text; "nothing" without such a line. */
static const char *value_of(Arena *a, const char *text, const char *name) {
  const size_t n = strlen(name);
  for (const char *line = text; *line;) {
    const size_t length = strcspn(line, "\n");
    if (length > n && strncmp(line, name, n) == 0 && line[n] == '\t')
      return arena_strndup(a, line + n + 1, length - n - 1);
    line += length + (line[length] == '\n');
  }
  return "nothing";
}

/* "4-7, 9" of ranks (n), which ascend. */
static void add_ranges(Str *out, const int *ranks, int n) {
  int n_ranges = 0;
  for (int i = 0; i < n && n_ranges < MOST_RANGES; n_ranges++) {
    const int first = ranks[i++];
    str_addf(out, "%s%d", n_ranges > 0 ? ", " : "", first);
    while (i < n && ranks[i] == ranks[i - 1] + 1) i++;
    if (ranks[i - 1] > first) str_addf(out, "-%d", ranks[i - 1]);
    if (i < n && n_ranges + 1 == MOST_RANGES) str_add(out, ", ..");
  }
}

/* The line that differs. */
typedef struct {
  Arena *arena;
  const IdentityOther *others; /* (n) */
  const char **values;         /* (n) of that line; NULL: as rank 0's, or said already */
  int n;
} Difference;

/* "ranks 4-7, 9 on node2": all on that host that have this value; they are said then. */
static void add_host(const Difference *d, Str *out, const char *host, const char *value) {
  int *ranks = ARENA_ARRAY(d->arena, int, d->n), n = 0;
  for (int i = 0; i < d->n; i++) {
    if (!d->values[i] || !str_eq(d->values[i], value) || !str_eq(d->others[i].host, host)) continue;
    ranks[n++] = d->others[i].rank;
    d->values[i] = NULL;
  }
  str_addf(out, "rank%s ", n > 1 ? "s" : "");
  add_ranges(out, ranks, n);
  str_addf(out, " on %s", host);
}

/* All ranks that have the value of others[from], and the value. */
static void add_value(const Difference *d, Str *out, int from, const char *name) {
  const char *value = d->values[from];
  int n_hosts = 0, more = 0;
  for (int i = from; i < d->n; i++) {
    if (!d->values[i] || !str_eq(d->values[i], value)) continue;
    if (n_hosts == MOST_HOSTS) {
      d->values[i] = NULL;
      more++;
      continue;
    }
    if (n_hosts++ > 0) str_add(out, ", ");
    add_host(d, out, d->others[i].host, value);
  }
  if (more > 0) str_addf(out, " and %d rank%s elsewhere", more, more > 1 ? "s" : "");
  str_addf(out, ": %s %.*s", name, MOST_LETTERS, value);
}

/* What may have to do with it: " (processor avx2)". */
static void add_information(const Difference *d, Str *out, const char *text, const Identity *id) {
  for (int k = 0; k < id->n; k++)
    if (!id->lines[k].why)
      str_addf(out, " (%s %s)", id->lines[k].name, value_of(d->arena, text, id->lines[k].name));
}

static Status say(const Difference *d, const Identity *mine, int k, const char *host, Err *e) {
  const IdentityLine *line = &mine->lines[k];
  Str out = str_new(d->arena);
  int n_values = 0, more = 0;
  for (int i = 0; i < d->n; i++) {
    if (!d->values[i]) continue;
    if (n_values == MOST_VALUES) {
      more++;
      continue;
    }
    n_values++;
    add_value(d, &out, i, line->name);
    add_information(d, &out, d->others[i].text, mine);
    str_add(&out, "; ");
  }
  if (more > 0) str_addf(&out, "%d more rank%s: something else; ", more, more > 1 ? "s" : "");
  str_addf(&out, "but rank 0 on %s: %.*s", host, MOST_LETTERS, line->value);
  add_information(d, &out, identity_text(d->arena, mine), mine);
  FAIL(e, E_IO, "%s; %s", str_text(&out), line->why);
}

Status identity_compare(Arena *a, const Identity *mine, const char *host,
                        const IdentityOther *others, int n, Err *e) {
  Difference d = {a, others, ARENA_ARRAY(a, const char *, n), n};
  for (int k = 0; k < mine->n; k++) {
    bool differs = false;
    for (int i = 0; i < n && mine->lines[k].why; i++) {
      const char *value = value_of(a, others[i].text, mine->lines[k].name);
      d.values[i] = str_eq(value, mine->lines[k].value) ? NULL : value;
      differs = differs || d.values[i];
    }
    if (differs) return say(&d, mine, k, host, e);
  }
  return OK;
}
