/*
 * Several objectives: which points no other one beats in all of them, and one number of several for
 * methods that know one. Pure; losses are such that small is good.
 */
#ifndef CAVIAR_PARETO_H
#define CAVIAR_PARETO_H

#include <stdint.h>
#include "base/arena.h"

enum { OBJECTIVES_MOST = 8 };

/*
 * x dominates y where x_j <= y_j for all j, and x_j < y_j for one. front[i]: does nobody dominate
 * point i? Of equal points all are in the front; a point that has a loss that is no finite number is
 * not, and dominates nobody. losses: (n, m) row-major; front: (n). n^2 m comparisons.
 */
void pareto_front(const double *losses, int64_t n, int m, bool *front);

/*
 * Augmented Chebyshev scalarisation of losses that are scaled to [0, 1] by the least and the largest
 * of these n points (0 where these are equal):
 *
 *   out_i = max_j(w_j y_ij) + 0.05 sum_j w_j y_ij
 *
 * NaN where a loss of the point is no finite number. Knowles 2006, ParEGO, IEEE Transactions on
 * Evolutionary Computation 10(1), equation 2. The weights of a trial are drawn evenly from the
 * simplex w_j >= 0, sum w_j = 1, by its number (Knowles draws from a lattice in it).
 * losses: (n, m) row-major; w: (m); out: (n). Sums over j in order.
 */
void pareto_weights(uint64_t seed, int64_t trial, int m, double *w);
void pareto_scalars(const double *losses, int64_t n, int m, const double *w, double *out);

#endif
