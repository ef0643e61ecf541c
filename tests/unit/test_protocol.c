/*
 * The search over all ranks, many thousand times: the program's own scheduler, teams, rungs, histories
 * and journal (mpi_sched.c, mpi_lead.c, search.c, run_dir.c, journal.c, compiled anew on seam.h), in a
 * world where a seed decides what takes how long, when the job is killed or asked to stop, and on
 * how many ranks it goes on (protocol/world.h). Whatever happens: it ends, every leg of every trial is
 * recorded once, and the digest is that of one rank alone.
 *
 * A seed that fails is printed; CAVIAR_SEED=17 does that one again, CAVIAR_LONG=1 does many more.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "protocol/world.h"
#include "runner/mpi_lead.h"
#include "runner/mpi_sched.h"

static const char *const searches[] = {
    "trials: 7, method: random",
    "trials: 12, method: random, max_concurrent: 3, early_terminate: {name: successive_halving, "
    "eta: 2}",
    "trials: 9, method: random, max_concurrent: 4, early_terminate: hyperband",
    "trials: 8, method: evolution, max_concurrent: 3",
    "trials: 10, method: random, max_concurrent: 2, early_terminate: {name: median, warmup_epochs: "
    "1}",
    "trials: 2, method: random",
    "trials: 16, method: {name: population_based, population: 4, quantile: 0.5}, max_concurrent: 3",
};
enum { SEARCHES = COUNT(searches) };

static struct {
  Arena a;
  const Spec *spec[SEARCHES][2];  /* of any number of ranks a trial, of two */
  const char *identity[SEARCHES]; /* of both */
  char digest[SEARCHES][HASH_HEX];
  int n_records[SEARCHES];
} known;

static const Spec *spec_of(int which, bool pairs) {
  Arena *a = &known.a;
  Diag d = diag_new(a);
  const char *text = arena_printf(
      a,
      "name: t\n"
      "data: {source: blobs}\n"
      "model: {layers: [{dense: {units: classes}}], loss: softmax_cross_entropy}\n"
      "train: {epochs: 4, batch_size: 8, shards: %d}\n"
      "%s"
      "search: {%s, parameters: {train.%s: {min: 1, max: 1000, scale: log}}}\n",
      which % 2 ? 2 : 8, pairs ? "resources: {ranks_per_trial: 2}\n" : "", searches[which],
      which % 3 ? "batch_size" : "l2"); /* a number of few digits is written sooner */
  const Spec *s = spec_from_text(a, "t.yaml", text, ".", NULL, 0, &d);
  if (!s) {
    Str why = str_new(a);
    diag_render(&d, false, &why);
    fail_msg("%s", str_text(&why));
  }
  return s;
}

/* ---- one job --------------------------------------------------------------------------------- */

static struct {
  const Spec *spec;
  const char *identity;
  Search *search; /* rank 0's */
  Status outcome;
  bool complete;
  char digest[HASH_HEX];
} job;

static void on_signal(void) {
  if (job.search) job.search->stop = true;
}

static RunHead head_of(void) {
  return (RunHead){.format = 1,
                   .caviar = "0",
                   .numerics = TRIAL_NUMERICS,
                   .name = "t",
                   .file = "t.yaml",
                   .directory = ".",
                   .n_trials = job.spec->search.trials,
                   .repeats = 1,
                   .rows = 80,
                   .identity = job.identity,
                   .data = "0123456789abcdef0123456789abcdef",
                   .commit = "unknown",
                   .diff = ""};
}

static void lead(Work *w) {
  Arena a = {0};
  Err e = {0};
  RunDir *run = ARENA_NEW(&a, RunDir);
  Search *search = ARENA_NEW(&a, Search);
  const RunHead head = head_of();
  Status s = run_dir_open(&a, "d", job.spec, &head, run, &e);
  if (s == OK) {
    search_init(search, &a, run, sim_size());
    search->stop = sim_signalled();
    job.search = search;
    mpi_sched_run(search, w);
    job.search = NULL;
    s = search_outcome(search, &e);
    job.complete = run_dir_complete(run);
    run_dir_digest(run, job.digest);
    if (run_dir_close(run, &e) != OK) s = e.status;
  }
  if (s != OK && s != E_STOPPED) sim_problem("%s", e.text);
  job.outcome = s;
  arena_free(&a);
}

