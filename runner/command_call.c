#include "command_call.h"

#include <stdlib.h>
#include <string.h>

#include "process.h"

extern char **environ;

static const char *const reserved[] = {"trial", "seed"};

/* ---- placeholders ---------------------------------------------------------------------------- */

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Piece command_piece(const char **at) {
  const char *from = *at;
  if (*from == '\0') return (Piece){.type = PIECE_END};
  int n = (int)strcspn(from, "{}");
  if (n > 0) {
    *at = from + n;
    return (Piece){PIECE_TEXT, from, n};
  }
  if (from[1] == from[0]) {
    *at = from + 2;
    return (Piece){PIECE_TEXT, from, 1};
  }
  while (from[0] == '{' && is_word(from[n + 1])) n++;
  if (n > 0 && from[n + 1] == '}') {
    *at = from + n + 2;
    return (Piece){PIECE_NAME, from + 1, n};
  }
  *at = from + 1;
  return (Piece){PIECE_WRONG, from, 1};
}

static bool is_name(const char *name, const char *text, int length) {
  return (int)strlen(name) == length && memcmp(name, text, (size_t)length) == 0;
}

bool command_is_reserved(const char *name, int length) {
  for (int i = 0; i < COUNT(reserved); i++)
    if (is_name(reserved[i], name, length)) return true;
  return false;
}

typedef struct {
  Arena *arena;
  const CommandSpec *spec;
  const char *trial, *seed;
} Filling;

static const char *value_of(const Filling *f, const Piece *p) {
  for (int i = 0; i < f->spec->n_parameters; i++)
    if (is_name(f->spec->parameters[i].name, p->text, p->length))
      return f->spec->parameters[i].text;
  return is_name("trial", p->text, p->length) ? f->trial : f->seed;
}

static const char *fill(const Filling *f, const char *text) {
  Str out = str_new(f->arena);
  for (Piece p = command_piece(&text); p.type != PIECE_END; p = command_piece(&text)) {
    if (p.type == PIECE_NAME)
      str_add(&out, value_of(f, &p));
    else
      str_addn(&out, p.text, p.length);
  }
  return str_text(&out);
}

/* ---- the environment ------------------------------------------------------------------------- */

/* Variables by which a launcher says to a process that it is rank so-and-so of its job. The leave to
 * run as root is no such thing. */
static bool is_of_launcher(const char *variable) {
  static const char *const prefixes[] = {"OMPI_", "PMIX_", "PMI_", "ORTE_", "PRTE_", "MPI_LOCAL"};
  if (str_starts(variable, "OMPI_ALLOW_RUN_AS_ROOT")) return false;
  for (int i = 0; i < COUNT(prefixes); i++)
    if (str_starts(variable, prefixes[i])) return true;
  return false;
}

static int name_length(const char *variable) {
  return (int)strcspn(variable, "=");
}

typedef struct {
  Arena *arena;
  const char **list;
  int n, capacity;
} Variables;

static void set(Variables *v, const char *variable) {
  const int length = name_length(variable);
  for (int i = 0; i < v->n; i++) {
    if (name_length(v->list[i]) != length || memcmp(v->list[i], variable, (size_t)length) != 0)
      continue;
    v->list[i] = variable;
    return;
  }
  v->list = arena_grow(v->arena, v->list, sizeof *v->list, &v->capacity, v->n + 2);
  v->list[v->n++] = variable;
  v->list[v->n] = NULL;
}

static const char **variables(const Filling *f) {
  const CommandSpec *c = f->spec;
  Variables v = {.arena = f->arena};
  for (char **x = environ; x && *x; x++)
    if (!is_of_launcher(*x)) set(&v, *x);
  set(&v, arena_printf(f->arena, "CAVIAR_TRIAL=%s", f->trial));
  set(&v, arena_printf(f->arena, "CAVIAR_SEED=%s", f->seed));
  for (int i = 0; i < c->n_parameters; i++)
    set(&v,
        arena_printf(f->arena, "CAVIAR_PARAM_%s=%s", c->parameters[i].name, c->parameters[i].text));
  for (int i = 0; i < c->n_environment; i++)
    set(&v,
        arena_printf(f->arena, "%s=%s", c->environment[i].name, fill(f, c->environment[i].text)));
  return v.list;
}

void command_call(Arena *a, const CommandSpec *c, int64_t number, int64_t seed, CommandCall *out) {
  const Filling f = {.arena = a,
                     .spec = c,
                     .trial = arena_printf(a, "%lld", (long long)number),
                     .seed = arena_printf(a, "%lld", (long long)seed)};
  *out = (CommandCall){.argv = ARENA_ARRAY(a, const char *, c->n_arguments + 1), .path = ""};
  for (int i = 0; i < c->n_arguments; i++) out->argv[i] = fill(&f, c->arguments[i]);
  out->envp = variables(&f);
  for (int i = 0; out->envp[i]; i++)
    if (str_starts(out->envp[i], "PATH=")) out->path = out->envp[i] + strlen("PATH=");
  out->file = process_find(a, out->argv[0], out->path, c->path);
}
