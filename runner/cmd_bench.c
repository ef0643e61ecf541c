/* caviar bench: steps beside their floors, optimizers beside memory, an epoch beside its steps. */
#include <getopt.h>

#include "bench.h"
#include "command.h"

typedef struct {
  BenchOptions bench;
  bool optimizers, epoch;
} Options;

static Status parse_seconds(const char *text, double *seconds, Err *e) {
  const Scalar s = scalar_parse(text, false);
  CHECK(e, (s.type == SCALAR_INT || s.type == SCALAR_REAL) && s.real >= 0 && s.real <= 3600,
        E_USAGE, "bench: --seconds wants a number from 0 to 3600, found \"%s\"", text);
  *seconds = s.real;
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

static Status read_options(int argc, char **argv, Options *o, Err *e) {
  static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
                                               {"shape", required_argument, NULL, 's'},
                                               {"seconds", required_argument, NULL, 't'},
                                               {"gemm", required_argument, NULL, 'g'},
                                               {"training", no_argument, NULL, OPTION_TRAINING},
                                               {"inference", no_argument, NULL, OPTION_INFERENCE},
                                               {"optimizers", no_argument, NULL, OPTION_OPTIMIZERS},
                                               {"epoch", no_argument, NULL, OPTION_EPOCH},
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
  }
  CHECK(e, optind == argc, E_USAGE, "bench: \"%s\" is not an option; see `caviar bench --help`",
        argv[optind]);
  return OK;
}

static Status parse(int argc, char **argv, Options *o, Err *e) {
  *o = (Options){.bench = {.shape = "all", .gemm = "all", .seconds = 2}};
  TRY(read_options(argc, argv, o, e));
  bool *passes = o->bench.passes;
  if (!passes[BENCH_TRAINING] && !passes[BENCH_INFERENCE])
    passes[BENCH_TRAINING] = passes[BENCH_INFERENCE] = true;
  CHECK(e, str_eq(o->bench.gemm, "all") || nn_gemm_find(o->bench.gemm, cpu_level()), E_USAGE,
        "bench: there is no matrix engine \"%s\"; use fixed, openblas or all", o->bench.gemm);
  return check_shape(o->bench.shape, e);
}

static Status bench(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  TRY(parse(argc, argv, &o, e));
  cpu_flush_denormals();
  if (o.optimizers) TRY(bench_optimizers(a, &o.bench, e));
  if (o.epoch) TRY(bench_epoch(a, &o.bench, e));
  if (o.optimizers || o.epoch) return OK;
  bench_shape_head(&o.bench);
  for (int i = 0; i < BENCH_SHAPES; i++)
    if (str_eq(o.bench.shape, "all") || str_eq(o.bench.shape, bench_shapes[i].name))
      TRY(bench_shape(a, &bench_shapes[i], &o.bench, e));
  return OK;
}

const Command run_command_bench = {
    .name = "bench",
    .usage = "bench [--shape NAME] [--gemm ENGINE] [--training] [--inference] [--optimizers]"
             " [--epoch] [--seconds S] [--json]",
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
        "  --seconds S     time spent on each comparison (default 2; at least one turn is taken)\n"
        "  --json          one object a line\n",
    .main = bench,
};
