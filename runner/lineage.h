/*
 * What a trial is, of a method with generations (sampler.h): the training of its root, the trial of
 * its line that has no parent, at the root's seed and point, with edits (spec.h) where its line has
 * changed a parameter, up to the end of its generation. So it is an experiment of its own, a pure
 * function of its text; the parent's checkpoint only saves time. Of another method a trial is its own
 * root, to the end, without edits.
 *
 * An edit counts updates, which follow from the root's experiment and the rows of the training part.
 */
#ifndef CAVIAR_LINEAGE_H
#define CAVIAR_LINEAGE_H

#include "history.h"

typedef struct {
  int64_t parent;    /* -1: none */
  int64_t root;      /* the trial itself where there is no parent */
  const char *point; /* of the root */
  const char *edits; /* as spec_edited takes them; "": none */
  int64_t stop_at;   /* epochs; 0: the training ends by itself */
} Lineage;

/* Of trial n at a point that history_point or a result has. `rows`: of the training part. In `a`.
 * False: the points of its line are not there, or are none of this experiment. */
bool lineage_of(Arena *a, const History *h, int64_t rows, int64_t n, const char *point,
                Lineage *out);

/* The experiment: `base` is the whole one, with a search or none. NULL and diagnostics as plan_trial
 * and spec_edited. It does not say stop_at. */
Spec *lineage_trial(Arena *a, const Spec *base, const Lineage *l, Diag *d);

/* What trial n's point has other than its parent's, as a YAML map on one line; "{}": nothing, or it
 * has no parent. In `a`. */
const char *lineage_changed(Arena *a, const History *h, int64_t n, const char *point);

#endif
