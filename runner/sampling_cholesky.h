/*
 * Cholesky's decomposition of symmetric positive definite matrices in f64. The order of every sum is
 * fixed (ascending, one chain an element), whatever the vector width: the same bits everywhere.
 * Matrices are row-major (n, n) with rows `n` apart; only the upper triangle is read.
 */
#ifndef CAVIAR_SAMPLING_CHOLESKY_H
#define CAVIAR_SAMPLING_CHOLESKY_H

#include <stdbool.h>

/* A = U^T U, U upper triangular, over A's upper triangle. False: A is not positive definite, and is
 * spoilt. */
bool cholesky(double *a, int n);
/* The same with the least `jitter` = 0, 1e-10, 1e-9 .. 1e-2, times the mean of the diagonal, added to
 * the diagonal for which it succeeds. `scratch`: (n, n). False: none does (a NaN). */
bool cholesky_jitter(double *a, int n, double *scratch);
/* x: U^T x = b. x may be b. */
void cholesky_solve_lower(const double *u, int n, const double *b, double *x);
/* x: U x = b. x may be b. */
void cholesky_solve_upper(const double *u, int n, const double *b, double *x);
/* log det A = 2 sum log U_ii. */
double cholesky_log_det(const double *u, int n);
/* A^-1, both triangles. inverse, scratch: (n, n). */
void cholesky_inverse(const double *u, int n, double *inverse, double *scratch);

#endif
