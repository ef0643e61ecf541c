/*
 * The part of results.h5 that is about the search as a whole, beside its trials:
 *
 *   /repeats/...   where search.repeats is above 1, one row a point that has a finished trial, in
 *                  order of the points' numbers: point, trials (finished), mean, sd, best_trial
 *   /trials/n_parameters, /trials/multiply_adds   of models
 *   /trials/front, /objectives/<name>             with several objectives, rows as in /trials
 *   /search/boxes/...   of coarse_to_fine, one row a stage and parameter: stage, first_trial,
 *                  n_best, dimension, low, high; of categories kept, a YAML list (search_boxes.h)
 */
#ifndef CAVIAR_RECORD_SEARCH_H
#define CAVIAR_RECORD_SEARCH_H

#include "io/h5.h"
#include "run_dir.h"

/* Scratch in `a`. E_IO. */
MUST_CHECK Status record_search(Arena *a, const RunDir *r, H5Out *file, Err *e);

#endif
