/*
 * caviar plan: what an experiment will cost on more ranks than there are here.
 *
 * Under mpirun all ranks train the measured trials at the same time, so that rank 0's times are
 * those of a busy machine; then the first and the last rank measure messages. Rank 0 plays the
 * searches through and talks; the others sleep.
 */
#include <string.h>

#include "command.h"
#include "forecast.h"
#include "mpi_team.h"
#include "mpi_world.h"
#include "objective.h"

extern const Command run_command_plan;

enum { MOST_COUNTS = 32, MOST_RANKS = 100000 };

typedef struct {
  const char *file;
  const char **overrides;
  int n_overrides;
  int ranks[MOST_COUNTS], n_ranks;
  double latency, bandwidth; /* seconds, bytes a second; 0: not given */
  double seconds;            /* of measuring */
  bool json;
} Options;

/* ---- the command line ------------------------------------------------------------------------ */

static Status parse_ranks(Arena *a, const char *text, Options *o, Err *e) {
  o->n_ranks = 0;
  for (const char *word = text; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL) {
    const Scalar s = scalar_parse(arena_strndup(a, word, strcspn(word, ",")), false);
    const bool fits = s.type == SCALAR_INT && s.integer >= 1 && s.integer <= MOST_RANKS;
    CHECK(e, fits && o->n_ranks < MOST_COUNTS, E_USAGE,
          "--ranks wants up to %d numbers from 1 to %d, e.g. 1,64,1024; found \"%s\"", MOST_COUNTS,
          MOST_RANKS, text);
    o->ranks[o->n_ranks++] = (int)s.integer;
  }
  return OK;
}

static Status parse_number(const char *option, const char *text, double least, double most,
                           double unit, double *out, Err *e) {
  const Scalar s = scalar_parse(text, false);
  CHECK(e, (s.type == SCALAR_INT || s.type == SCALAR_REAL) && s.real >= least && s.real <= most,
        E_USAGE, "%s wants a number from %g to %g, found \"%s\"", option, least, most, text);
  *out = s.real * unit;
  return OK;
}

static Status set_option(Arena *a, const char *name, const char *value, Options *o, Err *e) {
  if (str_eq(name, "--ranks")) return parse_ranks(a, value, o, e);
  if (str_eq(name, "--latency")) return parse_number(name, value, 0.001, 1e6, 1e-6, &o->latency, e);
  if (str_eq(name, "--bandwidth"))
    return parse_number(name, value, 0.001, 1e6, 1e9, &o->bandwidth, e);
  return parse_number(name, value, 0, 3600, 1, &o->seconds, e);
}

/* `--name VALUE` or `--name=VALUE` at argv[*i]. */
static Status parse_option(Arena *a, int argc, char **argv, int *i, Options *o, Err *e) {
  static const char *const names[] = {"--json", "--ranks", "--latency", "--bandwidth", "--seconds"};
  const char *word = argv[*i], *equals = strchr(word, '=');
  const char *name = equals ? arena_strndup(a, word, (size_t)(equals - word)) : word;
  int k = 0;
  if (str_eq(word, "--json")) {
    o->json = true;
    return OK;
  }
  for (k = 1; k < COUNT(names) && !str_eq(name, names[k]);) k++;
  if (k == COUNT(names)) {
    const char *near = str_nearest(name, names, COUNT(names));
    FAIL(e, E_USAGE, "unknown option %s%s%s%s", name, near ? "; did you mean " : "",
         near ? near : "", near ? "?" : "; `caviar plan --help` lists the options");
  }
  if (equals) return set_option(a, name, equals + 1, o, e);
  CHECK(e, *i + 1 < argc, E_USAGE, "%s needs a value", name);
  return set_option(a, name, argv[++*i], o, e);
}

static Status parse(Arena *a, int argc, char **argv, Options *o, Err *e) {
  *o = (Options){.overrides = ARENA_ARRAY(a, const char *, argc), .seconds = 2};
  TRY(parse_ranks(a, "1,2,4,16,64,256,1024,4096", o, e));
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '-')
      TRY(parse_option(a, argc, argv, &i, o, e));
    else if (o->file == NULL)
      o->file = argv[i];
    else if (strchr(argv[i], '='))
      o->overrides[o->n_overrides++] = argv[i];
    else
      FAIL(e, E_USAGE, "expected an override like search.trials=1000, found \"%s\"", argv[i]);
  }
  CHECK(e, o->file, E_USAGE, "which experiment? usage: caviar %s", run_command_plan.usage);
  return OK;
}

/* ---- the experiment -------------------------------------------------------------------------- */

/* Rank 0 alone says what is wrong with the file. */
static Status load(Arena *a, const Options *o, Spec **out, Err *e) {
  Diag d = diag_new(a);
  TRY(spec_load(a, o->file, o->overrides, o->n_overrides, &d, out, e));
  if (*out) return OK;
  CHECK(e, world_rank() == 0, E_SPEC, "%s is wrong", o->file);
  return command_diagnostics(&d, e);
}

/* Every number of ranks that was asked for. */
static void check_ranks(const Options *o, const Spec *s, int64_t n_trials, Diag *d) {
  for (int i = 0; i < o->n_ranks && d->n_errors == 0; i++) {
    Diag one = diag_new(d->arena);
    spec_check_ranks(s, o->ranks[i], n_trials, &one);
    if (one.n_errors > 0) *d = one;
  }
}

