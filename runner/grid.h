/* Points on a grid, as rows to predict: what a model says all over the plane. */
#ifndef CAVIAR_GRID_H
#define CAVIAR_GRID_H

#include "io/dataset.h"

enum { GRID_MAX_POINTS = 1 << 22 };

/*
 * "-3:3:200,-3:3:200": min:max:n of each feature, in the data's own units, ends included; the first
 * varies slowest. n = 1 holds a feature at min, which max then equals. Everything in `a`; nothing
 * to close. E_USAGE, also for more than GRID_MAX_POINTS points.
 */
MUST_CHECK Status grid_points(Arena *a, const char *text, IoDataset *out, Err *e);

#endif
