/* What the person sees while a search runs. */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "leaderboard.h"
#include "run_points.h"

static const double redraw_seconds = 0.2, line_seconds = 1, quiet_seconds = 10;

/* ---- the terminal ---------------------------------------------------------------------------- */

/* mpirun reads the ranks' stderr through a pipe; what counts is where mpirun, our parent, writes
 * it. */
static bool launcher_on_terminal(void) {
  char link[64], target[256];
  snprintf(link, sizeof link, "/proc/%ld/fd/2", (long)getppid());
  ssize_t n = readlink(link, target, sizeof target - 1);
  if (n <= 0) return false;
  target[n] = '\0';
  return str_starts(target, "/dev/pts/") || str_starts(target, "/dev/tty");
}

static bool on_terminal(void) {
  const char *term = getenv("TERM");
  if (!term || str_eq(term, "dumb")) return false;
  return getenv("OMPI_COMM_WORLD_RANK") ? launcher_on_terminal() : isatty(STDERR_FILENO) != 0;
}

static int columns(void) {
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
  return 80;
}

/* ---- the words ------------------------------------------------------------------------------- */

static void add_duration(Str *out, double seconds) {
  if (seconds < 99.5)
    str_addf(out, "%.0f s", seconds);
  else if (seconds < 99.5 * 60)
    str_addf(out, "%.0f min", seconds / 60);
  else
    str_addf(out, "%.1f h", seconds / 3600);
}

static void add_counts(const Progress *p, double now, Str *out) {
  const RunDir *r = p->run;
  char text[32];
  double elapsed = now - p->started;
  /* a rank may hold the next trial while it ends one */
  int64_t running = p->running < p->n_ranks ? p->running : p->n_ranks;
  str_addf(out, "%lld of %lld done, %lld running", (long long)r->n_done,
           (long long)r->head.n_trials, (long long)running);
  if (r->n_diverged) str_addf(out, ", %lld diverged", (long long)r->n_diverged);
  if (r->n_failed) str_addf(out, ", %lld failed", (long long)r->n_failed);
  if (p->epochs > 0 && elapsed > 0) {
    double rate = (double)p->epochs / elapsed;
    if (rate < 10)
      str_addf(out, ", %.1f epochs/s", rate);
    else
      str_addf(out, ", %s epochs/s", str_count((int64_t)rate, text));
  }
  if (p->finished > 0) {
    str_add(out, ", ");
    add_duration(out, elapsed * (double)(r->head.n_trials - r->n_done) / (double)p->finished);
    str_add(out, " left");
  }
}

static void add_best(const Progress *p, Str *out) {
  const TrialResult *best = run_dir_best(p->run);
  const int64_t repeats = run_repeats(p->run);
  if (!best) return;
  const RunPoint point = run_point(p->run, best->number / repeats);
  if (repeats > 1 && !isnan(point.mean)) {
    const long long first = point.number * repeats;
    str_addf(out, "best mean %s %.5g, trials %lld-%lld", p->run->spec->search.metric.name,
             point.mean, first, first + (long long)repeats - 1);
    return;
  }
  str_addf(out, "best %s %.5g, trial %lld", p->run->spec->search.metric.name, best->metric,
           (long long)best->number);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void add_line(Str *block, int width, const char *text) {
  int n = (int)strlen(text);
  str_add(block, "\r\x1b[K");
  str_addn(block, text, n < width ? n : width - 1);
  str_add(block, "\n");
}

static void erase(Progress *p, Str *block) {
  if (p->lines > 0) str_addf(block, "\x1b[%dA\r\x1b[J", p->lines);
  p->lines = 0;
}

static void draw_block(Progress *p, double now, Arena *a) {
  Str block = str_new(a), counts = str_new(a), best = str_new(a);
  int width = columns();
  add_counts(p, now, &counts);
  add_best(p, &best);
  if (best.length > 0) {
    str_add(&best, ": ");
    leaderboard_point(a, &p->run->spec->search.space, run_dir_best(p->run)->point, &best);
  }
  if (p->lines > 0) str_addf(&block, "\x1b[%dA", p->lines);
  add_line(&block, width, str_text(&counts));
  add_line(&block, width, best.length > 0 ? str_text(&best) : "no trial is finished yet");
  p->lines = 2;
  fputs(str_text(&block), stderr);
}

static void draw_line(const Progress *p, double now, Arena *a) {
  Str line = str_new(a);
  add_counts(p, now, &line);
  if (run_dir_best(p->run)) str_add(&line, "; ");
  add_best(p, &line);
  fprintf(stderr, "%s\n", str_text(&line));
}

static bool due(const Progress *p, double now) {
  if (p->terminal) return now - p->drawn >= redraw_seconds;
  if (p->finished > p->reported) return now - p->drawn >= line_seconds;
  return now - p->drawn >= quiet_seconds;
}

void progress_draw(Progress *p, double now) {
  if (!due(p, now)) return;
  Arena a = {0};
  arena_init(&a);
  if (p->terminal)
    draw_block(p, now, &a);
  else
    draw_line(p, now, &a);
  p->drawn = now;
  p->reported = p->finished;
  arena_free(&a);
}

void progress_end(Progress *p) {
  Arena a = {0};
  arena_init(&a);
  Str block = str_new(&a);
  erase(p, &block);
  fputs(str_text(&block), stderr);
  arena_free(&a);
}

/* ---- what has happened ----------------------------------------------------------------------- */

void progress_init(Progress *p, const RunDir *run, int n_ranks) {
  double now = clock_now();
  *p = (Progress){.run = run, .n_ranks = n_ranks, .started = now, .drawn = now};
  p->terminal = on_terminal();
}

void progress_started(Progress *p) {
  p->running++;
}

void progress_finished(Progress *p) {
  p->running--;
  p->finished++;
}

void progress_epochs(Progress *p, int64_t n) {
  p->epochs += n;
}
