/* Cholesky's decomposition: rows of U are finished one by one, each then taken off all rows below
 * (the outer product form: every inner loop runs along a row and adds no two of its terms). */
#include "sampling_cholesky.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"

/* y -= c x */
static void subtract(double *restrict y, const double *restrict x, double c, int n) {
  for (int i = 0; i < n; i++) y[i] -= c * x[i];
}

bool cholesky(double *a, int n) {
  for (int k = 0; k < n; k++) {
    double *row = a + (size_t)k * (size_t)n;
    if (!(row[k] > 0) || row[k] > 1e300) return false;
    const double pivot = sqrt(row[k]);
    row[k] = pivot;
    for (int j = k + 1; j < n; j++) row[j] /= pivot;
    for (int i = k + 1; i < n; i++) subtract(a + (size_t)i * (size_t)n + i, row + i, row[i], n - i);
  }
  return true;
}

bool cholesky_jitter(double *a, int n, double *scratch) {
  const size_t size = sizeof(double) * (size_t)n * (size_t)n;
  double mean = 0;
  for (int i = 0; i < n; i++) mean += a[(size_t)i * (size_t)n + (size_t)i] / n;
  memcpy(scratch, a, size);
  double jitter = 0;
  for (int attempt = 0; attempt < 10; attempt++) {
    memcpy(a, scratch, size);
    for (int i = 0; i < n; i++) a[(size_t)i * (size_t)n + (size_t)i] += jitter * mean;
    if (cholesky(a, n)) return true;
    jitter = jitter > 0 ? 10 * jitter : 1e-10;
  }
  return false;
}

void cholesky_solve_lower(const double *u, int n, const double *b, double *x) {
  if (x != b) memcpy(x, b, sizeof(double) * (size_t)n);
  for (int k = 0; k < n; k++) {
    const double *row = u + (size_t)k * (size_t)n;
    x[k] /= row[k];
    subtract(x + k + 1, row + k + 1, x[k], n - k - 1);
  }
}

void cholesky_solve_upper(const double *u, int n, const double *b, double *x) {
  if (x != b) memcpy(x, b, sizeof(double) * (size_t)n);
  for (int k = n - 1; k >= 0; k--) {
    const double *row = u + (size_t)k * (size_t)n;
    double sum = x[k];
    for (int j = k + 1; j < n; j++) sum -= row[j] * x[j];
    x[k] = sum / row[k];
  }
}

double cholesky_log_det(const double *u, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += fm_log(u[(size_t)i * (size_t)n + (size_t)i]);
  return 2 * sum;
}

/* Rows of W = U^-T, lower triangular: row k of U^T W = I; then A^-1 = W^T W. */
void cholesky_inverse(const double *u, int n, double *inverse, double *scratch) {
  const size_t stride = (size_t)n;
  double *w = scratch;
  memset(w, 0, sizeof(double) * stride * stride);
  for (int k = 0; k < n; k++) {
    double *row = w + (size_t)k * stride;
    row[k] += 1;
    for (int j = 0; j <= k; j++) row[j] /= u[(size_t)k * stride + (size_t)k];
    for (int i = k + 1; i < n; i++)
      subtract(w + (size_t)i * stride, row, u[(size_t)k * stride + (size_t)i], k + 1);
  }
  memset(inverse, 0, sizeof(double) * stride * stride);
  for (int k = 0; k < n; k++)
    for (int i = 0; i <= k; i++)
      subtract(inverse + (size_t)i * stride, w + (size_t)k * stride,
               -w[(size_t)k * stride + (size_t)i], i + 1);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      inverse[(size_t)j * stride + (size_t)i] = inverse[(size_t)i * stride + (size_t)j];
}
