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
  int norm;                                       /* batch norm on the hidden layers */
  int n;                                          /* parameters */
  double l1, l2, clip_value, clip_norm, max_norm; /* 0: not */
  double decay, accumulator; /* weight_decay of adamw and lion, where adagrad's sum starts */
  int cut, shrunk, limited;  /* how often each of the three limits was met */
  double theta[REF_MAX_PARAMETERS], gradient[REF_MAX_PARAMETERS];
  double step[REF_MAX_PARAMETERS]; /* gradient of the step: over all its batches */
  double v[REF_MAX_PARAMETERS], s[REF_MAX_PARAMETERS];       /* of the optimizer */
  double mean[2][REF_MAX_WIDTH], variance[2][REF_MAX_WIDTH]; /* moving averages */
  int t, batches;
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

/* Ioffe & Szegedy 2015, algorithm 1; at test time with the averages divided by
 * 1 - decay^t, t batches. */
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
      mu = r->mean[l][j] / (1 - pow(ref_decay, r->batches));
      s2 = r->variance[l][j] / (1 - pow(ref_decay, r->batches));
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

/* Of the sum of the rows' losses over `rows`. */
static inline void ref_backward(RefNet *r, int m, int rows, const int *label) {
  RefMatrix g, before;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < r->width[REF_LAYERS]; ++j) {
      g[i][j] = (r->a[REF_LAYERS][i][j] - (label[i] == j)) / rows;
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

/* After each batch of a step: its share of the gradient and of the moving averages. */
static inline void ref_collect(RefNet *r, int first) {
  for (int i = 0; i < r->n; ++i) r->step[i] = (first ? 0 : r->step[i]) + r->gradient[i];
  ++r->batches;
  for (int l = 0; l < REF_LAYERS - 1 && r->norm; ++l) {
    for (int j = 0; j < r->width[l + 1]; ++j) {
      r->mean[l][j] = ref_decay * r->mean[l][j] + (1 - ref_decay) * r->mu[l][j];
      r->variance[l][j] = ref_decay * r->variance[l][j] + (1 - ref_decay) * r->s2[l][j];
    }
  }
}

/* Is parameter i an element of a w? */
static inline int ref_in_matrix(const RefNet *r, int i) {
  for (int l = 0; l < REF_LAYERS; ++l) {
    const int at = ref_offset(r, l);
    if (i >= at && i < at + r->width[l] * r->width[l + 1]) return 1;
  }
  return 0;
}

static inline double ref_penalty(const RefNet *r) {
  double sum = 0;
  for (int i = 0; i < r->n; ++i) {
    if (ref_in_matrix(r, i)) sum += r->l1 * fabs(r->theta[i]) + r->l2 / 2 * pow(r->theta[i], 2);
  }
  return sum;
}

/* The penalty's derivative, then each element cut, then the norm of all. */
static inline void ref_shape_gradient(RefNet *r) {
  double square = 0;
  for (int i = 0; i < r->n; ++i) {
    double *g = &r->step[i];
    if (ref_in_matrix(r, i)) {
      *g += r->l2 * r->theta[i];
      if (r->theta[i] != 0) *g += r->l1 * r->theta[i] / fabs(r->theta[i]);
    }
    if (r->clip_value > 0 && fabs(*g) > r->clip_value) {
      *g *= r->clip_value / fabs(*g);
      ++r->cut;
    }
    square += pow(*g, 2);
  }
  if (r->clip_norm == 0 || sqrt(square) <= r->clip_norm) return;
  for (int i = 0; i < r->n; ++i) r->step[i] *= r->clip_norm / sqrt(square);
  ++r->shrunk;
}

/* No unit's weights longer than max_norm: unit j of layer l has w[0][j], w[1][j], .. */
static inline void ref_limit(RefNet *r) {
  for (int l = 0; l < REF_LAYERS && r->max_norm > 0; ++l) {
    double *w = r->theta + ref_offset(r, l);
    for (int j = 0; j < r->width[l + 1]; ++j) {
      double square = 0;
      for (int k = 0; k < r->width[l]; ++k) square += pow(w[k * r->width[l + 1] + j], 2);
      if (sqrt(square) <= r->max_norm) continue;
      for (int k = 0; k < r->width[l]; ++k)
        w[k * r->width[l + 1] + j] *= r->max_norm / sqrt(square);
      ++r->limited;
    }
  }
}

static inline double ref_sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

/* Parameter i by the rules with their usual constants: 0.9, 0.999, 1e-8. 0: no such optimizer. */
static inline int ref_rule(RefNet *r, const char *optimizer, double alpha, int i) {
  const double g = r->step[i], old = r->v[i], t = r->t;
  double *theta = &r->theta[i], *v = &r->v[i], *s = &r->s[i];
  if (strcmp(optimizer, "sgd") == 0) {
    *theta -= alpha * g;
  } else if (strcmp(optimizer, "momentum") == 0) {
    *v = 0.9 * *v + 0.1 * g;
    *theta -= alpha * *v;
  } else if (strcmp(optimizer, "nesterov") == 0) {
    /* Sutskever's v and the point theta + mu v where the gradient is taken; that point is kept */
    *v = 0.9 * old - alpha * g;
    *theta = (*theta - 0.9 * old) + *v + 0.9 * *v;
  } else if (strcmp(optimizer, "rmsprop") == 0) {
    *s = 0.9 * *s + 0.1 * g * g;
    *theta -= alpha * g / (sqrt(*s) + 1e-8);
  } else if (strcmp(optimizer, "adagrad") == 0) {
    if (r->t == 1) *s = r->accumulator;
    *s += g * g;
    *theta -= alpha * g / (sqrt(*s) + 1e-10);
  } else if (strcmp(optimizer, "adam") == 0 || strcmp(optimizer, "adamw") == 0) {
    if (strcmp(optimizer, "adamw") == 0 && ref_in_matrix(r, i)) *theta *= 1 - alpha * r->decay;
    *v = 0.9 * *v + 0.1 * g;
    *s = 0.999 * *s + 0.001 * g * g;
    *theta -= alpha * (*v / (1 - pow(0.9, t))) / (sqrt(*s / (1 - pow(0.999, t))) + 1e-8);
  } else if (strcmp(optimizer, "nadam") == 0) {
    *v = 0.9 * *v + 0.1 * g;
    *s = 0.999 * *s + 0.001 * g * g;
    const double ahead = 0.9 * *v / (1 - pow(0.9, t + 1)) + 0.1 * g / (1 - pow(0.9, t));
    *theta -= alpha * ahead / (sqrt(*s / (1 - pow(0.999, t))) + 1e-8);
  } else if (strcmp(optimizer, "lion") == 0) {
    if (ref_in_matrix(r, i)) *theta *= 1 - alpha * r->decay;
    *theta -= alpha * ref_sign(0.9 * *v + 0.1 * g);
    *v = 0.99 * *v + 0.01 * g;
  } else {
    return 0;
  }
  return 1;
}

/* 0: no such optimizer. */
static inline int ref_update(RefNet *r, const char *optimizer, double alpha) {
  ++r->t;
  ref_shape_gradient(r);
  for (int i = 0; i < r->n; ++i) {
    if (!ref_rule(r, optimizer, alpha, i)) return 0;
  }
  ref_limit(r);
  return 1;
}

#endif
