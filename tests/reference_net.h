/*
 * A second implementation of training, for comparison: plain loops in double, formulas step by step
 * as the papers have them, nothing shared with nn/. dense (batch norm) relu, twice, then dense and
 * softmax.
 *
 * Parameters are one vector in the order of nn's blocks: w, then gamma, beta or b, layer by layer.
 */
#ifndef CAVIAR_REFERENCE_NET_H
#define CAVIAR_REFERENCE_NET_H

#include <math.h>
#include <string.h>

enum { REF_LAYERS = 3, REF_MAX_PARAMETERS = 1000, REF_MAX_ROWS = 40, REF_MAX_WIDTH = 16 };

typedef double RefMatrix[REF_MAX_ROWS][REF_MAX_WIDTH];

typedef struct {
  int width[REF_LAYERS + 1];
  int norm; /* batch norm on the hidden layers */
  int n;    /* parameters */
  double theta[REF_MAX_PARAMETERS], gradient[REF_MAX_PARAMETERS];
  double v[REF_MAX_PARAMETERS], s[REF_MAX_PARAMETERS];       /* of the optimizer */
  double mean[2][REF_MAX_WIDTH], variance[2][REF_MAX_WIDTH]; /* moving averages */
  int t;
  /* of the last forward pass */
  RefMatrix a[REF_LAYERS + 1], z[REF_LAYERS], z_norm[REF_LAYERS];
  double mu[REF_LAYERS][REF_MAX_WIDTH], s2[REF_LAYERS][REF_MAX_WIDTH];
} RefNet;

static const double ref_eps = 1e-5, ref_decay = 0.9;

/* Where layer l's w begins; its gamma or b follows, then beta. */
static inline int ref_offset(const RefNet *r, int l) {
  int at = 0;
  for (int k = 0; k < l; ++k)
    at += r->width[k] * r->width[k + 1] + r->width[k + 1] * (r->norm ? 2 : 1);
  return at;
}

static inline void ref_dense(RefNet *r, int l, int m) {
  const int in = r->width[l], out = r->width[l + 1];
  const double *w = r->theta + ref_offset(r, l), *b = w + in * out;
  const int biased = !r->norm || l == REF_LAYERS - 1;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < out; ++j) {
      double sum = biased ? b[j] : 0;
      for (int k = 0; k < in; ++k) sum += r->a[l][i][k] * w[k * out + j];
      r->z[l][i][j] = sum;
    }
  }
}

/* Ioffe & Szegedy 2015, algorithm 1; at test time with the averages divided by 1 - decay^t. */
static inline void ref_norm(RefNet *r, int l, int m, int training) {
  const int in = r->width[l], d = r->width[l + 1];
  const double *gamma = r->theta + ref_offset(r, l) + in * d, *beta = gamma + d;
  for (int j = 0; j < d; ++j) {
    double mu = 0, s2 = 0;
    for (int i = 0; i < m; ++i) mu += r->z[l][i][j];
    mu /= m;
    for (int i = 0; i < m; ++i) s2 += pow(r->z[l][i][j] - mu, 2);
    s2 /= m;
    if (!training) {
      mu = r->mean[l][j] / (1 - pow(ref_decay, r->t));
      s2 = r->variance[l][j] / (1 - pow(ref_decay, r->t));
    }
    r->mu[l][j] = mu;
    r->s2[l][j] = s2;
    for (int i = 0; i < m; ++i) {
      r->z_norm[l][i][j] = (r->z[l][i][j] - mu) / sqrt(s2 + ref_eps);
      r->a[l + 1][i][j] = gamma[j] * r->z_norm[l][i][j] + beta[j];
    }
  }
}

/* Mean loss of m rows. */
static inline double ref_forward(RefNet *r, int m, const int *label, int training) {
  for (int l = 0; l < REF_LAYERS; ++l) {
    ref_dense(r, l, m);
    memcpy(r->a[l + 1], r->z[l], sizeof(RefMatrix));
    if (l == REF_LAYERS - 1) break;
    if (r->norm) ref_norm(r, l, m, training);
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < r->width[l + 1]; ++j) r->a[l + 1][i][j] = fmax(r->a[l + 1][i][j], 0);
    }
  }
  double loss = 0;
  for (int i = 0; i < m; ++i) {
    double sum = 0, *p = r->a[REF_LAYERS][i];
    for (int j = 0; j < r->width[REF_LAYERS]; ++j) sum += p[j] = exp(p[j]);
    for (int j = 0; j < r->width[REF_LAYERS]; ++j) p[j] /= sum;
    loss -= log(p[label[i]]);
  }
  return loss / m;
}

