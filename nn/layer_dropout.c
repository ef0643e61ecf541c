/* Dropout: in training each element is 0 with probability `rate`, else divided by 1 - rate. */
#include <string.h>
#include "kinds.h"
#include "base/rng.h"

typedef struct {
  double rate;
} Dropout;

static const Param params[] = {
    {.name = "rate",
     .type = P_REAL,
     .offset = offsetof(Dropout, rate),
     .def = "0.5",
     .lo = 0,
     .hi = 1,
     .hi_open = true,
     .doc = "the probability that an element is dropped"},
};

static const NnCase cases[] = {
    {.params = "rate: 0.4", .features = 6},
    {.params = "rate: 0", .features = 3},
    {.params = "", .features = 37},
};

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  (void)e;
  n->d = p->in[0];
  n->saved_per_row = (size_t)n->d;
  return OK;
}

enum { LANES = 16 };

/* v[word][lane] = rng_block(seed, RNG_DROPOUT, position, epoch, first + lane), lane by lane in
 * step. */
static void random_blocks(uint64_t seed, uint64_t position, uint32_t epoch, uint32_t first,
                          uint32_t v[4][LANES]) {
  uint32_t *restrict c0 = v[0], *restrict c1 = v[1], *restrict c2 = v[2], *restrict c3 = v[3];
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (uint32_t i = 0; i < LANES; ++i) {
    c0[i] = (uint32_t)position;
    c1[i] = (uint32_t)(position >> 32);
    c2[i] = epoch;
    c3[i] = (uint32_t)RNG_DROPOUT << 24 | (first + i);
  }
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < LANES; ++i) {
      const uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
      const uint32_t x1 = c1[i], x3 = c3[i];
      c0[i] = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
      c1[i] = (uint32_t)p1;
      c2[i] = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
      c3[i] = (uint32_t)p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

/* One row's factors: 0 or `keep`. Feature j takes word j % 4 of block j / 4 of this node's own. */
static void fill_row(const NnStep *s, const NnNode *n, int row, uint32_t threshold, Real keep,
                     Real *factor) {
  for (int first = 0; first < n->d; first += 4 * LANES) {
    uint32_t v[4][LANES];
    Real block[4 * LANES];
    random_blocks(s->seed, s->place.position + (uint64_t)row, s->place.epoch,
                  n->key + (uint32_t)first / 4, v);
    for (int i = 0; i < LANES; ++i) {
      for (int word = 0; word < 4; ++word) block[4 * i + word] = v[word][i] < threshold ? 0 : keep;
    }
    const int left = n->d - first, count = left < 4 * LANES ? left : 4 * LANES;
    memcpy(factor + first, block, (size_t)count * sizeof *factor);
  }
}

/* out may be in. */
static void multiply(size_t count, const Real *in, const Real *factor, Real *out) {
  EACH_ELEMENT
  for (size_t i = 0; i < count; ++i) out[i] = in[i] * factor[i];
}

static void forward(const NnStep *s, NnNode *n) {
  const size_t d = (size_t)n->d, count = (size_t)s->rows * d;
  if (!s->training) {
    if (n->y != n->x[0]) memcpy(n->y, n->x[0], count * sizeof *n->y);
    return;
  }
  const double rate = ((const Dropout *)n->config)->rate;
  const uint32_t threshold = (uint32_t)(rate * 4294967296.0); /* u < threshold: dropped */
  const Real keep = (Real)(1 / (1 - rate));
  for (int i = 0; i < s->rows; ++i) {
    fill_row(s, n, i, threshold, keep, n->saved_rows + (size_t)i * d);
  }
  multiply(count, n->x[0], n->saved_rows, n->y);
}

static void backward(const NnStep *s, NnNode *n) {
  if (n->gx[0]) multiply((size_t)s->rows * (size_t)n->d, n->gy, n->saved_rows, n->gx[0]);
}

const NnLayerKind NN_EXPORT(nn_layer_dropout) = {
    .head = {.name = "dropout",
             .doc = "in training, drops elements at random and scales the others up",
             .source = "Srivastava et al. 2014, JMLR 15; inverted scaling",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Dropout)},
    .in_place = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
