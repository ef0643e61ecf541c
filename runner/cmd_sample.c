/* caviar sample: the points of a search, without training. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "from.h"
#include "plan.h"
#include "run_dir.h"

extern const Command run_command_sample;

enum { SHOWN = 20 };

typedef struct {
  const char *file, *run;
  const char **overrides;
  int n_overrides;
  int64_t n;
  bool json;
} Options;

static Status parse_count(const char *text, int64_t *out, Err *e) {
  char *end = NULL;
  errno = 0;
  *out = text ? strtoll(text, &end, 10) : 0;
  CHECK(e, text && *text && *end == '\0' && errno == 0 && *out > 0, E_USAGE,
        "-n: expected how many points, such as 20, found \"%s\"", text ? text : "");
  return OK;
}

static Status parse(Arena *a, int argc, char **argv, Options *o, Err *e) {
  *o = (Options){.overrides = ARENA_ARRAY(a, const char *, argc), .n = SHOWN};
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--json"))
      o->json = true;
    else if (str_eq(argv[i], "-n"))
      TRY(parse_count(argv[++i], &o->n, e));
    else if (str_eq(argv[i], "--run") && i + 1 < argc)
      o->run = argv[++i];
    else if (argv[i][0] == '-')
      FAIL(e, E_USAGE, "unknown option \"%s\"; usage: caviar %s", argv[i],
           run_command_sample.usage);
    else if (o->file == NULL && !o->run && !strchr(argv[i], '='))
      o->file = argv[i];
    else if (strchr(argv[i], '='))
      o->overrides[o->n_overrides++] = argv[i];
    else
      FAIL(e, E_USAGE, "expected an override like search.trials=5, found \"%s\"", argv[i]);
  }
  CHECK(e, o->file || o->run, E_USAGE, "of which experiment? usage: caviar %s",
        run_command_sample.usage);
  CHECK(e, !o->run || (!o->file && o->n_overrides == 0), E_USAGE,
        "--run samples what that run trains next: it takes no file and no overrides");
  return OK;
}

/* ---- what is printed ------------------------------------------------------------------------- */

static void print(const History *h, int64_t n, const char *point, bool json) {
  const Spec *base = h->base;
  Arena a = {0};
  arena_init(&a);
  if (!json) {
    printf("%lld  %s\n", (long long)n, point);
  } else {
    Str line = str_new(&a);
    JsonWriter j = json_writer(&line);
    json_open(&j, '{');
    json_key(&j, "schema_version"), json_int(&j, 1);
    json_key(&j, "trial"), json_int(&j, n);
    json_key(&j, "seed"), json_int(&j, plan_seed(base, history_root(h, n)));
    if (history_root(h, n) != n) json_key(&j, "parent"), json_int(&j, h->parents[n]);
    trial_write_point(&a, &j, point);
    json_close(&j, '}');
    printf("%s\n", str_text(&line));
  }
  arena_free(&a);
}

/* The first o->n trials that are not finished (`run` may be NULL), as far as they can be known. */
static Status sample(const Options *o, History *h, const RunDir *run, Err *e) {
  const Spec *base = h->base;
  const int64_t n_trials = plan_n_trials(base);
  CHECK(e, base->search.present, E_SPEC,
        "%s has no search: its one trial is the file itself (`caviar check` prints it)",
        o->run ? o->run : o->file);
  int64_t printed = 0;
  for (int64_t n = 0; n < n_trials && printed < o->n; n++) {
    if (run && run_dir_trial(run, n)) continue;
    Arena a = {0};
    arena_init(&a);
    const char *point = history_point(&a, h, n);
    if (point) print(h, n, point, o->json);
    arena_free(&a);
    if (!point) {
      log_line(LOG_NOTE,
               "%s looks at results: the point of trial %lld depends on those of trials "
               "before %lld%s",
               base->search.method.kind->name, (long long)n, (long long)history_n_told(h, n),
               run ? "" : "; --run RUN goes on from those of a run");
      break;
    }
    printed++;
  }
  return OK;
}

static Status sample_run(Arena *a, const Options *o, Err *e) {
  RunDir *run = ARENA_NEW(a, RunDir);
  TRY(run_dir_read(a, o->run, RUN_CURVES_NONE, run, e));
  return sample(o, &run->history, run, e);
}

static Status sample_main(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  TRY(parse(a, argc, argv, &o, e));
  if (o.run) return sample_run(a, &o, e);
  Diag d = diag_new(a);
  Spec *s;
  TRY(spec_load(a, o.file, o.overrides, o.n_overrides, &d, &s, e));
  TRY(command_diagnostics(&d, e));
  TRY(from_load(a, s, e));
  History h;
  history_init(&h, a, s);
  return sample(&o, &h, NULL, e);
}

const Command run_command_sample = {
    .name = "sample",
    .usage = "sample E.yaml [path=value ...] [-n 20] [--json], or sample --run RUN [-n 20]",
    .doc = "the points that a search would train, without training",
    .help =
        "  path=value  overrides the file: search.method=sobol\n"
        "  -n N        how many points (20)\n"
        "  --run RUN   the next points of a run, after the results that it has\n"
        "  --json      one JSON object a line: trial, seed, point\n"
        "\n"
        "Of a method that looks at results the first points are printed, which depend on none.\n"
        "\n"
        "  caviar sample experiment.yaml -n 5\n"
        "  caviar sample --run runs/experiment --json\n",
    .main = sample_main,
};
