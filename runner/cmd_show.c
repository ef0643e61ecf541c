/* caviar show: the leaderboard of a run, or one of its trials. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "io/files.h"
#include "leaderboard.h"
#include "objective.h"
#include "plan.h"
#include "run_export.h"
#include "run_points.h"
#include "trial_cost.h"

typedef enum { SHOW_TEXT, SHOW_JSON, SHOW_YAML } ShowForm;

typedef struct {
  const char *dir;
  const char *trial; /* as written; NULL: all */
  int64_t number;
  ShowForm form;
  bool pareto;
} ShowArgs;

static Status parse_args(int argc, char **argv, ShowArgs *out, Err *e) {
  *out = (ShowArgs){0};
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--json")) {
      out->form = SHOW_JSON;
    } else if (str_eq(argv[i], "--yaml")) {
      out->form = SHOW_YAML;
    } else if (str_eq(argv[i], "--pareto")) {
      out->pareto = true;
    } else if (argv[i][0] == '-') {
      FAIL(e, E_USAGE, "unknown option %s; there are --json, --yaml and --pareto", argv[i]);
    } else if (!out->dir) {
      out->dir = argv[i];
    } else {
      CHECK(e, !out->trial, E_USAGE, "usage: caviar show RUN [TRIAL|--pareto] [--yaml|--json]");
      out->trial = argv[i];
    }
  }
  CHECK(e, out->dir, E_USAGE, "usage: caviar show RUN [TRIAL|--pareto] [--yaml|--json]");
  CHECK(e, !out->pareto || !out->trial, E_USAGE, "--pareto shows points of the whole run");
  CHECK(e, out->form != SHOW_YAML || out->trial, E_USAGE,
        "--yaml shows one trial: caviar show %s TRIAL --yaml", out->dir);
  return OK;
}

static Status parse_number(ShowArgs *args, Err *e) {
  char *end;
  if (!args->trial) return OK;
  errno = 0;
  args->number = strtoll(args->trial, &end, 10);
  CHECK(e, *end == '\0' && end != args->trial && errno == 0, E_USAGE,
        "expected the number of a trial, found \"%s\"", args->trial);
  return OK;
}

/* Whose curves are shown. */
static int64_t curves_of(const ShowArgs *args) {
  if (args->form == SHOW_YAML) return RUN_CURVES_NONE;
  if (args->trial) return args->number >= 0 ? args->number : RUN_CURVES_NONE;
  return args->form == SHOW_JSON ? RUN_CURVES_ALL : RUN_CURVES_NONE;
}

static Status check_number(const RunDir *r, const ShowArgs *args, Err *e) {
  CHECK(e, !args->trial || (args->number >= 0 && args->number < r->head.n_trials), E_USAGE,
        "%s has no trial %s; its trials are 0 to %lld", args->dir, args->trial,
        (long long)r->head.n_trials - 1);
  return OK;
}

/* ---- a trial as a plain experiment ----------------------------------------------------------- */

static Status show_yaml(Arena *a, RunDir *r, int64_t number, Err *e) {
  Diag d = diag_new(a);
  const TrialResult *t = run_dir_trial(r, number);
  const char *point = t ? t->point : history_point(a, &r->history, number);
  CHECK(e, point, E_STOPPED,
        "the point of trial %lld of %s depends on results that are not there yet",
        (long long)number, r->dir);
  Lineage line;
  TRY(run_dir_line(a, r, number, point, &line, e));
  Spec *base = run_export(a, r, t, &d);
  Spec *trial = base ? lineage_trial(a, base, &line, &d) : NULL;
  if (trial) trial = run_export_until(a, trial, line.stop_at, &d);
  TRY(command_diagnostics(&d, e));
  CHECK(e, trial, E_INTERNAL, "trial %lld cannot be resolved", (long long)number);
  printf("# trial %lld of %s\n%s", (long long)number, r->dir, spec_text(a, trial, SPEC_RESOLVED));
  return OK;
}

/* ---- one trial for people -------------------------------------------------------------------- */

static void print_point(Arena *a, const TrialResult *t) {
  const YamlNode *map = plan_point_map(a, t->point);
  for (const YamlNode *v = map ? map->first : NULL; v; v = v->next) {
    Str text = str_new(a);
    yaml_write_flow(v, &text);
    printf("  %s: %s\n", v->key, str_text(&text));
  }
}