static void rank_body(int rank) {
  Work w = {.spec = job.spec, .rank = rank, .host = "h"};
  if (rank == 0)
    lead(&w);
  else
    mpi_sched_run(NULL, &w);
}

/* ---- many ------------------------------------------------------------------------------------ */

static int count_records(void) {
  int n = 0;
  static const char key[] = "{\"type\": \"trial\"";
  for (size_t i = 0; i + sizeof key <= sim.n_journal; i++)
    n += memcmp(sim.journal + i, key, sizeof key - 1) == 0;
  return n;
}

/* What is behind the last fsync goes from any byte on (true); of a kill -9 nothing does. */
static bool crash_disk(void) {
  const bool power = sim_any(2);
  if (power) {
    const size_t loose = sim.n_journal - sim.n_synced;
    sim.n_journal = sim.n_synced + (size_t)sim_any((int)loose + 1);
  }
  if (sim.what == BREAK_SYNC && sim.n_synced > 200) sim.n_journal = sim.n_synced - 150;
  sim.n_synced = sim.n_synced < sim.n_journal ? sim.n_synced : sim.n_journal;
  for (int i = 0; i < SIM_TRIALS; i++)
    if (sim_any(3) == 0) sim.saved[i] = 0;
  return power;
}

static void reset(uint64_t seed, Break what) {
  char *journal = sim.journal;
  const size_t room = sim.journal_room;
  sim = (Sim){.r = rng_stream(seed, RNG_TEST, 7, 0), .what = what};
  sim.journal = journal;
  sim.journal_room = room;
  sim.on_signal = on_signal;
  static const double slowest[] = {1e-6, 1e-3, 0.1, 1}, steps[] = {1e-3, 0.05, 1};
  static const size_t eager[] = {sizeof(Returned), 1 << 20}; /* the longest that must not wait */
  sim.slowest = slowest[sim_any(COUNT(slowest))];
  sim.step = steps[sim_any(COUNT(steps))];
  sim.eager = eager[sim_any(COUNT(eager))];
}

/* What survives a crash is there afterwards, byte by byte. */
static char *keep_whole_lines(size_t *n) {
  *n = sim.n_journal;
  while (*n > 0 && sim.journal[*n - 1] != '\n') --*n;
  char *kept = malloc(*n + 1);
  memcpy(kept, sim.journal, *n);
  return kept;
}

/* A search to its end, through kills, stops and other numbers of ranks. "" or what went wrong. */
static const char *one_search(uint64_t seed, Break what) {
  reset(seed, what);
  const int which = sim_any(SEARCHES);
  const double about = sim.step * 40;
  job.identity = known.identity[which];
  size_t n_kept = 0;
  char *kept = NULL;
  job.complete = false;
  for (int i = 0; !job.complete && !sim.problem[0]; i++) {
    const bool last = i > 12;
    const int n_ranks = 1 + sim_any(SIM_RANKS);
    job.spec = known.spec[which][n_ranks > 1 && sim_any(3) == 0];
    const double crash = last || sim_any(4) == 0 ? INFINITY : about * rng_f64(&sim.r);
    const double asked = last || sim_any(3) ? INFINITY : about * rng_f64(&sim.r);
    job.search = NULL;
    job.outcome = OK;
    const bool over = sim_job(n_ranks, rank_body, crash, asked);
    if (sim.problem[0]) break;
    if (over && job.outcome == OK && !job.complete) sim_problem("it ended before it was complete");
    if (over && job.outcome == E_STOPPED && !sim.asked) sim_problem("nobody asked it to stop");
    if (over && sim.n_synced != sim.n_journal) sim_problem("it ended and left the disk behind");
    if (!over) {
      const size_t synced = sim.n_synced;
      job.complete = false;
      if (crash_disk() && n_kept > sim.n_journal) n_kept = sim.n_journal;
      if (sim.n_journal < synced) sim_problem("what was brought to disk is gone");
    }
    if (n_kept > sim.n_journal || (n_kept > 0 && memcmp(kept, sim.journal, n_kept) != 0))
      sim_problem("the journal is not what it was and more");
    free(kept);
    kept = keep_whole_lines(&n_kept);
  }
  free(kept);
  if (!sim.problem[0] && strcmp(job.digest, known.digest[which]) != 0)
    sim_problem("another digest");
  if (!sim.problem[0] && count_records() != known.n_records[which])
    sim_problem("%d records of trials, %d on one rank", count_records(), known.n_records[which]);
  return sim.problem;
}

