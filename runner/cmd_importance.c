/* caviar importance: which parameters of a search matter. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "command.h"
#include "importance_text.h"

enum { PAIRS = 5, TREES = 100, MAX_TREES = 10000 };

static const char usage[] =
    "usage: caviar importance RUN [--json] [--pairs N] [--trees N] [--seed N]";

typedef struct {
  const char *dir;
  bool json;
  int64_t pairs, trees, seed; /* pairs -1: not given */
} ImportanceArgs;

/* --pairs N and the like: does argv[*i] begin one? */
static Status parse_count(int argc, char **argv, int *i, const char *name, int64_t least,
                          int64_t most, int64_t *out, bool *was, Err *e) {
  *was = str_eq(argv[*i], name);
  if (!*was) return OK;
  CHECK(e, *i + 1 < argc, E_USAGE, "%s needs a number behind it", name);
  const char *text = argv[++*i];
  char *end;
  errno = 0;
  *out = strtoll(text, &end, 10);
  CHECK(e, *end == '\0' && end != text && errno == 0 && *out >= least && *out <= most, E_USAGE,
        "%s: expected a number from %lld to %lld, found \"%s\"", name, (long long)least,
        (long long)most, text);
  return OK;
}

static Status parse_args(int argc, char **argv, ImportanceArgs *out, Err *e) {
  *out = (ImportanceArgs){.pairs = -1, .trees = TREES, .seed = 1};
  for (int i = 1; i < argc; i++) {
    bool was;
    TRY(parse_count(argc, argv, &i, "--pairs", 0, INT32_MAX, &out->pairs, &was, e));
    if (was) continue;
    TRY(parse_count(argc, argv, &i, "--trees", 2, MAX_TREES, &out->trees, &was, e));
    if (was) continue;
    TRY(parse_count(argc, argv, &i, "--seed", 0, INT64_MAX, &out->seed, &was, e));
    if (was) continue;
    if (str_eq(argv[i], "--json")) {
      out->json = true;
    } else if (argv[i][0] == '-') {
      FAIL(e, E_USAGE, "unknown option %s; there are --json, --pairs, --trees and --seed", argv[i]);
    } else {
      CHECK(e, !out->dir, E_USAGE, "%s", usage);
      out->dir = argv[i];
    }
  }
  CHECK(e, out->dir, E_USAGE, "%s", usage);
  return OK;
}

static void warn(const RunDir *r, const Importance *x) {
  if (r->history.generations.members > 0)
    log_line(
        LOG_WARNING,
        "trials of a population began their training with other values: the shares are of those "
        "that they ended with");
  if (x->n_rows < IMPORTANCE_FEW)
    log_line(LOG_WARNING,
             "%d trials are few: shares from fewer than %d say little beyond the largest",
             x->n_rows, IMPORTANCE_FEW);
  if (!(x->forest->r2 > 0))
    log_line(LOG_WARNING,
             "the forest explains nothing of trials that it did not see: do not trust the shares; "
             "train more trials, or the parameters do not matter");
}

static Status importance_main(Arena *a, int argc, char **argv, Err *e) {
  ImportanceArgs args;
  TRY(parse_args(argc, argv, &args, e));
  RunDir *r = ARENA_NEW(a, RunDir);
  TRY(run_dir_read(a, args.dir, RUN_CURVES_NONE, r, e));
  Importance x;
  TRY(importance_of(a, r, (int)args.trees, (uint64_t)args.seed, &x, e));
  Str out = str_new(a);
  const int all = args.json ? x.n_pairs : PAIRS;
  const int n_pairs = args.pairs >= 0 ? (int)args.pairs : all;
  if (args.json)
    importance_write_json(&x, n_pairs, &out);
  else
    importance_print(a, &x, n_pairs, &out);
  printf("%s%s", str_text(&out), args.json ? "\n" : "");
  warn(r, &x);
  return OK;
}

const Command run_command_importance = {
    .name = "importance",
    .usage = "importance RUN [--json] [--pairs N] [--trees N] [--seed N]",
    .doc = "which parameters of a search matter: shares of the metric's variance, mean curves",
    .help = "Functional ANOVA of a random forest over the finished trials (Hutter, Hoos & "
            "Leyton-Brown\n"
            "2014): how much of the variance of the metric over the search space each parameter\n"
            "explains alone, and each pair beyond that. A run that still goes on will do.\n"
            "\n"
            "  --json     one object: shares, all pairs, curves, the best region, schema_version\n"
            "  --pairs N  show the N largest pairs (default 5, with --json all)\n"
            "  --trees N  trees of the forest (default 100)\n"
            "  --seed N   of the forest (default 1): the same seed, the same answer\n"
            "\n"
            "  caviar importance runs/quickstart\n",
    .main = importance_main,
};
