/* caviar bench: steps beside their floors, optimizers beside memory, an epoch beside its steps,
 * teams of ranks beside one. */
#include <getopt.h>
#include <string.h>

#include "bench.h"
#include "command.h"
#include "mpi_bench.h"
#include "mpi_world.h"
#include "team.h"

typedef struct {
  BenchOptions bench;
  bool optimizers, epoch, ranks, shard_cost;
} Options;

static Status parse_seconds(const char *text, double *seconds, Err *e) {
  const Scalar s = scalar_parse(text, false);
  CHECK(e, (s.type == SCALAR_INT || s.type == SCALAR_REAL) && s.real >= 0 && s.real <= 3600,
        E_USAGE, "bench: --seconds wants a number from 0 to 3600, found \"%s\"", text);
  *seconds = s.real;
  return OK;
}

/* "1,2,8": powers of two. */
static Status parse_shards(Arena *a, const char *text, BenchOptions *o, Err *e) {
  o->n_shards = 0;
  for (const char *word = text; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL) {
    const Scalar s = scalar_parse(arena_strndup(a, word, strcspn(word, ",")), false);
    const bool power = s.type == SCALAR_INT && s.integer > 0 && !(s.integer & (s.integer - 1));
    CHECK(e, power && s.integer <= TEAM_MOST && o->n_shards < BENCH_MAX_TEAMS, E_USAGE,
          "bench: --shards wants up to %d powers of two up to %d, e.g. 1,2,8; found \"%s\"",
          BENCH_MAX_TEAMS, TEAM_MOST, text);
    o->shards[o->n_shards++] = (int)s.integer;
  }
  return OK;
}

static Status check_shape(const char *name, Err *e) {
  const char *names[BENCH_SHAPES + 1] = {[BENCH_SHAPES] = "all"};
  if (str_eq(name, "all")) return OK;
  for (int i = 0; i < BENCH_SHAPES; i++) {
    if (str_eq(name, bench_shapes[i].name)) return OK;
    names[i] = bench_shapes[i].name;
  }
  const char *near = str_nearest(name, names, COUNT(names));
  FAIL(e, E_USAGE, "bench: there is no shape \"%s\"; %s\"%s\" %s", name,
       near ? "did you mean " : "e.g. ", near ? near : bench_shapes[0].name,
       near ? "?" : "or all; `caviar bench --help` lists them");
}

enum { OPTION_TRAINING = 1, OPTION_INFERENCE, OPTION_OPTIMIZERS, OPTION_EPOCH };
enum { OPTION_RANKS = OPTION_EPOCH + 1, OPTION_SHARDS, OPTION_SHARD_COST };

static Status read_options(Arena *a, int argc, char **argv, Options *o, Err *e) {
  static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
                                               {"shape", required_argument, NULL, 's'},
                                               {"seconds", required_argument, NULL, 't'},
                                               {"gemm", required_argument, NULL, 'g'},
                                               {"training", no_argument, NULL, OPTION_TRAINING},
                                               {"inference", no_argument, NULL, OPTION_INFERENCE},
                                               {"optimizers", no_argument, NULL, OPTION_OPTIMIZERS},
                                               {"epoch", no_argument, NULL, OPTION_EPOCH},
                                               {"ranks", no_argument, NULL, OPTION_RANKS},
                                               {"shards", required_argument, NULL, OPTION_SHARDS},
                                               {"shard-cost", no_argument, NULL, OPTION_SHARD_COST},
                                               {NULL, 0, NULL, 0}};
  optind = 1;
  for (int c; (c = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
    if (c == ':') FAIL(e, E_USAGE, "bench: %s wants a value", argv[optind - 1]);
    if (c == '?')
      FAIL(e, E_USAGE, "bench: unknown option \"%s\"; see `caviar bench --help`", argv[optind - 1]);
    if (c == 'j') o->bench.json = true;
    if (c == 's') o->bench.shape = optarg;
    if (c == 't') TRY(parse_seconds(optarg, &o->bench.seconds, e));
    if (c == 'g') o->bench.gemm = optarg;
    if (c == OPTION_TRAINING) o->bench.passes[BENCH_TRAINING] = true;
    if (c == OPTION_INFERENCE) o->bench.passes[BENCH_INFERENCE] = true;
    if (c == OPTION_OPTIMIZERS) o->optimizers = true;
    if (c == OPTION_EPOCH) o->epoch = true;
    if (c == OPTION_RANKS) o->ranks = true;
    if (c == OPTION_SHARDS) TRY(parse_shards(a, optarg, &o->bench, e));
    if (c == OPTION_SHARD_COST) o->shard_cost = true;
  }
  CHECK(e, optind == argc, E_USAGE, "bench: \"%s\" is not an option; see `caviar bench --help`",
        argv[optind]);
  return OK;
}

