/*
 * The search space: which dotted paths vary, over what, on which scale.
 *
 *   linear          x uniform in [min, max]
 *   log             log x uniform
 *   one_minus_log   log(1 - x) uniform: [0.9, 0.999] gives x > 0.99 half of the time
 * An integer parameter (the path's table row says so) draws from min .. max, both ends with the
 * weight of the others. `q` rounds to multiples of q (counted from 0), inside the bounds.
 *
 * A parameter with conditions is a dimension like the others, so that the space stays a cube; a
 * point has no value of it where they do not hold.
 */
#ifndef CAVIAR_SPACE_H
#define CAVIAR_SPACE_H

#include "io/yaml.h"

typedef enum { SCALE_LINEAR, SCALE_LOG, SCALE_ONE_MINUS_LOG } Scale;

/* `when`: the parameter is there only where another one, dims[dim], has one of these values. */
typedef struct {
  int dim;
  const YamlNode **values; /* (n_values) */
  int n_values;
} Condition;

typedef struct {
  const char *path;
  Mark mark;
  const Param *param;      /* the row of the parameter; NULL where values replace lists of layers */
  const YamlNode **values; /* `values` or `value`; NULL for a range */
  int n_values;
  bool integer;
  double min, max, q; /* q 0: none */
  Scale scale;
  int points; /* grid values of a range */
  Condition *when;
  int n_when; /* all must hold; 0: it is always there */
  bool fixed; /* it cannot change while a training goes on; only where the method asks */
} Dim;

typedef struct {
  Dim *dims;
  int n;
  const int
      *order; /* (n) the dims, each behind those that its conditions name; NULL: as they are */
} Space;

/* A place in the space: values[i] for dims[i]; NULL: not there. */
typedef struct {
  const YamlNode **values;
  int n;
} Point;

enum { SPACE_GRID_MAX = 10000000 }; /* points of a grid, and values of a range on it */

/* The value at u in [0, 1) of the scaled coordinate (the inverse of its distribution). */
const YamlNode *space_value(Arena *a, const Dim *dim, double u);
/* where space_value has it: the middle of the cell of a category or step; NaN: not a value of this
 * dimension */
double space_unit(const Dim *dim, const YamlNode *value);
/* Values of a range on a grid: `points` evenly spaced in the scaled coordinate, both ends included;
 * duplicates after rounding removed. Without `points` an integer range or one with q takes all its
 * values; a continuous one has size 0. */
int space_grid_size(const Dim *dim);
const YamlNode *space_grid_value(Arena *a, const Dim *dim, int i);

/* The dimension of that path; -1: none. The path that is most like it; NULL: none is. */
int space_find(const Space *s, const char *path);
const char *space_nearest(const Space *s, const char *path);

/* `value` as the dimension itself has it, made in `a`; NULL: it never has that. */
YamlNode *space_own_value(Arena *a, const Dim *dim, const YamlNode *value);
/* What it may be, for people: "sgd, adam", "from 1 to 4". */
void space_values_text(const Dim *dim, Str *out);

/* Do the conditions of dims[i] hold, the others having these values? */
bool space_holds(const Space *s, const Point *p, int i);
/* Leaves out what conditions leave out. */
void space_drop_absent(const Space *s, Point *p);

/* The values of a map by path; values that are not there are NULL. `map` may be NULL. */
void space_point(Arena *a, const Space *s, const YamlNode *map, Point *out);
/* Each value's place u (s->n), by space_unit; what is none of the dimension, or not there: 0.5. */
void space_units(const Space *s, const Point *p, double *u);

#endif