/* "goes on with trial 7 from epoch 5 on: learning_rate 0.012"; nothing where there is no parent. */
static void print_parent(Arena *a, const RunDir *r, const TrialResult *t) {
  const History *h = &r->history;
  if (!t->has_parent) return;
  const YamlNode *changed = plan_point_map(a, lineage_changed(a, h, t->number, t->point));
  const Generations *g = &h->generations;
  const int64_t epoch = t->number / g->members * g->epochs;
  printf("goes on with trial %lld after epoch %lld", (long long)t->parent, (long long)epoch);
  for (const YamlNode *v = changed ? changed->first : NULL; v; v = v->next) {
    Str text = str_new(a);
    yaml_write_flow(v, &text);
    printf("%s %s: %s", v == changed->first ? ", at" : ",", v->key, str_text(&text));
  }
  printf("\n");
}

static void print_parameters(Arena *a, const TrialResult *t) {
  for (int i = 0; i < t->n_parameters; i++) {
    Str text = str_new(a);
    trial_cost_text(&t->parameters[i], &text);
    printf("parameter %s = %s\n", t->parameters[i].name, str_text(&text));
  }
}

static int column_width(const char *name) {
  const int n = (int)strlen(name);
  return n > 19 ? n : 19;
}

/* `steps`: of the training, where a row is of so many steps; 0: a row is an epoch. */
static void print_curves(const Curves *c, int64_t steps) {
  if (c->n_epochs == 0) return;
  const int64_t every = steps ? trial_cost_interval(steps) : 1;
  printf("\n%6s", steps ? "step" : "epoch");
  for (int i = 0; i < c->n_names; i++) printf("  %*s", column_width(c->names[i]), c->names[i]);
  printf("\n");
  for (int64_t k = 0; k < c->n_epochs; k++) {
    const int64_t at = (k + 1) * every;
    printf("%6lld", (long long)(steps && at > steps ? steps : at));
    for (int i = 0; i < c->n_names; i++)
      printf("  %*.6g", column_width(c->names[i]), c->values[k * c->n_names + i]);
    printf("\n");
  }
}

/* The chosen epoch; of a cost the step that it stands for. */
static int64_t chosen_place(const RunDir *r, const TrialResult *t) {
  const int64_t steps = r->spec->train.steps;
  if (r->spec->cost.text == NULL) return t->chosen_epoch;
  const int64_t at = t->chosen_epoch * trial_cost_interval(steps);
  return at < steps ? at : steps;
}

/* The chosen trial's matrix of the test part. */
static Confusion test_confusion(const RunDir *r, const TrialResult *t) {
  return r->test.trial == t->number ? r->test.metrics.confusion : (Confusion){0};
}

static void print_confusions(Arena *a, const RunDir *r, const TrialResult *t) {
  const Confusion test = test_confusion(r, t);
  const char *epoch = arena_printf(a, "validation part, epoch %lld", (long long)t->chosen_epoch);
  Str out = str_new(a);
  if (t->confusion.n) confusion_print(&t->confusion, epoch, &out);
  if (test.n) confusion_print(&test, "test part", &out);
  printf("%s", str_text(&out));
}

/* "ranks 2, then 2 3 (from step 220)"; nothing of one rank alone. */
static void print_teams(const TrialResult *t) {
  for (int i = 0; i < t->n_teams; i++) {
    const TrialTeam *x = &t->teams[i];
    printf(i ? ", then" : "ranks");
    for (int k = 0; k < x->n; k++) printf(" %d", x->ranks[k]);
    if (x->step > 0) printf(" (from step %lld)", (long long)x->step);
  }
  if (t->n_teams > 0) printf("\n");
}

/* n 0: it is trained once. */
static TrialRepeats repeats_of(const RunDir *r, const TrialResult *t) {
  const int64_t repeats = run_repeats(r);
  if (repeats == 1) return (TrialRepeats){0};
  const RunPoint p = run_point(r, t->number / repeats);
  return (TrialRepeats){.point = p.number, .n = p.n, .of = repeats, .mean = p.mean, .sd = p.sd};
}

