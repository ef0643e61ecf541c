/* The rows of the experiment language; see spec_tables.h. */
#include "spec_tables.h"

#include <math.h>

#include "io/dataset.h"
#include "sampler.h"
#include "stopper.h"

/* Seeds stay below 2^53, so that every reader of JSON or HDF5 keeps them whole. */
#define SEED_MAX 9007199254740991.0

#define ROW(Type, field) offsetof(Type, field)
#define SECTION(path, table, Type, text)                                                           \
  {                                                                                                \
    .name = (path), .doc = (text), .params = (table), .n_params = COUNT(table),                    \
    .config_size = sizeof(Type)                                                                    \
  }

const char *const spec_gemm_names[] = {"fixed", "openblas", NULL};
static const char *const goal_names[] = {"minimize", "maximize", NULL};
static const char *const activations_names[] = {"none", "percentiles", NULL};
static const char *const at_names[] = {"last", "best", NULL};
static const char *const scale_names[] = {"linear", "log", "one_minus_log", NULL};

/* ---- data ------------------------------------------------------------------------------------ */

static const Param split_rows[] = {
    {"train", P_REAL, ROW(DataSpec, train), .optional = true, .lo = 0, .hi = 1, .lo_open = true,
     .doc = "part to learn from; without a split 0.8, or 0.9 beside a test_file"},
    {"validation", P_REAL, ROW(DataSpec, validation), .optional = true, .lo = 0, .hi = 1,
     .doc = "part to choose by; without a split 0.1, in a split that leaves it out 0"},
    {"test", P_REAL, ROW(DataSpec, test), .optional = true, .lo = 0, .hi = 1,
     .doc = "part never used for choosing; without a split 0.1, or 0 beside a test_file"},
};
const Section spec_split = {
    SECTION("data.split", split_rows, DataSpec, "fractions of the rows; they sum to 1"), NULL};

static const Param data_rows[] = {
    {"source", P_KIND, ROW(DataSpec, source), .optional = true, .registry = &io_generators,
     .doc = "a built-in generator; either this or file"},
    {"file", P_STRING, ROW(DataSpec, file), .optional = true,
     .doc = "HDF5 dataset; a relative path starts at the experiment file's folder"},
    {"test_file", P_STRING, ROW(DataSpec, test_file), .optional = true,
     .doc = "HDF5 dataset of the test part, where it comes apart"},
    {"sha256", P_STRING, ROW(DataSpec, sha256), .optional = true,
     .doc = "pins file: 64 hexadecimal digits, checked before anything starts"},
    {"normalize", P_KIND, ROW(DataSpec, normalize), .def = "standard", .registry = &run_normalizers,
     .doc = "what is done to the features; learned from the training part, kept for prediction"},
    {"seed", P_INT, ROW(DataSpec, seed), .optional = true, .lo = 0, .hi = SEED_MAX,
     .doc = "keys the split and the generators, the same for all trials; by default seed"},
};
static const Section *const data_sections[] = {&spec_split, NULL};
const Section spec_data = {
    SECTION("data", data_rows, DataSpec, "where rows come from, how they are split and scaled"),
    data_sections};

/* ---- model ----------------------------------------------------------------------------------- */

static const Param model_rows[] = {
    {"loss", P_KIND, ROW(ModelSpec, loss), .def = "softmax_cross_entropy", .registry = &nn_losses,
     .doc = "what training makes small"},
};
static const Section *const model_sections[] = {&spec_layer, &spec_block, &spec_residual,
                                                &spec_concatenate, NULL};
const Section spec_model = {
    SECTION("model", model_rows, ModelSpec,
            "layers: a list of kinds (relu), of {kind: {parameters}}, blocks, residuals, branches"),
    model_sections};

#define NAME_ROW                                                                                   \
  {                                                                                                \
    "name", P_STRING, ROW(LayerRow, name),                                                         \
        .optional = true,                                                                          \
        .doc = "for dotted paths and the names of weights: letters, digits, _ and -"               \
  }
#define ENABLED_ROW                                                                                \
  {                                                                                                \
    "enabled", P_BOOL, ROW(LayerRow, enabled),                                                     \
        .def = "true", .doc = "false: as if it were not there; a resolved file says it only then"  \
  }

