/* caviar check E.yaml [path=value ...] [--json] */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "from.h"
#include "io/json.h"
#include "objective.h"
#include "plan.h"
#include "replay.h"
#include "search_boxes.h"

extern const Command run_command_check;

typedef struct {
  const char *file;
  const char **overrides;
  int n_overrides;
  bool json;
} Options;

static Status parse(Arena *a, int argc, char **argv, Options *o, Err *e) {
  *o = (Options){.overrides = ARENA_ARRAY(a, const char *, argc)};
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--json"))
      o->json = true;
    else if (argv[i][0] == '-')
      FAIL(e, E_USAGE, "unknown option \"%s\"; usage: caviar %s", argv[i], run_command_check.usage);
    else if (o->file == NULL)
      o->file = argv[i];
    else if (strchr(argv[i], '='))
      o->overrides[o->n_overrides++] = argv[i];
    else
      FAIL(e, E_USAGE, "expected an override like train.epochs=5, found \"%s\"", argv[i]);
  }
  CHECK(e, o->file, E_USAGE, "which experiment? usage: caviar %s", run_command_check.usage);
  return OK;
}

/* ---- what is printed ------------------------------------------------------------------------- */

static const char *values_text(Arena *a, const char *name, int64_t n) {
  char count[32];
  return arena_printf(a, "%s (%s value%s)", name, str_count(n, count), n == 1 ? "" : "s");
}

/* Names and shapes of a cost. */
static void print_cost(Arena *a, const Spec *s, const RunData *data) {
  Str columns = str_new(a), parameters = str_new(a);
  for (int i = 0; i < data->n_columns; i++)
    if (data->columns[i].n > 0)
      str_addf(&columns, ", %s", values_text(a, data->columns[i].name, data->columns[i].n));
  for (int i = 0; i < s->cost.n_parameters; i++)
    str_addf(&parameters, ", %s",
             values_text(a, s->cost.parameters[i].name, s->cost.parameters[i].n));
  printf("# data        %s\n", columns.length ? str_text(&columns) + 2 : "none");
  printf("# parameters  %s\n", str_text(&parameters) + 2);
}

static void print_command(const Spec *s) {
  const CommandSpec *c = &s->command;
  printf("# command     %s, in %s\n", c->arguments[0], c->path);
  for (int i = 0; i < c->n_parameters; i++)
    printf("%s%s%s", i ? ", " : "# parameters  ", c->parameters[i].name,
           i + 1 < c->n_parameters ? "" : "\n");
}

static void print_replay(const RunData *data) {
  char n[32];
  const ReplayTable *t = data->replay;
  printf("# replay      %s: %s trials of up to %d epochs, digest %s\n", replay_dir(t),
         str_count(replay_n_trials(t), n), replay_n_epochs(t), replay_digest(t));
}

static void print_data(const RunData *data) {
  char a[32], b[32], c[32];
  printf("# data        %s: %s rows, %s features, ", data->main.name,
         str_count(data->main.n + data->test.n, a), str_count(data->n_features, b));
  if (data->targets.n_classes > 0)
    printf("%s classes\n", str_count(data->targets.n_classes, c));
  else
    printf("%s to predict\n", str_count(data->targets.n_values, c));
  printf("#             train %s, validation %s, test %s\n",
         str_count(data->parts[PART_TRAIN].n, a), str_count(data->parts[PART_VALIDATION].n, b),
         str_count(data->parts[PART_TEST].n, c));
}

static void print_space(const Spec *s) {
  for (int i = 0; i < s->search.space.n; i++)
    printf("#             %s\n", s->search.space.dims[i].path);
}

/* Without a search, how mini-batches make steps where they accumulate. */
static void print_steps(const Spec *s, const PlanSummary *p) {
  char n[32], each[32], last[32];
  if (s->search.present || s->train.accumulate <= 1) return;
  const int64_t left = p->batches - (p->steps - 1) * s->train.accumulate;
  printf("# steps       %s an epoch, of %s mini-batches each", str_count(p->steps, n),
         str_count(s->train.accumulate, each));
  if (left < s->train.accumulate) printf(", the last of %s", str_count(left, last));
  printf("\n");
}

/* How many rows each part of a batch has. */
static void print_shards(const Spec *s, const PlanSummary *p) {
  const int64_t shards = s->train.shards, least = p->least_rows / shards;
  const bool uneven = p->most_rows > p->least_rows || p->least_rows % shards != 0;
  char n[32], rows[32], most[32];
  if (shards == 1) return;
  printf("# shards      %s of a batch of %s", str_count(shards, n), str_count(p->least_rows, rows));
  if (p->most_rows > p->least_rows) printf(" to %s", str_count(p->most_rows, rows));
  printf(" rows: %s", str_count(least, n));
  if (uneven) printf(" to %s", str_count((p->most_rows + shards - 1) / shards, most));
  printf(" row%s each; up to %s ranks share a trial\n", least == 1 && !uneven ? "" : "s",
         str_count(shards, n));
}

