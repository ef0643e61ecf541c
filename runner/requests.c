/* Requests and answers as files. */
#include "requests.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "clock.h"
#include "io/files.h"
#include "io/json.h"

enum { MAX_TEXT = 1 << 16 };
static const double answer_seconds = 10; /* from taking a request to its answer, at most */

static const char *path_of(Arena *a, const char *dir, const char *id, const char *ending) {
  return arena_printf(a, "%s/requests/%s.%s", dir, id, ending);
}

static void remove_answer(const char *path) {
  Err e = {0};
  if (file_remove(path, &e) != OK) log_line(LOG_WARNING, "%s", e.text);
}

/* Did we remove it, and nobody else? */
static bool remove_request(Arena *a, const char *dir, const char *id) {
  const char *path = path_of(a, dir, id, "request");
  if (unlink(path) == 0) return true;
  if (errno != ENOENT) log_line(LOG_WARNING, "cannot remove %s: %s", path, strerror(errno));
  return false;
}

/* ---- the job --------------------------------------------------------------------------------- */

/* The ids of the files with that ending, in order; in `a`. */
static const char **ids(Arena *a, const char *dir, const char *ending, int *n) {
  int n_names;
  const char **names = file_list(a, file_join(a, dir, "requests"), &n_names);
  *n = 0;
  for (int i = 0; i < n_names; i++)
    if (names[i][0] != '.' && str_ends(names[i], ending))
      names[(*n)++] = arena_strndup(a, names[i], strlen(names[i]) - strlen(ending));
  return names;
}

static Status read_request(Arena *a, const char *dir, const char *id, Request *out, Err *e) {
  char *text;
  size_t n;
  JsonValue *v;
  TRY(file_read(a, path_of(a, dir, id, "request"), MAX_TEXT, &text, &n, e));
  TRY(json_parse(a, text, n, &v, e));
  const JsonValue *epoch = json_get(v, "epoch");
  out->kind = json_text(json_get(v, "kind"), "");
  out->values = json_text(json_get(v, "values"), "");
  if (epoch && epoch->type == JSON_INT) out->epoch = epoch->integer;
  return OK;
}

void requests_begin(const char *dir) {
  Arena a = {0};
  arena_init(&a);
  int n;
  const char **left = ids(&a, dir, ".answer", &n);
  for (int i = 0; i < n; i++) remove_answer(path_of(&a, dir, left[i], "answer"));
  arena_free(&a);
}

bool requests_next(Arena *a, const char *dir, Request *out) {
  Err e = {0};
  int n;
  const char **asked = ids(a, dir, ".request", &n);
  *out = (Request){.id = n > 0 ? asked[0] : NULL, .kind = "", .values = ""};
  if (out->id == NULL) return false;
  if (read_request(a, dir, out->id, out, &e) == OK) return true;
  requests_answer(dir, out, false, e.text);
  return false;
}

bool requests_take(const char *dir, Request *r) {
  Arena a = {0};
  arena_init(&a);
  if (!r->taken) r->taken = remove_request(&a, dir, r->id);
  arena_free(&a);
  return r->taken;
}

void requests_answer(const char *dir, Request *r, bool done, const char *text) {
  if (!requests_take(dir, r)) return;
  Arena a = {0};
  arena_init(&a);
  Err e = {0};
  Str line = str_new(&a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "done"), json_bool(&j, done);
  json_key(&j, "text"), json_str(&j, text);
  json_close(&j, '}');
  if (file_write(path_of(&a, dir, r->id, "answer"), str_text(&line), (size_t)line.length, &e) != OK)
    log_line(LOG_WARNING, "%s", e.text);
  arena_free(&a);
}

/* ---- who asks -------------------------------------------------------------------------------- */

static Status leave(Arena *a, const char *dir, const Request *r, Err *e) {
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "kind"), json_str(&j, r->kind);
  json_key(&j, "values"), json_str(&j, r->values ? r->values : "");
  json_key(&j, "epoch"), json_int(&j, r->epoch);
  json_close(&j, '}');
  TRY(file_make_dirs(file_join(a, dir, "requests"), e));
  return file_write(path_of(a, dir, r->id, "request"), str_text(&line), (size_t)line.length, e);
}

static Status read_answer(Arena *a, const char *path, const char **answer, Err *e) {
  char *text;
  size_t n;
  JsonValue *v;
  TRY(file_read(a, path, MAX_TEXT, &text, &n, e));
  remove_answer(path);
  TRY(json_parse(a, text, n, &v, e));
  const JsonValue *done = json_get(v, "done");
  *answer = json_text(json_get(v, "text"), "");
  CHECK(e, done && done->type == JSON_BOOL && done->integer, E_USAGE, "refused: %s", *answer);
  return OK;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
  (void)number;
  interrupted = 1;
}

/* Who asks may tire of it. A second signal ends the process at once. */
static void catch_interrupts(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction act = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, before;
  sigemptyset(&act.sa_mask);
  interrupted = 0;
  for (int i = 0; i < COUNT(numbers); i++)
    if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction(numbers[i], &act, NULL);
}

/* Waits until the answer is there or the time is over. */
static void wait_for(const char *path, double seconds) {
  const double end = clock_now() + seconds;
  while (!file_exists(path) && !interrupted && clock_now() < end) clock_sleep(0.02);
}

Status requests_ask(Arena *a, const char *dir, const Request *r, double seconds,
                    const char **answer, Err *e) {
  Request mine = *r;
  mine.id = arena_printf(a, "%016.0f-%ld", clock_now() * 1e6, (long)getpid());
  const char *path = path_of(a, dir, mine.id, "answer");
  catch_interrupts();
  TRY(leave(a, dir, &mine, e));
  wait_for(path, seconds);
  const bool mine_still = !file_exists(path) && remove_request(a, dir, mine.id);
  CHECK(e, !mine_still || !interrupted, E_STOPPED,
        "interrupted: nothing was done, and the request is taken back");
  interrupted = 0;
  CHECK(e, !mine_still, E_BUSY,
        "no answer within %g s: the job that works on %s did not come to the end of a step; ask "
        "again, with a longer --wait",
        seconds, dir);
  wait_for(path, answer_seconds); /* it is at it */
  CHECK(e, file_exists(path), E_BUSY,
        "the job that works on %s took the request and gave no answer: was it killed? `caviar show "
        "%s 0 --yaml` has the edits that count",
        dir, dir);
  return read_answer(a, path, answer, e);
}
