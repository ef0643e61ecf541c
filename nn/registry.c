/*
 * The registries: the .def files, each included with three meanings (declaration, table of levels,
 * table of heads). The public registries list the portable column; the others are found by
 * position.
 */
#include "kinds.h"
#include "base/str.h"
#include "ops.h"
#include "rows.h"
#include "vector.h"

/* A registry ends with NULL, so that an empty .def file is legal. */
#define REGISTRY(word, heads)                                                                      \
  { .noun = (word), .kinds = (heads), .n = COUNT(heads) - 1 }

#ifdef NN_X86
#define DECLARE(Type, name) extern const Type name##_portable, name##_avx2, name##_avx512;
#define LEVELS(name)        {&name##_portable, &name##_avx2, &name##_avx512},
#else
#define DECLARE(Type, name) extern const Type name##_portable;
#define LEVELS(name)        {&name##_portable, &name##_portable, &name##_portable},
#endif

/* All layers, joins among them, have one table of levels; the registries each take their rows. */
#define NN_ACTIVATION(name) NN_LAYER(name)
#define NN_JOIN(name)       NN_LAYER(name)
#define NN_LAYER(name)      DECLARE(NnLayerKind, nn_layer_##name)
#include "layers.def"
#undef NN_LAYER
#define NN_LAYER(name) LEVELS(nn_layer_##name)
static const NnLayerKind *const layers[][CPU_LEVELS] = {
#include "layers.def"
    {NULL}};
#undef NN_LAYER
#undef NN_JOIN
#define NN_JOIN(name)
#define NN_LAYER(name) &nn_layer_##name##_portable.head,
static const Kind *const layer_heads[] = {
#include "layers.def"
    NULL};
const Registry nn_layers = REGISTRY("layer", layer_heads);
#undef NN_LAYER
#undef NN_ACTIVATION
#define NN_LAYER(name)
#define NN_ACTIVATION(name) &nn_layer_##name##_portable.head,
static const Kind *const activation_heads[] = {
#include "layers.def"
    NULL};
const Registry nn_activations = REGISTRY("activation", activation_heads);
#undef NN_ACTIVATION
#undef NN_JOIN
#define NN_ACTIVATION(name)
#define NN_JOIN(name) &nn_layer_##name##_portable.head,
static const Kind *const join_heads[] = {
#include "layers.def"
    NULL};
const Registry nn_joins = REGISTRY("join", join_heads);

#define NN_UNARY(name, ...)  NN_OP(name)
#define NN_BINARY(name, ...) NN_OP(name)
#define NN_OP(name)          DECLARE(NnOpKind, nn_op_##name)
#include "ops.def"
#undef NN_OP
#define NN_OP(name) LEVELS(nn_op_##name)
static const NnOpKind *const ops[][CPU_LEVELS] = {
#include "ops.def"
    {NULL}};
#undef NN_OP
#define NN_OP(name) &nn_op_##name##_portable.layer.head,
static const Kind *const op_heads[] = {
#include "ops.def"
    NULL};
const Registry nn_ops = REGISTRY("op", op_heads);

#define NN_LOSS(name) DECLARE(NnLossKind, nn_loss_##name)
#include "losses.def"
#undef NN_LOSS
#define NN_LOSS(name) LEVELS(nn_loss_##name)
static const NnLossKind *const losses[][CPU_LEVELS] = {
#include "losses.def"
    {NULL}};
#undef NN_LOSS
#define NN_LOSS(name) &nn_loss_##name##_portable.head,
static const Kind *const loss_heads[] = {
#include "losses.def"
    NULL};
const Registry nn_losses = REGISTRY("loss", loss_heads);

#define NN_OPTIMIZER(name) DECLARE(NnOptimizerKind, nn_optimizer_##name)
#include "optimizers.def"
#undef NN_OPTIMIZER
#define NN_OPTIMIZER(name) LEVELS(nn_optimizer_##name)
static const NnOptimizerKind *const optimizers[][CPU_LEVELS] = {
#include "optimizers.def"
    {NULL}};
#undef NN_OPTIMIZER
#define NN_OPTIMIZER(name) &nn_optimizer_##name##_portable.head,
static const Kind *const optimizer_heads[] = {
#include "optimizers.def"
    NULL};
const Registry nn_optimizers = REGISTRY("optimizer", optimizer_heads);

#define NN_SCHEDULE(name) extern const NnScheduleKind nn_schedule_##name;
#include "schedules.def"
#undef NN_SCHEDULE
#define NN_SCHEDULE(name) &nn_schedule_##name.head,
static const Kind *const schedule_heads[] = {
#include "schedules.def"
    NULL};
const Registry nn_schedules = REGISTRY("schedule", schedule_heads);