static Status parse(Arena *a, int argc, char **argv, Options *o, Err *e) {
  *o = (Options){.bench = {.shape = "all", .gemm = "all", .seconds = 2}};
  TRY(read_options(a, argc, argv, o, e));
  CHECK(e, o->ranks || o->bench.n_shards == 0, E_USAGE, "bench: --shards goes with --ranks");
  if (o->bench.n_shards == 0) TRY(parse_shards(a, "1,2,8", &o->bench, e));
  bool *passes = o->bench.passes;
  if (!passes[BENCH_TRAINING] && !passes[BENCH_INFERENCE])
    passes[BENCH_TRAINING] = passes[BENCH_INFERENCE] = true;
  CHECK(e, str_eq(o->bench.gemm, "all") || nn_gemm_find(o->bench.gemm, cpu_level()), E_USAGE,
        "bench: there is no matrix engine \"%s\"; use fixed, openblas or all", o->bench.gemm);
  return check_shape(o->bench.shape, e);
}

/* On one rank. */
static Status bench_alone(Arena *a, const Options *o, Err *e) {
  if (o->optimizers) TRY(bench_optimizers(a, &o->bench, e));
  if (o->epoch) TRY(bench_epoch(a, &o->bench, e));
  if (o->shard_cost) TRY(bench_shards(a, &o->bench, e));
  if (o->optimizers || o->epoch || o->shard_cost) return OK;
  bench_shape_head(&o->bench);
  for (int i = 0; i < BENCH_SHAPES; i++)
    if (str_eq(o->bench.shape, "all") || str_eq(o->bench.shape, bench_shapes[i].name))
      TRY(bench_shape(a, &bench_shapes[i], &o->bench, e));
  return OK;
}

static Status bench(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  TRY(parse(a, argc, argv, &o, e));
  cpu_flush_denormals();
  if (o.ranks) return bench_ranks(a, &o.bench, e);
  return world_conclude(world_rank() == 0 ? bench_alone(a, &o, e) : OK, e);
}

const Command run_command_bench = {
    .name = "bench",
    .usage = "bench [--shape NAME] [--gemm ENGINE] [--training] [--inference] [--optimizers]"
             " [--epoch] [--shard-cost] [--ranks [--shards N,..]] [--seconds S] [--json]",
    .doc = "time five shapes beside their own floors, for training and inference",
    .help =
        "The floor is a pass's matrix products and nothing else, by the faster engine, timed in\n"
        "turns with the steps. ratio is floor / step (1 would be a step of nothing but matrix\n"
        "products); GFLOP/s counts the matrix products over the time of the whole step. Times\n"
        "are medians, on one core, with batch norm and softmax cross-entropy; inference is a\n"
        "batch of as many rows, without targets. Memory is what the process grew by when the\n"
        "model was opened and used once, beside the plan (OpenBLAS keeps buffers of its own,\n"
        "which no plan has). PyTorch's times were measured on another machine: compare orders of\n"
        "magnitude, not percents.\n"
        "\n"
        "  --shape NAME    64-64-32-10, 784-100-100-100-10, 784-256-128-10, 784-1024-1024-10,\n"
        "                  784-2048-2048-2048-10, or all (the default)\n"
        "  --gemm ENGINE   fixed, openblas, or all (the default): each, in one run\n"
        "  --training      training alone; --inference: inference alone\n"
        "  --optimizers    instead: the update alone of every optimizer, in bytes a second, in\n"
        "                  turns with a = b + s c over as many bytes\n"
        "  --epoch         instead: shuffle and gathering of rows beside the smallest shape's "
        "step\n"
        "  --shard-cost    instead: a step with 8 shards on one rank beside one without shards\n"
        "  --ranks         instead: a training step by teams of ranks, beside one rank; under\n"
        "                  mpirun. A team is as large as a power of two, the job and the shards\n"
        "                  allow\n"
        "  --shards N,..   with --ranks: the numbers of shards (default 1,2,8)\n"
        "  --seconds S     time spent on each comparison (default 2; at least one turn is taken)\n"
        "  --json          one object a line\n",
    .main = bench,
    .wants_mpi = true,
};