static const Param layer_rows[] = {NAME_ROW, ENABLED_ROW};
const Section spec_layer = {
    SECTION("model.layers[]", layer_rows, LayerRow, "beside the one key that is the layer's kind"),
    NULL};

static const Param block_rows[] = {
    NAME_ROW,
    ENABLED_ROW,
    {"repeat", P_INT, ROW(LayerRow, repeat), .def = "1", .lo = 0, .hi = 1000,
     .doc = "the block's layers so many times over, each copy with weights of its own"},
};
const Section spec_block = {
    SECTION("model.layers[].block", block_rows, LayerRow, "a list of layers under one name"), NULL};

const Section spec_residual = {
    SECTION("model.layers[].residual", layer_rows, LayerRow,
            "residual: a list of layers, whose output is added to their input"),
    NULL};
const Section spec_concatenate = {
    SECTION("model.layers[].concatenate", layer_rows, LayerRow,
            "concatenate: lists of layers that read the same input ([]: the input itself), their "
            "outputs side by side"),
    NULL};

const LayerGroup spec_groups[] = {
    {"layers", &spec_block, NULL, false, "{name: hidden, repeat: 2, layers: [..]}"},
    {"residual", &spec_residual, "add", false, "{residual: [{dense: {units: 64}}, relu]}"},
    {"concatenate", &spec_concatenate, "concatenate", true,
     "{concatenate: [[{dense: {units: 64}}, relu], []]}"},
    {0}};

const Param spec_activation = {"activation", P_KIND, 0, .registry = &nn_activations,
                               .doc = "a layer whose kind is a value: {activation: relu}"};

/* ---- train ----------------------------------------------------------------------------------- */

static const Param early_stopping_rows[] = {
    {"patience", P_INT, ROW(EarlyStoppingSpec, patience), .def = "10", .lo = 1, .hi = 1e9,
     .unit = "epochs", .doc = "so many in a row without a better metric.name end the training"},
    {"min_delta", P_REAL, ROW(EarlyStoppingSpec, min_delta), .def = "0", .lo = 0, .hi = INFINITY,
     .hi_open = true, .doc = "better means by more than this"},
};
const Section spec_early_stopping = {
    SECTION("train.early_stopping", early_stopping_rows, EarlyStoppingSpec,
            "where it is written: end the training when metric.name gets no better"),
    NULL};

