/*
 * What keeping books costs rank 0, measured: `records TRIALS EPOCHS [SECONDS_A_TRIAL]`.
 *
 * Results as text go through search_result and search_tick as in a search (journal, leaderboard,
 * fsync once a second, results.h5 at its own pace); then the record is published once more, and the
 * run is read as `caviar show` does, without its curves, and as `caviar digest` does, with them. One
 * line of figures, in seconds of this process alone; waiting for the disk is not in them, but for those
 * on the clock: so long nobody is served while the record is published.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runner/clock.h"
#include "runner/record.h"
#include "runner/search.h"

static const char text[] = "name: t\n"
                           "data: {source: blobs}\n"
                           "model: {layers: [{dense: {units: classes}}], "
                           "loss: softmax_cross_entropy}\n"
                           "train: {epochs: 2, batch_size: 8}\n"
                           "search: {method: random, trials: 6, parameters: "
                           "{train.optimizer.learning_rate: {min: 0.001, max: 1, scale: log}}}\n";

/* Seconds of this process: a machine that others use too must not count. */
static double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fatal(const Err *e) {
  fprintf(stderr, "records: %s\n", e->text);
  exit(1);
}

static const Spec *spec_of(Arena *a, int64_t n_trials, int64_t n_epochs) {
  const char *overrides[] = {arena_printf(a, "search.trials=%lld", (long long)n_trials),
                             arena_printf(a, "train.epochs=%lld", (long long)n_epochs)};
  Diag d = diag_new(a);
  return spec_from_text(a, "t.yaml", text, ".", overrides, 2, &d);
}

/* As a training of four columns leaves it. */
static const char *result_of(Arena *a, int64_t number, const char *point, int64_t n_epochs) {
  static const char *names[] = {"train_loss", "train_accuracy", "validation_loss",
                                "validation_accuracy"};
  double *values = ARENA_ARRAY(a, double, 4 * n_epochs);
  for (int64_t i = 0; i < 4 * n_epochs; i++) values[i] = fabs(sin((double)(number * 100 + i)));
  TrialResult r = {.number = number,
                   .seed = number + 1,
                   .status = TRIAL_COMPLETED,
                   .point = point,
                   .chosen_epoch = n_epochs,
                   .metric = values[4 * n_epochs - 1],
                   .seconds = 0.05,
                   .host = "node17"};
  r.curves = (Curves){.names = names, .n_names = 4, .n_epochs = (int)n_epochs, .values = values};
  memcpy(r.weights, "00112233445566778899aabbccddeeff", HASH_HEX);
  Str json = str_new(a);
  trial_write_json(&r, &json);
  return str_text(&json);
}

int main(int argc, char **argv) {
  Arena a = {0};
  Err e = {0};
  const int64_t n = argc > 1 ? atoll(argv[1]) : 10000, epochs = argc > 2 ? atoll(argv[2]) : 20;
  const double trial = argc > 3 ? atof(argv[3]) : 0.05;
  char dir[] = "records_XXXXXX";
  if (!mkdtemp(dir)) return 1;
  const Spec *spec = spec_of(&a, n, epochs);
  const RunHead head = {.caviar = "0",
                        .numerics = TRIAL_NUMERICS,
                        .name = "t",
                        .file = "t.yaml",
                        .directory = ".",
                        .n_trials = n,
                        .repeats = 1,
                        .identity = spec_text(&a, spec, SPEC_FOR_DIGEST),
                        .data = "0123456789abcdef0123456789abcdef",
                        .commit = "unknown",
                        .diff = ""};
  RunDir run, brief, again;
  Search search;
  if (run_dir_open(&a, dir, spec, &head, &run, &e) != OK) fatal(&e);
  search_init(&search, &a, &run, 1);
  double books = 0;
  for (int64_t i = 0; i < n; i++) {
    Arena scratch = {0};
    Task task;
    double begin = cpu();
    search_next(&search, 0, &scratch, &task);
    books += cpu() - begin;
    const char *json = result_of(&scratch, task.number, task.point, epochs);
    begin = cpu();
    search_result(&search, 0, json, strlen(json));
    search_tick(&search);
    books += cpu() - begin;
    arena_free(&scratch);
  }
  if (search.err.status != OK) fatal(&search.err);
  const double clock = clock_now();
  double begin = cpu();
  if (record_publish(&run, &e) != OK) fatal(&e);
  const double publish = cpu() - begin, silent = clock_now() - clock;
  if (run_dir_close(&run, &e) != OK) fatal(&e);
  begin = cpu();
  if (run_dir_read(&a, dir, RUN_CURVES_NONE, &brief, &e) != OK) fatal(&e);
  const double show = cpu() - begin;
  begin = cpu();
  if (run_dir_read(&a, dir, RUN_CURVES_ALL, &again, &e) != OK) fatal(&e);
  const double read = cpu() - begin;
  char digest[HASH_HEX];
  begin = cpu();
  run_dir_digest(&again, digest);
  const double hash = cpu() - begin;
  printf("%lld trials of %lld epochs: %.1f us a trial (%.2f %% of a trial of %g s); results.h5 "
         "in %.2f s (%.2f s on the clock); show reads in %.2f s, with all curves in %.2f s; digest "
         "in %.2f s; in %s\n",
         (long long)n, (long long)epochs, 1e6 * books / (double)n,
         100 * books / ((double)n * trial), trial, publish, silent, show, read, hash, dir);
  arena_free(&a);
  return 0;
}
