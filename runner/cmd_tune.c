/* caviar tune: other numbers for a training that goes on. */
#include <string.h>

#include "command.h"
#include "panda_ask.h"
#include "plan.h"

extern const Command run_command_tune;

/* {train.l2: 0.1, train.optimizer.learning_rate: 0.0005} */
static Status values_of(Arena *a, const PandaArgs *args, const char **out, Err *e) {
  Str text = str_new(a), canonical = str_new(a);
  for (int i = 0; i < args->n_rest; i++) {
    const char *x = args->rest[i], *equals = strchr(x, '=');
    CHECK(e, equals && equals > x && equals[1], E_USAGE,
          "expected path=value, such as train.optimizer.learning_rate=0.0005, found %s", x);
    str_addf(&text, "%s%.*s: %s", i ? ", " : "{", (int)(equals - x), x, equals + 1);
  }
  str_add(&text, "}");
  const YamlNode *map = plan_point_map(a, arena_strdup(a, str_text(&text)));
  CHECK(e, map && map->n_children == args->n_rest, E_USAGE,
        "the values cannot be read, or a path is there twice: %s", str_text(&text));
  yaml_write_flow(map, &canonical);
  *out = arena_strdup(a, str_text(&canonical));
  return OK;
}

static Status tune_main(Arena *a, int argc, char **argv, Err *e) {
  static const int64_t behind_all = 1000000000000;
  PandaArgs args;
  RunDir *run = ARENA_NEW(a, RunDir);
  Request r = {.kind = "tune"};
  TRY(panda_args(a, argc, argv, run_command_tune.usage, false, &args, e));
  CHECK(e, args.n_rest > 0, E_USAGE, "what changes? usage: caviar %s", run_command_tune.usage);
  TRY(values_of(a, &args, &r.values, e));
  TRY(panda_run(a, &args, run, e));
  TRY(run_dir_try_edit(a, run, behind_all, r.values, e));
  return panda_ask(a, &args, &r, e);
}

const Command run_command_tune = {
    .name = "tune",
    .usage = "tune RUN path=value [path=value ...] [--wait SECONDS]",
    .doc = "change numbers of a training while it goes on",
    .help =
        "The job that works on RUN takes them between two steps, writes them into its journal and "
        "says\nfrom which update on they hold. What may change: `caviar describe edits[]`. The run "
        "is then the\nexperiment with these edits (`caviar show RUN 0 --yaml`), and so is its "
        "digest.\n\n"
        "  --wait SECONDS  for the answer; by default 60\n"
        "\n"
        "  caviar tune runs/mnist train.optimizer.learning_rate=0.0005\n"
        "  caviar tune runs/mnist model.dropout.rate=0.3 train.l2=0.001\n",
    .main = tune_main,
};