static const Param train_rows[] = {
    {"epochs", P_INT, ROW(TrainSpec, epochs), .optional = true, .lo = 1, .hi = 1e9,
     .doc = "passes over the training part; either this or steps"},
    {"steps", P_INT, ROW(TrainSpec, steps), .optional = true, .lo = 0, .hi = 1e12,
     .doc = "updates of the weights; either this or epochs; 0: of a cost, only its value"},
    {"batch_size", P_INT, ROW(TrainSpec, batch_size), .def = "64", .lo = 1, .hi = 1 << 24,
     .word = "all", .word_value = 0, .unit = "rows",
     .doc = "rows of a mini-batch; all: the whole training part, plain gradient descent"},
    {"shards", P_INT, ROW(TrainSpec, shards), .def = "1", .lo = 1, .hi = 1024,
     .doc = "equal parts that a batch is computed as, a power of two; so many ranks can share it"},
    {"drop_last", P_BOOL, ROW(TrainSpec, drop_last), .def = "false",
     .doc = "drop the last mini-batch of an epoch where it is short"},
    {"gemm", P_CHOICE, ROW(TrainSpec, gemm), .def = "fixed", .choices = spec_gemm_names,
     .doc = "matrix products; fixed: the same bits on every processor; openblas: CBLAS"},
    {"optimizer", P_KIND, ROW(TrainSpec, optimizer), .def = "adam", .registry = &nn_optimizers,
     .doc = "how a gradient changes the weights"},
    {"schedule", P_KIND, ROW(TrainSpec, schedule), .def = "constant", .registry = &nn_schedules,
     .doc = "how the learning rate changes from epoch to epoch"},
    {"accumulate", P_INT, ROW(TrainSpec, accumulate), .optional = true, .lo = 1, .hi = 1 << 20,
     .doc = "mini-batches whose gradients make one step, each with its own batch statistics"},
    {"l2", P_REAL, ROW(TrainSpec, rules.l2), .optional = true, .lo = 0, .hi = INFINITY,
     .hi_open = true, .doc = "adds l2/2 times the sum of w^2 over the weight matrices to J"},
    {"l1", P_REAL, ROW(TrainSpec, rules.l1), .optional = true, .lo = 0, .hi = INFINITY,
     .hi_open = true, .doc = "adds l1 times the sum of |w| over the weight matrices to J"},
    {"clip_value", P_REAL, ROW(TrainSpec, rules.clip_value), .optional = true, .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true,
     .doc = "no element of J's gradient is larger than this, of either sign"},
    {"clip_norm", P_REAL, ROW(TrainSpec, rules.clip_norm), .optional = true, .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true,
     .doc = "the gradient of all weights together is scaled to this norm where it is longer"},
    {"max_norm", P_REAL, ROW(TrainSpec, rules.max_norm), .optional = true, .lo = 0, .lo_open = true,
     .hi = INFINITY, .hi_open = true,
     .doc = "after a step the weights into a unit are scaled to this norm where it is larger"},
    {"warmup_epochs", P_REAL, ROW(TrainSpec, warmup_epochs), .optional = true, .lo = 0,
     .lo_open = true, .hi = 1e9, .unit = "epochs",
     .doc = "so long the rate rises, step by step, from 0 to the schedule's"},
    {"base_batch_size", P_INT, ROW(TrainSpec, base_batch_size), .optional = true, .lo = 1,
     .hi = 1 << 24, .unit = "rows",
     .doc = "that learning_rate is meant for: each rate is multiplied by batch_size x accumulate / "
            "base_batch_size"},
    {"stop_at", P_INT, ROW(TrainSpec, stop_at), .optional = true, .lo = 1, .hi = 1e9,
     .unit = "epochs", .doc = "training ends there; schedules keep the length of the whole"},
};
static const Section *const train_sections[] = {&spec_early_stopping, NULL};
const Section spec_train = {
    SECTION("train", train_rows, TrainSpec, "how long, in what batches, by which rule"),
    train_sections};

/* ---- metric, search, checkpoint -------------------------------------------------------------- */

static const Param metric_rows[] = {
    {"name", P_STRING, ROW(MetricRow, name), .optional = true,
     .doc = "<part>_<metric>; by default validation_accuracy, or validation_loss without classes"},
    {"goal", P_CHOICE, ROW(MetricRow, goal), .optional = true, .choices = goal_names,
     .doc = "by default minimize losses and errors, maximize everything else"},
    {"at", P_CHOICE, ROW(MetricRow, at), .def = "last", .choices = at_names,
     .doc = "the epoch that counts and whose weights are kept; of equal ones the earliest"},
};
const Section spec_metric = {
    SECTION("metric", metric_rows, MetricRow,
            "what trials are compared by; also search.metric; or a list, of which the first ranks "
            "(show --pareto: what none beats in all) and others may be n_parameters, "
            "multiply_adds"),
    NULL};

const Param spec_metrics_item = {"metrics", P_KIND, 0, .registry = &nn_metrics,
                                 .doc = "what is measured besides the loss and its accuracy: a "
                                        "list such as [f1, {top_k: 5}]"};