#define NN_INITIALISER(name) extern const NnInitialiserKind nn_init_##name;
#include "initialisers.def"
#undef NN_INITIALISER
#define NN_INITIALISER(name) &nn_init_##name.head,
static const Kind *const initialiser_heads[] = {
#include "initialisers.def"
    NULL};
const Registry nn_initialisers = REGISTRY("initialiser", initialiser_heads);

#define NN_METRIC(name) extern const NnMetricKind nn_metric_##name;
#include "metrics.def"
#undef NN_METRIC
#define NN_METRIC(name) &nn_metric_##name.head,
static const Kind *const metric_heads[] = {
#include "metrics.def"
    NULL};
const Registry nn_metrics = REGISTRY("metric", metric_heads);

static int find_head(const Registry *r, const Kind *kind) {
  int i = 0;
  while (i < r->n && r->kinds[i] != kind) ++i;
  return i;
}

/* A kind of no registry (a test's own) has one level: itself. `head` is the first member of each.
 */
const NnLayerKind *nn_layer_at(const Kind *kind, CpuLevel level) {
  for (int i = 0; layers[i][0]; ++i) {
    if (&layers[i][CPU_PORTABLE]->head == kind) return layers[i][level];
  }
  const int i = find_head(&nn_ops, kind);
  return i < nn_ops.n ? &ops[i][level]->layer : (const NnLayerKind *)(const void *)kind;
}

const NnOpKind *nn_op_at(const Kind *kind, CpuLevel level) {
  return ops[find_head(&nn_ops, kind)][level];
}

const NnLossKind *nn_loss_at(const Kind *kind, CpuLevel level) {
  int i = find_head(&nn_losses, kind);
  return i < nn_losses.n ? losses[i][level] : (const NnLossKind *)(const void *)kind;
}

const NnOptimizerKind *nn_optimizer_at(const Kind *kind, CpuLevel level) {
  int i = find_head(&nn_optimizers, kind);
  return i < nn_optimizers.n ? optimizers[i][level] : (const NnOptimizerKind *)(const void *)kind;
}

void nn_layer_resolve(const Kind *kind, void *config, const Kind *next) {
  const NnLayerKind *k = nn_layer_at(kind, CPU_PORTABLE);
  if (k->resolve) k->resolve(config, next);
}

bool nn_layer_couples_rows(const Kind *kind) {
  return nn_layer_at(kind, CPU_PORTABLE)->couples_rows;
}

bool nn_layer_is_by_shard(const Kind *kind, const void *config) {
  const NnLayerKind *k = nn_layer_at(kind, CPU_PORTABLE);
  return k->is_by_shard && k->is_by_shard(config);
}

bool nn_loss_counts_correct(const Kind *loss) {
  return nn_loss_at(loss, CPU_PORTABLE)->counts_correct;
}

bool nn_schedule_is_absolute(const Kind *schedule) {
  return ((const NnScheduleKind *)(const void *)schedule)->absolute;
}

double nn_schedule_rate(KindValue schedule, double learning_rate, int64_t epoch, int64_t n_epochs) {
  const NnScheduleKind *k = (const NnScheduleKind *)(const void *)schedule.kind;
  return k->rate(schedule.config, learning_rate, epoch, n_epochs);
}

double nn_optimizer_learning_rate(KindValue optimizer) {
  const NnOptimizerKind *k = (const NnOptimizerKind *)(const void *)optimizer.kind;
  return *(const double *)(const void *)((const char *)optimizer.config + k->learning_rate);
}

/* ---- kernels that nobody names --------------------------------------------------------------- */

DECLARE(NnVectorKernel, nn_vector_kernel)
static const NnVectorKernel *const vector_kernels[][CPU_LEVELS] = {LEVELS(nn_vector_kernel)};

const NnVectorKernel *nn_vector_kernel(CpuLevel level) {
  return vector_kernels[0][level];
}

DECLARE(NnRowKernel, nn_row_kernel)
static const NnRowKernel *const row_kernels[][CPU_LEVELS] = {LEVELS(nn_row_kernel)};

const NnRowKernel *nn_row_kernel(CpuLevel level) {
  return row_kernels[0][level];
}

/* ---- matrix engines ----------------------------------------------------------------------------
 */

extern const NnGemm nn_gemm_openblas;
DECLARE(NnGemm, nn_gemm_fixed)
static const NnGemm *const gemms[][CPU_LEVELS] = {
    LEVELS(nn_gemm_fixed){&nn_gemm_openblas, &nn_gemm_openblas, &nn_gemm_openblas}};

const NnGemm *nn_gemm_find(const char *name, CpuLevel level) {
  for (int i = 0; i < COUNT(gemms); ++i) {
    const NnGemm *g = gemms[i][level];
    if (!str_eq(g->name, name)) continue;
    if (g->start) g->start();
    return g;
  }
  return NULL;
}
