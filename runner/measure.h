/*
 * The metrics that an experiment lists (`metrics:`), measured on a part of the data or on a dataset:
 * planned and laid out before the first step, fed with the rows of each evaluation chunk in order.
 */
#ifndef CAVIAR_MEASURE_H
#define CAVIAR_MEASURE_H

#include "io/json.h"
#include "spec.h"

/* Those of the list that the loss does not give already (an accuracy that it counts). */
typedef struct {
  NnMetric **metrics; /* (n) in the list's order, */
  const char **names; /* (n) "f1", "top_5": those with a value; */
  NnMetric *matrix;   /*   and the confusion matrix; NULL: not asked for */
  int n, n_classes;
} Measure;

/* For at most n_rows rows; what does not apply to these targets is in `d` at the list's item. Small
 * things go to `a`. E_SHAPE. */
MUST_CHECK Status measure_plan(Arena *a, const Spec *s, const NnModel *model, NnTargets targets,
                               int64_t n_rows, Diag *d, Measure *out, Err *e);
/* Its memory; on a measuring arena too. */
void measure_open(const Measure *m, Arena *numbers);
void measure_start(const Measure *m);
/* The next rows. */
void measure_rows(const Measure *m, const NnPredictions *rows);
/* Is there nothing to measure? */
bool measure_is_empty(const Measure *m);

typedef struct {
  int n;                /* classes; 0: no matrix */
  const char **classes; /* (n) names */
  int64_t *counts;      /* (n, n) rows the true classes, columns the predicted ones */
} Confusion;

/* What it came to. */
typedef struct {
  int n;
  const char **names; /* (n) */
  double *values;     /* (n) */
  Confusion confusion;
} Metrics;

/* Of all rows since measure_start; copied into `a`, names by pointer. */
void measure_result(Arena *a, const Measure *m, const char **class_names, Metrics *out);

/* `"metrics": {"f1": 0.9, ..}`, of none nothing; and back (not there: none). */
void metrics_write(JsonWriter *j, const Metrics *m);
void metrics_read(Arena *a, const JsonValue *object, Metrics *out);

/* `"confusion": {"classes": [..], "validation": [[..], ..], "test": ..}` of those that are there;
 * and back one of them (not there: n = 0). E_DATA: it is no matrix. */
void confusion_write(JsonWriter *j, const Confusion *validation, const Confusion *test);
MUST_CHECK Status confusion_read(Arena *a, const JsonValue *object, const char *part,
                                 Confusion *out, Err *e);

/* A table for people: a row a true class, a column a predicted one. */
void confusion_print(const Confusion *c, const char *title, Str *out);

#endif