static int setup(void **state) {
  (void)state;
  for (int i = 0; i < SEARCHES; i++) {
    reset((uint64_t)i, BREAK_NOTHING);
    for (int pairs = 0; pairs < 2; pairs++) known.spec[i][pairs] = spec_of(i, pairs);
    job.spec = known.spec[i][0];
    job.identity = known.identity[i] = spec_text(&known.a, job.spec, SPEC_FOR_DIGEST);
    assert_string_equal(job.identity, spec_text(&known.a, known.spec[i][1], SPEC_FOR_DIGEST));
    if (!sim_job(1, rank_body, INFINITY, INFINITY)) fail_msg("one rank alone: %s", sim.problem);
    assert_true(job.complete);
    strcpy(known.digest[i], job.digest);
    known.n_records[i] = count_records();
  }
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(&known.a);
  free(sim.journal);
  return 0;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void whatever_happens(void **state) {
  (void)state;
  const char *one = getenv("CAVIAR_SEED");
  const uint64_t first = one ? strtoull(one, NULL, 10) : 0;
  const double begin = seconds();
  enum { SHORT = 8000 };
  uint64_t n = one ? 1 : getenv("CAVIAR_LONG") ? 1000000 : SHORT;
  int64_t turns = 0, jobs = 0;
  for (uint64_t seed = first; seed < first + n; seed++) {
    const char *problem = one_search(seed, BREAK_NOTHING);
    if (problem[0]) fail_msg("CAVIAR_SEED=%llu: %s", (unsigned long long)seed, problem);
    turns += sim.turns;
    jobs += sim.jobs;
    if (n == SHORT && seconds() - begin > 20) n = seed - first + 1; /* a slow machine */
  }
  print_message("%llu searches of %lld jobs and %lld turns, %.0f jobs a second\n",
                (unsigned long long)n, (long long)jobs, (long long)turns,
                (double)jobs / (seconds() - begin));
}

/* Each of these must be noticed within so many searches. */
static void what_is_broken_is_noticed(void **state) {
  (void)state;
  static const char *const names[] = {
      [BREAK_WORD] = "a leader gives no word when its trial has ended",
      [BREAK_STOP] = "STOP overtakes",
      [BREAK_RESULT] = "a result is lost",
      [BREAK_TASK] = "a task is sent twice",
      [BREAK_TORN] = "a torn journal is not cut",
      [BREAK_SYNC] = "the disk forgets",
      [BREAK_BITS] = "a result depends on the team",
      [BREAK_GROW] = "a leader does not hear who is to join",
  };
  for (Break what = BREAK_WORD; what <= BREAK_GROW; what++) {
    const char *problem = "";
    uint64_t seed = 0;
    for (; seed < 2000 && !problem[0]; seed++) problem = one_search(seed, what);
    if (!problem[0]) fail_msg("%s: not noticed", names[what]);
    print_message("%s: noticed at search %llu: %s\n", names[what], (unsigned long long)seed,
                  problem);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whatever_happens),
      cmocka_unit_test(what_is_broken_is_noticed),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