static const Param search_rows[] = {
    {"method", P_KIND, ROW(SearchSpec, method), .def = "random", .registry = &run_samplers,
     .doc = "how points of the space are proposed"},
    {"trials", P_INT, ROW(SearchSpec, trials), .optional = true, .lo = 1, .hi = 1e7,
     .doc = "how many points; grid knows its own number"},
    {"repeats", P_INT, ROW(SearchSpec, repeats), .optional = true, .def = "1", .lo = 1, .hi = 1000,
     .doc = "each point is trained so many times, with other seeds, and ranked by its mean"},
    {"max_concurrent", P_INT, ROW(SearchSpec, max_concurrent), .def = "16", .lo = 1, .hi = 1e6,
     .doc = "of a method that looks at results: how many points at a time; proposal n sees exactly "
            "the results of those up to n - max_concurrent"},
    {"early_terminate", P_KIND, ROW(SearchSpec, early_terminate), .optional = true,
     .registry = &run_stoppers,
     .doc = "which trials end before their last epoch, for others do better"},
};
static const Param from_rows[] = {
    {"run", P_STRING, ROW(FromSpec, run),
     .doc = "a run directory; a relative path starts at the experiment file's folder"},
    {"best", P_INT, ROW(FromSpec, best), .def = "5", .lo = 0, .hi = 100000,
     .doc = "so many of its best trials that are in this search's space are trained first"},
    {"results", P_BOOL, ROW(FromSpec, results), .def = "false",
     .doc = "a method that looks at results is told all of its results, as of trials before the "
            "first"},
    {"digest", P_STRING, ROW(FromSpec, digest), .optional = true,
     .doc = "pins the run; without it what it is when this one begins"},
};
const Section spec_from = {
    SECTION("search.from", from_rows, FromSpec, "another run, whose best trials come first"), NULL};

static const Section *const search_sections[] = {&spec_range, &spec_from, NULL};
const Section spec_search = {
    SECTION(
        "search", search_rows, SearchSpec,
        "parameters: dotted paths of this file, each with what it may be; try: a list of points "
        "{PATH: VALUE, ..} that are trained first"),
    search_sections};

static const Param range_rows[] = {
    {"min", P_REAL, ROW(RangeRow, min), .doc = "smallest value, itself included"},
    {"max", P_REAL, ROW(RangeRow, max), .doc = "largest value, itself included"},
    {"scale", P_CHOICE, ROW(RangeRow, scale), .def = "linear", .choices = scale_names,
     .doc = "in which coordinate draws are uniform: x, log x or log(1 - x)"},
    {"q", P_REAL, ROW(RangeRow, q), .optional = true, .lo = 0, .lo_open = true, .hi = INFINITY,
     .hi_open = true, .doc = "only multiples of q, counted from 0"},
    {"points", P_INT, ROW(RangeRow, points), .optional = true, .lo = 2, .hi = 100000,
     .doc = "how many values of the range grid takes, evenly spaced on the scale"},
};
const Section spec_range = {
    SECTION(
        "search.parameters[]", range_rows, RangeRow,
        "a range; or {values: [a, b]} to choose from; or {value: a} to fix; when: {PATH: VALUE} "
        "leaves it out elsewhere"),
    NULL};

static const Param checkpoint_rows[] = {
    {"keep_trials", P_INT, ROW(CheckpointSpec, keep_trials), .def = "5", .lo = 0, .hi = 1e6,
     .doc = "keep the weights of the best so many trials; with search.repeats, of so many points"},
    {"every_seconds", P_REAL, ROW(CheckpointSpec, every_seconds), .def = "60", .lo = 0,
     .hi = INFINITY, .hi_open = true, .unit = "s", .doc = "a running trial saves itself so often"},
};
const Section spec_checkpoint = {
    SECTION("checkpoint", checkpoint_rows, CheckpointSpec, "which weights stay on disk"), NULL};

static const Param resources_rows[] = {
    {"ranks_per_trial", P_INT, ROW(ResourcesSpec, ranks_per_trial), .def = "auto", .lo = 1,
     .hi = 1024, .word = "auto", .word_value = 0,
     .doc = "a power of two up to train.shards; auto: one while there are trials for all, then "
            "ranks without work join running trials"},
    {"stall_seconds", P_REAL, ROW(ResourcesSpec, stall_seconds), .def = "60", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .unit = "s",
     .doc = "a rank that waits so long for others says for whom, and for what"},
};
const Section spec_resources = {SECTION("resources", resources_rows, ResourcesSpec,
                                        "which ranks train a trial; no part of the digest"),
                                NULL};

static const Param edit_rows[] = {
    {"step", P_INT, ROW(EditSpec, step), .lo = 0, .hi = 1e12, .unit = "updates",
     .doc = "so many are done before: update step + 1 is the first with the new values"},
};
const Section spec_edit = {
    SECTION("edits[]", edit_rows, EditSpec,
            "changes while training goes on: a list of {step: N, PATH: VALUE, ..} in ascending "
            "order; paths of the optimizer's and the schedule's numbers, rules and dropout rates"),
    NULL};