/* What train.base_batch_size makes of the learning rate. */
static void print_rate(const Spec *s, const PlanSummary *p) {
  if (s->train.base_batch_size == 0) return;
  const double rate = nn_optimizer_learning_rate(s->train.optimizer);
  if (s->search.present)
    printf("# learning rate of each trial: times the rows of its step / %lld\n",
           (long long)s->train.base_batch_size);
  else
    printf("# learning rate %g: %g times %lld / %lld\n", rate * p->rate_scale, rate,
           (long long)p->step_rows, (long long)s->train.base_batch_size);
}

static void print_checked(const PlanSummary *p) {
  char n[32], places[32];
  if (p->n_checked == p->n_trials) return;
  printf("#             the first %s were checked", str_count(p->n_checked, n));
  if (p->n_places > 0)
    printf("; the others depend on results: %s other points were", str_count(p->n_places, places));
  printf("\n");
}

/* The resolved experiment, then comments: the whole is an experiment file again. */
static void print_text(Arena *a, const Spec *s, const RunData *data, const PlanSummary *p) {
  char n[32], bytes[32];
  printf("%s\n", spec_text(a, s, SPEC_RESOLVED));
  if (s->search.present) {
    const long long repeats = s->search.repeats;
    printf("# trials      %s by %s, over %d parameters", str_count(s->search.trials, n),
           s->search.method.kind->name, s->search.space.n);
    if (repeats > 1) printf(", each trained %lld times: %s", repeats, str_count(p->n_trials, n));
    printf(":\n");
    print_space(s);
    print_checked(p);
  } else {
    printf("# trials      1, without a search\n");
  }
  if (s->replay) {
    print_replay(data);
    return;
  }
  if (s->command.node) {
    print_command(s);
    return;
  }
  if (s->cost.text)
    print_cost(a, s, data);
  else
    print_data(data);
  if (s->cost.text)
    printf("# memory      %s for training", str_bytes((double)p->bytes, bytes));
  else
    printf("# model       %s parameters, %s for training", str_count((int64_t)p->n_parameters, n),
           str_bytes((double)p->bytes, bytes));
  printf(" and checkpoints, besides the data");
  if (s->search.present && p->largest >= 0)
    printf(" at most (trial %lld)", (long long)p->largest);
  else if (s->search.present)
    printf(" at most (not the first trials)");
  printf("\n");
  print_steps(s, p);
  if (!s->cost.text) print_shards(s, p);
  print_rate(s, p);
  if (p->dropped_rows > 0)
    printf("# left over   %s rows of the training part in every epoch, in no batch\n",
           str_count(p->dropped_rows, n));
}

/* How many values each name of a cost has. */
static void print_shapes(JsonWriter *j, const Spec *s, const RunData *data) {
  json_key(j, "shapes");
  json_open(j, '{');
  for (int i = 0; i < s->cost.n_parameters; i++)
    json_put_int(j, s->cost.parameters[i].name, s->cost.parameters[i].n);
  for (int i = 0; i < data->n_columns; i++)
    if (data->columns[i].n > 0) json_put_int(j, data->columns[i].name, data->columns[i].n);
  json_close(j, '}');
}

static void print_json(Arena *a, const Spec *s, const RunData *data, const PlanSummary *p,
                       int n_warnings) {
  Str out = str_new(a);
  JsonWriter writer = json_writer(&out), *j = &writer;
  json_open(j, '{');
  json_put_int(j, "schema_version", 1);
  json_put_str(j, "name", s->name);
  json_put_int(j, "trials", p->n_trials);
  json_put_int(j, "trials_checked", p->n_checked);
  json_key(j, "searched");
  json_open(j, '[');
  for (int i = 0; i < s->search.space.n; i++) json_str(j, s->search.space.dims[i].path);
  json_close(j, ']');
  json_key(j, "data");
  json_open(j, '{');
  json_put_str(j, "name", data->main.name);
  json_put_int(j, "features", data->n_features);
  json_put_int(j, "classes", data->targets.n_classes);
  for (int i = 0; i < PART_COUNT; i++) json_put_int(j, part_names[i], data->parts[i].n);
  if (s->cost.text) print_shapes(j, s, data);
  json_put_str(j, "fingerprint", data->fingerprint);
  json_close(j, '}');
  json_put_int(j, "parameters", (int64_t)p->n_parameters);
  json_put_int(j, "bytes", (int64_t)p->bytes);
  json_put_int(j, "largest_trial", p->largest);
  json_put_int(j, "dropped_rows", p->dropped_rows);
  if (s->train.accumulate > 1) json_put_int(j, "steps_per_epoch", p->steps);
  if (s->train.shards > 1) {
    json_put_int(j, "shards", s->train.shards);
    json_put_int(j, "shard_rows", p->least_rows / s->train.shards);
  }
  if (s->train.base_batch_size && !s->search.present) {
    json_put_f64(j, "learning_rate_scale", p->rate_scale);
  }
  json_put_int(j, "warnings", n_warnings);
  json_put_str(j, "resolved", spec_text(a, s, SPEC_RESOLVED));
  json_close(j, '}');
  printf("%s\n", str_text(&out));
}

