/* The command line of `caviar submit`. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"
#include "shell_word.h"
#include "submit.h"

enum { MOST_TASKS = 100000 };

/* Options of sbatch that go through as they are; each has a value. Any other: behind --. */
static const char *const passed[] = {
    "--nodes",
    "--ntasks",
    "--ntasks-per-node",
    "--cpus-per-task",
    "--time",
    "--partition",
    "--account",
    "--qos",
    "--mem",
    "--mem-per-cpu",
    "--constraint",
    "--dependency",
    "--mail-type",
    "--mail-user",
    "--job-name",
    "--reservation",
    "--begin",
    "--gres",
    "--nodelist",
    "--exclude",
    "--comment",
    "--licenses",
    "--priority",
    "--time-min",
    "--cluster-constraint",
};
static const char *const own[] = {"--out", "--array", "--signal-seconds"};
static const char *const flags[] = {"--srun", "--dry-run", "--template"};

static const char usage[] =
    "usage: caviar submit E.yaml.. [path=value ..] [--out RUN] [--nodes N ..] [-- SBATCH OPTIONS]";

const char *submit_option(const Submit *s, const char *name) {
  for (int i = s->n_options - 1; i >= 0; i--) {
    if (str_eq(s->options[i].name, name)) return s->options[i].value;
  }
  return NULL;
}

/* Which of the names, "--name" or "--name=value", a word is; -1: none. *value: behind =, or NULL. */
static int find(const char *word, const char *const *names, int n, const char **value) {
  for (int i = 0; i < n; i++) {
    const size_t length = strlen(names[i]);
    if (strncmp(word, names[i], length) != 0) continue;
    *value = word[length] == '=' ? word + length + 1 : NULL;
    if (*value || word[length] == '\0') return i;
  }
  return -1;
}

static Status unknown(Arena *a, const char *word, Err *e) {
  const int n = COUNT(passed) + COUNT(own) + COUNT(flags);
  const char **names = ARENA_ARRAY(a, const char *, n);
  memcpy(names, passed, sizeof passed);
  memcpy(names + COUNT(passed), own, sizeof own);
  memcpy(names + COUNT(passed) + COUNT(own), flags, sizeof flags);
  const char *near = str_nearest(word, names, n);
  FAIL(e, E_USAGE, "unknown option %s%s%s%s", word, near ? "; did you mean " : "",
       near ? near : "; what sbatch knows besides goes behind --, as in `-- --exclusive`",
       near ? "?" : "");
}

static Status own_option(int which, const char *value, Submit *out, Err *e) {
  char *end;
  if (which == 0) out->out = value;
  if (which == 1) out->array = value;
  if (which < 2) return OK;
  errno = 0;
  out->signal_seconds = strtoll(value, &end, 10);
  CHECK(e,
        *value && *end == '\0' && errno == 0 && out->signal_seconds >= 10 &&
            out->signal_seconds <= 65535,
        E_USAGE, "--signal-seconds needs a number from 10 to 65535, found \"%s\"", value);
  return OK;
}

static Status option(Arena *a, int argc, char **argv, int *i, Submit *out, Err *e) {
  const char *word = argv[*i], *value = NULL;
  if (str_eq(word, "--srun")) out->srun = true;
  if (str_eq(word, "--dry-run")) out->dry_run = true;
  if (str_eq(word, "--template")) out->template = true;
  if (find(word, flags, COUNT(flags), &value) >= 0 && !value) return OK;
  const int mine = find(word, own, COUNT(own), &value);
  const int theirs = mine < 0 ? find(word, passed, COUNT(passed), &value) : -1;
  if (mine < 0 && theirs < 0) return unknown(a, word, e);
  if (!value) {
    CHECK(e, *i + 1 < argc, E_USAGE, "%s needs a value", word);
    value = argv[++*i];
  }
  CHECK(e, *value, E_USAGE, "%s needs a value", mine < 0 ? passed[theirs] : own[mine]);
  CHECK(e, mine == 0 || !shell_has_control(value), E_USAGE,
        "%s: a batch script has no words for a newline or another control character", word);
  if (mine >= 0) return own_option(mine, value, out, e);
  out->options[out->n_options++] = (SubmitOption){.name = passed[theirs], .value = value};
  return OK;
}

Status submit_args_parse(Arena *a, int argc, char **argv, Submit *out, Err *e) {
  *out = (Submit){.files = ARENA_ARRAY(a, const char *, argc),
                  .overrides = ARENA_ARRAY(a, const char *, argc),
                  .more = ARENA_ARRAY(a, const char *, argc),
                  .options = ARENA_ARRAY(a, SubmitOption, argc),
                  .signal_seconds = 120};
  bool behind = false;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    CHECK(e, !behind || !shell_has_control(word), E_USAGE,
          "a batch script has no words for a newline or another control character: \"%s\"", word);
    if (behind)
      out->more[out->n_more++] = word;
    else if (str_eq(word, "--"))
      behind = true;
    else if (word[0] == '-')
      TRY(option(a, argc, argv, &i, out, e));
    else if (out->n_files > 0 && strchr(word, '=') && !file_exists(word))
      out->overrides[out->n_overrides++] = word;
    else
      out->files[out->n_files++] = word;
  }
  CHECK(e, out->n_files > 0 || out->template, E_USAGE, "which experiment? %s", usage);
  return OK;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static bool number(const char **at, int64_t *out) {
  char *end;
  if (!isdigit((unsigned char)**at)) return false;
  errno = 0;
  *out = strtoll(*at, &end, 10);
  *at = end;
  return errno == 0 && *out < INT32_MAX;
}

/* "5", "5-9", "5-9:2" */
static bool range(const char **at, int64_t *first, int64_t *last, int64_t *step) {
  *step = 1;
  if (!number(at, first)) return false;
  *last = *first;
  if (**at == '-') {
    ++*at;
    if (!number(at, last) || *last < *first) return false;
  }
  if (**at == ':') {
    ++*at;
    if (!number(at, step) || *step < 1) return false;
  }
  return true;
}

Status submit_array_numbers(Arena *a, const char *text, int64_t **numbers, int *n, Err *e) {
  const char *at = text;
  int64_t first, last, step;
  int capacity = 0;
  *n = 0;
  *numbers = NULL;
  do {
    CHECK(e, range(&at, &first, &last, &step), E_USAGE,
          "--array needs numbers like 0-9, 1,3,5 or 0-9%%2 (two at a time), found \"%s\"", text);
    for (int64_t i = first; i <= last; i += step) {
      CHECK(e, *n < MOST_TASKS, E_USAGE, "--array %s: more than %d tasks", text, MOST_TASKS);
      *numbers = arena_grow(a, *numbers, sizeof **numbers, &capacity, *n + 1);
      (*numbers)[(*n)++] = i;
    }
  } while (*at++ == ',');
  at--;
  if (*at == '%') {
    at++;
    CHECK(e, number(&at, &first) && first > 0, E_USAGE,
          "--array %s: behind %% how many tasks may run at a time", text);
  }
  CHECK(e, *at == '\0', E_USAGE, "--array needs numbers like 0-9, 1,3,5 or 0-9%%2, found \"%s\"",
        text);
  return OK;
}