/* g becomes the gradient of z; gamma's and beta's are stored. The paper's section 3, term by term.
 */
static inline void ref_norm_backward(RefNet *r, int l, int m, RefMatrix g) {
  const int d = r->width[l + 1], at = ref_offset(r, l) + r->width[l] * d;
  for (int j = 0; j < d; ++j) {
    const double gamma = r->theta[at + j], root = sqrt(r->s2[l][j] + ref_eps);
    double g_gamma = 0, g_beta = 0, g_s2 = 0, g_mu = 0, off = 0;
    for (int i = 0; i < m; ++i) {
      const double from_mu = r->z[l][i][j] - r->mu[l][j], g_norm = g[i][j] * gamma;
      g_gamma += g[i][j] * r->z_norm[l][i][j];
      g_beta += g[i][j];
      g_s2 += g_norm * from_mu * -0.5 * pow(root, -3);
      g_mu += g_norm * -1 / root;
      off += -2 * from_mu;
    }
    g_mu += g_s2 * off / m;
    for (int i = 0; i < m; ++i) {
      const double from_mu = r->z[l][i][j] - r->mu[l][j];
      g[i][j] = g[i][j] * gamma / root + g_s2 * 2 * from_mu / m + g_mu / m;
    }
    r->gradient[at + j] = g_gamma;
    r->gradient[at + d + j] = g_beta;
  }
}

static inline void ref_backward(RefNet *r, int m, const int *label) {
  RefMatrix g, before;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < r->width[REF_LAYERS]; ++j) {
      g[i][j] = (r->a[REF_LAYERS][i][j] - (label[i] == j)) / m;
    }
  }
  for (int l = REF_LAYERS - 1; l >= 0; --l) {
    const int in = r->width[l], out = r->width[l + 1], at = ref_offset(r, l),
              hidden = l < REF_LAYERS - 1;
    for (int i = 0; i < m && hidden; ++i) {
      for (int j = 0; j < out; ++j) {
        if (r->a[l + 1][i][j] <= 0) g[i][j] = 0;
      }
    }
    if (hidden && r->norm) ref_norm_backward(r, l, m, g);
    for (int j = 0; j < out && !(hidden && r->norm); ++j) {
      r->gradient[at + in * out + j] = 0;
      for (int i = 0; i < m; ++i) r->gradient[at + in * out + j] += g[i][j];
    }
    for (int k = 0; k < in; ++k) {
      for (int j = 0; j < out; ++j) {
        r->gradient[at + k * out + j] = 0;
        for (int i = 0; i < m; ++i) r->gradient[at + k * out + j] += r->a[l][i][k] * g[i][j];
      }
    }
    for (int i = 0; i < m; ++i) {
      for (int k = 0; k < in; ++k) {
        before[i][k] = 0;
        for (int j = 0; j < out; ++j) before[i][k] += g[i][j] * r->theta[at + k * out + j];
      }
    }
    memcpy(g, before, sizeof(RefMatrix));
  }
}

/* The four rules with their usual constants: 0.9, 0.999, 1e-8. 0: no such optimizer. */
static inline int ref_update(RefNet *r, const char *optimizer, double alpha) {
  ++r->t;
  for (int l = 0; l < REF_LAYERS - 1 && r->norm; ++l) {
    for (int j = 0; j < r->width[l + 1]; ++j) {
      r->mean[l][j] = ref_decay * r->mean[l][j] + (1 - ref_decay) * r->mu[l][j];
      r->variance[l][j] = ref_decay * r->variance[l][j] + (1 - ref_decay) * r->s2[l][j];
    }
  }
  for (int i = 0; i < r->n; ++i) {
    const double g = r->gradient[i];
    if (strcmp(optimizer, "sgd") == 0) {
      r->theta[i] -= alpha * g;
    } else if (strcmp(optimizer, "momentum") == 0) {
      r->v[i] = 0.9 * r->v[i] + 0.1 * g;
      r->theta[i] -= alpha * r->v[i];
    } else if (strcmp(optimizer, "rmsprop") == 0) {
      r->s[i] = 0.9 * r->s[i] + 0.1 * g * g;
      r->theta[i] -= alpha * g / (sqrt(r->s[i]) + 1e-8);
    } else if (strcmp(optimizer, "adam") == 0) {
      r->v[i] = 0.9 * r->v[i] + 0.1 * g;
      r->s[i] = 0.999 * r->s[i] + 0.001 * g * g;
      const double v = r->v[i] / (1 - pow(0.9, r->t)), s = r->s[i] / (1 - pow(0.999, r->t));
      r->theta[i] -= alpha * v / (sqrt(s) + 1e-8);
    } else {
      return 0;
    }
  }
  return 1;
}

#endif