/* ---- the check ------------------------------------------------------------------------------- */

/* The mini-batch leaves a row alone that batch norm cannot use. */
static void warn_dropped(const Spec *s, const RunData *data, const PlanSummary *p, Diag *d) {
  if (p->dropped_rows == 0 || s->train.drop_last || !spec_couples_rows(s)) return;
  diag_add(
      d, DIAG_WARNING, spec_find(s->tree, "train.batch_size")->mark,
      "%u training rows leave a last batch of 1 row, which batch norm cannot use: it is left out "
      "of every epoch",
      data->parts[PART_TRAIN].n);
}

/* Shards that have no rows, or one that is normalised by itself. */
static void warn_shards(const Spec *s, const PlanSummary *p, Diag *d) {
  const int64_t shards = s->train.shards;
  if (s->cost.text || objective_of(s)) return;
  const Mark at = spec_find(s->tree, "train.shards")->mark;
  if (shards == 1 && p->by_shard_rows > 0)
    diag_add(d, DIAG_WARNING, at,
             "batch_norm with sync: false is as without it: the one shard is the whole batch");
  if (shards == 1) return;
  if (shards > p->least_rows)
    diag_add(d, DIAG_WARNING, at,
             "%lld shards of a batch of %lld rows: %lld without a row, for which no rank is needed",
             (long long)shards, (long long)p->least_rows, (long long)(shards - p->least_rows));
  if (p->by_shard_rows > 0 && p->by_shard_rows / shards < 2)
    diag_add(d, DIAG_WARNING, at,
             "batch_norm with sync: false: %lld shards of a batch of %lld rows leave shards of one "
             "row, whose output is beta whatever their input is; give each at least 2 rows",
             (long long)shards, (long long)p->by_shard_rows);
}

static void warn_stages(Arena *a, const Spec *s, Diag *d) {
  History h;
  history_init(&h, a, s);
  search_boxes_warn(&h, d);
}

static Status check_on_data(Arena *a, const Options *o, const Spec *s, const RunData *data, Diag *d,
                            Err *e) {
  PlanSummary plan;
  const TrialEnv env = {.data = data, .cpu = cpu_level()};
  Status status = plan_check(s, &env, d, &plan, e);
  if (status != OK && d->n_errors == 0) return status;
  warn_dropped(s, data, &plan, d);
  if (d->n_errors == 0) warn_shards(s, &plan, d);
  if (d->n_errors == 0) warn_stages(a, s, d);
  TRY(command_diagnostics(d, e));
  if (o->json)
    print_json(a, s, data, &plan, d->n_warnings);
  else
    print_text(a, s, data, &plan);
  return OK;
}

static Status check_main(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  TRY(parse(a, argc, argv, &o, e));
  Diag d = diag_new(a);
  Spec *s;
  TRY(spec_load(a, o.file, o.overrides, o.n_overrides, &d, &s, e));
  if (s == NULL) return command_diagnostics(&d, e);
  TRY(from_load(a, s, e));
  RunData data;
  TRY(data_open(a, &s->data, &data, e));
  Status status = check_on_data(a, &o, s, &data, &d, e);
  data_close(&data);
  return status;
}

const Command run_command_check = {
    .name = "check",
    .usage = "check E.yaml [path=value ...] [--json]",
    .doc = "find every error of an experiment, print it with all defaults",
    .help =
        "Reads the data and plans every trial (the first 10,000), trains nothing, writes nothing.\n"
        "Prints the resolved experiment, then as comments the trials, the data, the parameters\n"
        "and the memory of the largest model. --json: one line.\n\n"
        "  caviar check experiments/quickstart/quickstart.yaml train.epochs=5\n",
    .main = check_main,
};
