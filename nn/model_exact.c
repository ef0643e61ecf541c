/* Statistics for test time from the whole training set, one layer after the other. */
#include <string.h>
#include "model.h"

/* count, mean (d), M2 (d) */
static size_t width(int d) {
  return 1 + 2 * (size_t)d;
}

int nn_model_n_exact(const NnModel *m) {
  return m->n_exact;
}

size_t nn_model_exact_width(const NnModel *m) {
  return m->n_exact > 0 ? width(m->exact_d) : 0;
}

size_t nn_model_exact_begin(NnModel *m, int k) {
  m->exact_now = &m->eval[m->exact[k]];
  moments_start(&m->exact_moments, m->exact_now->in[0], m->moments);
  return width(m->exact_moments.d);
}

void nn_model_exact_rows(NnModel *m, int rows) {
  int start[2];
  const NnStep s = nn_step_test(m, rows, start);
  const NnNode *now = m->exact_now;
  const int d = m->exact_moments.d;
  for (int i = 0; i < now->index; ++i) m->eval[i].kind->forward(&s, &m->eval[i]);
#ifdef NN_F64
  moments_of_f64(now->x[0], rows, d, moments_chunk(&m->exact_moments));
#else
  moments_of_f32(now->x[0], rows, d, moments_chunk(&m->exact_moments));
#endif
  moments_add(&m->exact_moments);
}

void nn_model_exact_part(NnModel *m, double *part) {
  const int d = m->exact_moments.d;
  memcpy(part, moments_total(&m->exact_moments), width(d) * sizeof *part);
  moments_start(&m->exact_moments, d, m->moments);
}

void nn_model_exact_end(NnModel *m, const double *moments) {
  const int d = m->exact_moments.d;
  const double *mean = moments + 1, *m2 = mean + d;
  double *variance = moments_chunk(&m->exact_moments) + 1; /* free by now */
  for (int j = 0; j < d; ++j) variance[j] = m2[j] / moments[0];
  m->exact_now->kind->take_exact(m->exact_now, mean, variance);
}