static void show_trial(Arena *a, const RunDir *r, const TrialResult *t) {
  printf("trial %lld: %s", (long long)t->number, trial_status_names[t->status]);
  if (t->status == TRIAL_COMPLETED)
    printf(", %s %.6g at %s %lld", r->spec->search.metric.name, t->metric,
           r->spec->cost.text ? "step" : "epoch", (long long)chosen_place(r, t));
  const TrialRepeats x = repeats_of(r, t);
  if (x.n > 0) printf(" (mean of %lld repeats %.6g +- %.2g)", (long long)x.n, x.mean, x.sd);
  if (t->stopped_early) printf(", stopped early after epoch %d", t->curves.n_epochs);
  if (t->status == TRIAL_DIVERGED) printf(" at step %lld", (long long)t->diverged_step);
  if (t->reason) printf(": %s", t->reason);
  if (t->error) printf(": %s", t->error);
  printf("\nseed %lld, %.2f s on rank %d of %s\n", (long long)t->seed, t->seconds, t->rank,
         t->host ? t->host : "?");
  print_teams(t);
  print_parent(a, r, t);
  print_point(a, t);
  print_parameters(a, t);
  if (t->weights[0]) printf("weights %s\n", t->weights);
  const char *path = trial_checkpoint_path(a, r->checkpoint_dir, t->number);
  if (t->status == TRIAL_COMPLETED && objective_of(r->spec) == NULL)
    printf("checkpoint %s\n", file_exists(path) ? path : "not kept (not among the best)");
  print_curves(&t->curves, r->spec->cost.text ? r->spec->train.steps : 0);
  print_confusions(a, r, t);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void print_json(const RunDir *r, const TrialResult *t) {
  Arena scratch; /* the texts of a large search need more memory than its numbers */
  arena_init(&scratch);
  Str line = str_new(&scratch);
  TrialResult shown = *t;
  shown.test_confusion = test_confusion(r, t);
  shown.repeats = repeats_of(r, t);
  trial_write_json(&shown, &line);
  printf("%s\n", str_text(&line));
  arena_free(&scratch);
}

/* Which trials are of points in the front. (head.n_trials) */
static bool *in_front(Arena *a, const RunDir *r) {
  int64_t n;
  const int64_t repeats = run_repeats(r);
  const RunPoint *points = run_points(a, r, &n);
  const bool *front = run_front(a, r, points, n);
  bool *out = ARENA_ARRAY(a, bool, r->head.n_trials);
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < repeats; k++) out[points[i].number * repeats + k] = front[i];
  return out;
}

static void show_all(Arena *a, const RunDir *r, const ShowArgs *args) {
  if (args->form == SHOW_JSON) {
    const bool *front = args->pareto ? in_front(a, r) : NULL;
    for (int64_t i = 0; i < r->n_done; i++)
      if (!front || front[r->order[i]]) print_json(r, r->results[r->order[i]]);
    return;
  }
  printf("%s: %lld of %lld trials finished\n\n", r->head.name, (long long)r->n_done,
         (long long)r->head.n_trials);
  if (args->pareto) {
    leaderboard_front(r, stdout);
    return;
  }
  leaderboard_print(r, 0, stdout);
  leaderboard_boxes(r, stdout);
}

static Status show_main(Arena *a, int argc, char **argv, Err *e) {
  ShowArgs args;
  TRY(parse_args(argc, argv, &args, e));
  TRY(parse_number(&args, e));
  RunDir *r = ARENA_NEW(a, RunDir);
  TRY(run_dir_read(a, args.dir, curves_of(&args), r, e));
  TRY(check_number(r, &args, e));
  CHECK(e, !args.pareto || run_n_objectives(r) > 1, E_USAGE,
        "%s has one metric, %s; a list `metric` makes a front", args.dir,
        r->spec->search.metric.name);
  if (args.form == SHOW_YAML) return show_yaml(a, r, args.number, e);
  if (!args.trial) {
    show_all(a, r, &args);
    return OK;
  }
  const TrialResult *t = run_dir_trial(r, args.number);
  CHECK(e, t, E_STOPPED, "trial %lld of %s is not finished", (long long)args.number, args.dir);
  if (args.form == SHOW_JSON)
    print_json(r, t);
  else
    show_trial(a, r, t);
  return OK;
}

const Command run_command_show = {
    .name = "show",
    .usage = "show RUN [TRIAL|--pareto] [--yaml|--json]",
    .doc = "the leaderboard of a run, or one trial: its point, metrics and curves",
    .help =
        "  --json  one JSON object a trial and line, best first, with curves and schema_version\n"
        "  --pareto  of several objectives (a list metric): the points that no other one is as "
        "good as\n"
        "            in all and better than in one\n"
        "  --yaml  the trial as a plain experiment: run alone, it gives the same bits\n"
        "\n"
        "  caviar show runs/quickstart\n"
        "  caviar show runs/quickstart 17 --yaml > trial-17.yaml\n",
    .main = show_main,
};