static Status check(Arena *a, const Options *o, const Spec *s, const TrialEnv *env, Err *e) {
  Diag d = diag_new(a);
  PlanSummary plan;
  const Objective *other = objective_of(s);
  CHECK(e, !other, E_USAGE,
        "plan times trainings, and here results come from \"%s\" (%s), which it does not run; "
        "`caviar run` with search.trials=1 says how long one takes",
        other->name, other->doc);
  const Status status = plan_check(s, env, &d, &plan, e);
  if (status != OK && d.n_errors == 0) return status;
  if (d.n_errors == 0) check_ranks(o, s, plan.n_trials, &d);
  return d.n_errors > 0 ? command_diagnostics(&d, e) : OK;
}

/* ---- the forecast ---------------------------------------------------------------------------- */

/* Numbers of no particular machine, on the slow side of what a cluster's network does. */
static void assume(const Options *o, Forecast *f) {
  f->net = (ForecastNet){.latency = 5e-6,
                         .bandwidth = 5e9,
                         .serve = 5e-6,
                         .publish_every = 30,
                         .publish = 5e-5,
                         .publish_share = 0.01,
                         .report = 0.2};
  if (o->latency > 0) f->net.latency = o->latency;
  if (o->bandwidth > 0) f->net.bandwidth = o->bandwidth;
}

static bool measure_link(const Options *o, Forecast *f) {
  double latency, bandwidth;
  if (o->latency > 0 && o->bandwidth > 0) return false;
  mpi_team_link(o->seconds / 4, &latency, &bandwidth);
  if (latency <= 0 || o->latency > 0 || o->bandwidth > 0) return false;
  f->net.latency = latency;
  f->net.bandwidth = bandwidth;
  return true;
}

static void report(Arena *a, const Options *o, const Forecast *f, bool link_measured) {
  SimulateResult *results = ARENA_ARRAY(a, SimulateResult, o->n_ranks);
  for (int i = 0; i < o->n_ranks; i++) forecast_ranks(f, o->ranks[i], &results[i]);
  const ForecastReport r = {.ranks = o->ranks,
                            .results = results,
                            .n = o->n_ranks,
                            .measured_on = world_size(),
                            .link_measured = link_measured};
  if (o->json)
    forecast_print_json(a, f, &r);
  else
    forecast_print(a, f, &r);
}

static Status forecast(Arena *a, const Options *o, const Spec *s, const TrialEnv *env, Err *e) {
  Forecast f = {0};
  const bool leads = world_rank() == 0;
  TRY(world_agree(leads ? check(a, o, s, env, e) : OK, e));
  assume(o, &f);
  TRY(world_agree(forecast_trials(a, s, env, &f, e), e));
  TRY(world_agree(forecast_measure(a, env, o->seconds, &f, e), e));
  const bool link_measured = measure_link(o, &f);
  if (leads) report(a, o, &f, link_measured);
  return world_conclude(OK, e);
}

static Status plan_main(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  Spec *s;
  RunData data = {0};
  TRY(parse(a, argc, argv, &o, e));
  TRY(world_agree(load(a, &o, &s, e), e));
  Status status = world_agree(data_open(a, &s->data, &data, e), e);
  const TrialEnv env = {.data = &data, .cpu = cpu_level()};
  if (status == OK) status = forecast(a, &o, s, &env, e);
  data_close(&data);
  return status;
}

const Command run_command_plan = {
    .name = "plan",
    .usage = "plan E.yaml [path=value ...] [--ranks N,..] [--latency US] [--bandwidth GB]"
             " [--seconds S] [--json]",
    .doc = "what an experiment will cost on so many ranks: time, idle ranks, messages",
    .help =
        "Up to 8 of the trials train some steps here; the others' times follow from their sizes.\n"
        "Then the scheduler's own decisions are played through for every number of ranks, on a\n"
        "virtual clock. Nothing is written. What was measured and what was assumed is printed.\n"
        "\n"
        "  path=value      overrides the file: search.trials=100000\n"
        "  --ranks N,..    for so many ranks (default 1,2,4,16,64,256,1024,4096)\n"
        "  --latency US    microseconds that a message is under way (default 5)\n"
        "  --bandwidth GB  GB/s between two ranks (default 5)\n"
        "  --seconds S     time spent on measuring (default 2; a few steps are taken at least)\n"
        "  --json          one object\n"
        "\n"
        "Under mpirun all its ranks train the measured trials at the same time, as they would in "
        "a\n"
        "search, and messages are measured between the first and the last rank.\n"
        "\n"
        "speedup is against all trials one after the other on one rank; tail: the time after the\n"
        "last trial was handed out; rank 0 serves: the share of its time that messages, results\n"
        "and decisions take, which it does besides training.\n"
        "\n"
        "  caviar plan experiments/quickstart/quickstart.yaml search.trials=100000 --ranks 4096\n"
        "  mpirun -n 2 caviar plan experiment.yaml --ranks 2,64\n",
    .main = plan_main,
    .wants_mpi = true,
};
