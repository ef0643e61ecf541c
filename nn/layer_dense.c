/* Dense: y = x w + b. */
#include "columns.h"
#include "kinds.h"

enum { CLASSES = -1, AUTO = 2 };

typedef struct {
  int64_t units; /* or CLASSES */
  int bias;      /* 0, 1 or AUTO */
  KindValue init;
} Dense;

static const Param params[] = {
    {.name = "units",
     .type = P_INT,
     .offset = offsetof(Dense, units),
     .lo = 1,
     .hi = 1 << 20,
     .word = "classes",
     .word_value = CLASSES,
     .doc = "output features; classes: as many as the data has classes"},
    {.name = "bias",
     .type = P_BOOL,
     .offset = offsetof(Dense, bias),
     .def = "auto",
     .word = "auto",
     .word_value = AUTO,
     .doc = "add a bias; auto: not before batch_norm, whose shift would undo it"},
    {.name = "init",
     .type = P_KIND,
     .offset = offsetof(Dense, init),
     .def = "he",
     .registry = &nn_initialisers,
     .doc = "how the weights start; the bias starts at 0"},
};

static const NnCase cases[] = {
    {.params = "units: 5", .features = 7},
    {.params = "units: 4, bias: false", .features = 3},
    {.params = "units: 1, init: xavier", .features = 9},
};

static void resolve(void *config, const Kind *next) {
  Dense *c = config;
  if (c->bias == AUTO) c->bias = !(next && nn_layer_at(next, CPU_PORTABLE)->absorbs_bias);
}

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  const Dense *c = n->config;
  CHECK(e, c->units != CLASSES || p->targets.n_classes > 0, E_SHAPE,
        "\"units: classes\" needs class labels, but the targets are numbers; write the number of "
        "outputs");
  const int in = p->in[0];
  n->d = c->units == CLASSES ? p->targets.n_classes : (int)c->units;
  n->weights[0] =
      (NnTensor){.name = "w", .rows = in, .cols = n->d, .init = c->init, .decays = true};
  n->n_weights = 1;
  n->scratch = p->gemm->scratch_size(p->rows, p->n_shards, in, n->d);
  if (c->bias) {
    n->weights[n->n_weights++] = (NnTensor){.name = "b", .rows = n->d, .cols = 1};
    const size_t sums = (size_t)p->n_shards * (size_t)n->d;
    if (n->scratch < sums) n->scratch = sums;
  }
  return OK;
}

static void add_bias(int rows, int d, const Real *restrict b, Real *restrict y) {
  for (int i = 0; i < rows; ++i, y += d) {
    for (int j = 0; j < d; ++j) y[j] += b[j];
  }
}

/* x (rows, in), w (in, d), b (d), y (rows, d). */
static void forward(const NnStep *s, NnNode *n) {
  const NnTensor *w = &n->weights[0];
  s->gemm->forward(s->start, s->team->n_local, w->rows, n->d, n->x[0], w->v, n->y, s->scratch);
  if (n->n_weights > 1) add_bias(s->rows, n->d, n->weights[1].v, n->y);
}

/* gw = x^T gy, gb = sum over rows of gy, gx = gy w^T; sums over rows shard by shard, then the tree.
 */
static void backward(const NnStep *s, NnNode *n) {
  const NnTensor *w = &n->weights[0];
  const int shards = s->team->n_local;
  s->gemm->backward_w(s->start, shards, w->rows, n->d, n->x[0], n->gy, w->g, s->scratch);
  if (n->n_weights > 1) columns_sum_shards(s, n->d, n->gy, n->weights[1].g);
  if (n->gx[0])
    s->gemm->backward_x(s->start, shards, w->rows, n->d, n->gy, w->v, n->gx[0], s->scratch);
}

const NnLayerKind NN_EXPORT(nn_layer_dense) = {
    .head = {.name = "dense",
             .doc = "affine map y = x w + b",
             .source = "Rumelhart, Hinton & Williams 1986, Learning representations by "
                       "back-propagating errors",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Dense)},
    .resolve = resolve,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
