/*
 * Which parameters of a search matter: the shares of a forest's variance (fanova.h), the mean curve
 * of each parameter, and the region where the curves are best.
 *
 * A row is a finished trial at its place in the space's cube (space_unit; of a grid the values are
 * evenly spaced). A DIVERGED trial counts as the worst metric that was seen; FAILED ones, and points
 * that are not of this space, are left out. A trial that was ended early
 * counts with the metric that it had. A parameter that a point does not name is absent.
 */
#ifndef CAVIAR_IMPORTANCE_H
#define CAVIAR_IMPORTANCE_H

#include "fanova.h"
#include "run_dir.h"

enum {
  IMPORTANCE_LEAST = 5,   /* rows */
  IMPORTANCE_FEW = 30,    /* rows below which to warn */
  IMPORTANCE_PLACES = 51, /* of a curve, where it has no values of its own */
};

/* A value of a parameter, and the mean over all others there. */
typedef struct {
  const YamlNode *value; /* NULL: absent */
  double mean, sd;       /* of the metric; over trees */
} ImportancePlace;

typedef struct {
  const char *path, *name; /* name: as short as the space lets it be */
  const ImportancePlace *places;
  int n_places;
  bool every; /* places are all values, not some of a range */
  /* Where the curve is within a standard deviation of its best: all, these categories, or a
   * range. */
  bool anywhere;
  const YamlNode **best; /* (n_best) categories (NULL: absent); of a range first and last */
  int n_best;
  bool is_range;
} ImportanceParameter;

typedef struct {
  const RunDir *run;
  int n_rows, n_diverged, n_failed, n_outside, n_terminated;
  double worst; /* the worst metric that was seen */
  const Forest *forest;
  FanovaEffect *main;              /* (n) by share */
  FanovaEffect *pairs;             /* (n_pairs) by share */
  ImportanceParameter *parameters; /* (n) by axis */
  int n, n_pairs;
  double region_mean; /* what the forest says of the region, */
  double rows_mean;   /*   and the mean metric of the rows that lie there; NaN: none */
  int region_rows;
} Importance;

/* E_DATA: no search, or too few trials. */
MUST_CHECK Status importance_of(Arena *a, const RunDir *r, int n_trees, uint64_t seed,
                                Importance *out, Err *e);

/* Of a curve about `most` places, evenly: which of n to show, i = 0 .. importance_shown - 1. */
int importance_shown(const ImportanceParameter *p, int most);
int importance_place(const ImportanceParameter *p, int most, int i);

#endif
