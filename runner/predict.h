/*
 * Predictions of a trained model for the rows of a dataset, and the two files they are written to.
 */
#ifndef CAVIAR_PREDICT_H
#define CAVIAR_PREDICT_H

#include "trial_model.h"

typedef struct {
  int64_t n;            /* rows */
  const double *points; /* (n, d) to be written beside them, as x1 .. xd; NULL: none */
  int d;
  int n_columns;            /* classes, or values where there are none */
  const char **class_names; /* (n_columns); NULL: values */
  float *values;            /* (n, n_columns) probabilities or predicted values */
  bool hardmax;             /* values are one-hot: 1 at the predicted class, 0 elsewhere */
  int32_t *predicted; /* (n) the most probable class, the first of equals; NULL without classes */
  bool scored;        /* the dataset has targets that suit the model: */
  double loss, accuracy; /*   means over the rows; accuracy NaN where there is no such notion */
  Metrics metrics;       /*   those that the experiment lists */
} Prediction;

/* E_DATA if the features are not those of the model. Everything in `a`. */
MUST_CHECK Status predict_rows(Arena *a, const TrialModel *m, const IoDataset *set, Prediction *out,
                               Err *e);

/* Hardmax: each row's probabilities become one-hot. E_USAGE without classes. */
MUST_CHECK Status predict_hardmax(Prediction *p, Err *e);

/* .csv: row,predicted,prob_<class> .. (hardmax_<class> ..) or row,value_1 .., of points
 * x1,x2,..,predicted ..; .h5: /probabilities (/hardmax), /predicted or
 * /values, and accuracy and loss as attributes. The ending decides. E_USAGE, E_IO. */
MUST_CHECK Status predict_check_path(const char *path, Err *e);
MUST_CHECK Status predict_write(Arena *a, const Prediction *p, const char *path, Err *e);

#endif