/* ---- a cost, a command ----------------------------------------------------------------------- */

const Section spec_parameters = {
    {.name = "parameters",
     .doc = "of a cost: names with start values, such as {w: 0}; a list is a vector; of a command: "
            "names with values, also words"},
    NULL};

static const char *const result_names[] = {"last_line", "json", NULL};
static const Param command_rows[] = {
    {"result", P_CHOICE, ROW(CommandSpec, result), .def = "last_line", .choices = result_names,
     .doc =
         "a number alone on the last line of stdout, or lines of JSON that have metric.name as a "
         "key, each a row of the curves"},
    {"timeout", P_REAL, ROW(CommandSpec, timeout), .def = "none", .word = "none", .word_value = 0,
     .lo = 0, .lo_open = true, .hi = 1e9, .unit = "s",
     .doc = "after so long the program and all it started are ended, and the trial has FAILED"},
    {"directory", P_STRING, ROW(CommandSpec, directory), .def = ".",
     .doc = "where it runs; a relative path starts at the experiment file's folder"},
    {"keep_output", P_INT, ROW(CommandSpec, keep_output), .def = "1048576", .lo = 1024,
     .hi = 1 << 30, .unit = "bytes",
     .doc = "of what a trial writes, its first and last half; in output/ of the run directory"},
};
const Section spec_command = {
    SECTION("command", command_rows, CommandSpec,
            "in place of a model: run: [program, argument, ..] with {parameters}, environment: "
            "{NAME: value}"),
    NULL};

static const Param records_rows[] = {
    {"activations", P_CHOICE, ROW(RecordsSpec, activations), .def = "none",
     .choices = activations_names,
     .doc = "percentiles: of the input of every activation layer, after each epoch"},
    {"percentiles", P_REALS, ROW(RecordsSpec, percentiles), .def = "[15, 50, 85]", .lo = 0,
     .hi = 100, .unit = "%", .doc = "which ones, of the first 256 rows of the validation part"},
};
const Section spec_records = {
    SECTION("records", records_rows, RecordsSpec,
            "what is looked at in a network while it trains; no part of the digest"),
    NULL};

/* ---- the whole file -------------------------------------------------------------------------- */

static const Param experiment_rows[] = {
    {"version", P_INT, ROW(Spec, version), .def = "1", .lo = 1, .hi = 1,
     .doc = "of the experiment language"},
    {"name", P_STRING, ROW(Spec, name), .optional = true,
     .doc = "names the run directory; by default the file's name without .yaml"},
    {"seed", P_INT, ROW(Spec, seed), .def = "1", .lo = 0, .hi = SEED_MAX,
     .doc = "keys every random number: the same seed, the same bits"},
    {"cost", P_STRING, ROW(Spec, cost.text), .optional = true,
     .doc = "in place of a model: what training makes small, such as w^2 - 10*w + 25"},
    {"replay", P_STRING, ROW(Spec, replay), .optional = true,
     .doc = "a finished run directory: trials take their curves from it, nothing is trained"},
};
static const Section *const experiment_sections[] = {
    &spec_command, &spec_parameters, &spec_data,    &spec_model,     &spec_train, &spec_metric,
    &spec_search,  &spec_checkpoint, &spec_records, &spec_resources, &spec_edit,  NULL};
const Section spec_experiment = {SECTION("experiment", experiment_rows, Spec, "an experiment file"),
                                 experiment_sections};

static const Kind *const all_sections[] = {
    &spec_experiment.head,     &spec_parameters.head, &spec_data.head,       &spec_split.head,
    &spec_model.head,          &spec_layer.head,      &spec_block.head,      &spec_residual.head,
    &spec_concatenate.head,    &spec_train.head,      &spec_metric.head,     &spec_search.head,
    &spec_range.head,          &spec_from.head,       &spec_checkpoint.head, &spec_records.head,
    &spec_early_stopping.head, &spec_resources.head,  &spec_command.head,    &spec_edit.head,
};
const Registry spec_sections = {"section", all_sections, COUNT(all_sections)};
