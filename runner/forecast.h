/*
 * What an experiment will cost on more ranks than there are: a model of the time of its trials, from
 * a few that are measured here, played through by simulate.h.
 *
 *   forecast_trials     what is known of the trials without training: sizes, steps, messages
 *   forecast_measure    a few of them train some steps; the others' times follow from their sizes
 *   forecast_ranks      the search on so many ranks, on a virtual clock
 *
 * A trial on r ranks of a team takes, with L = log2 r, of seconds a message is under way (latency)
 * and bytes a second (bandwidth):
 *
 *   start + epochs (shuffle + end / r + gathering) + steps (step rows(r) / rows + messages)
 *   messages:  sum and exchange of n weights, halving:  2 L latency + 2 (r - 1) / r bytes / bandwidth
 *              batch norm of d features, both ways:     2 L (latency + 8 d / bandwidth)
 *              agreement on the score:                  L latency
 *
 * Not MPI, not files: what cannot be measured here comes as numbers of the caller.
 */
#ifndef CAVIAR_FORECAST_H
#define CAVIAR_FORECAST_H

#include "plan.h"
#include "simulate.h"

enum { FORECAST_TRIALS = 2000, FORECAST_MEASURED = 8 };

typedef struct {
  int64_t number; /* in the search */
  const char *point;
  int64_t epochs, steps;
  int rows;                  /* of a full mini-batch */
  int accumulate;            /* mini-batches to a step */
  double whole_steps;        /* steps, a last one of few rows as a part of one */
  bool whole_gradient;       /* every member needs all of it: clip_norm, max_norm */
  size_t n_weights, n_state; /* numbers of the optimizer besides */
  int n_norms;
  double norm_features;       /* of all layers whose statistics travel */
  double step_size, end_size; /* multiply-adds of a step; of what ends an epoch */
  double step, end;           /* seconds, measured or guessed from the sizes, */
  double start;               /*   and all that a trial takes besides its epochs */
  bool measured;
} ForecastTrial;

typedef struct {
  double latency, bandwidth;                    /* seconds, bytes a second */
  double serve;                                 /* seconds that rank 0 takes for a message */
  double publish_every, publish, publish_share; /* of results.h5, as simulate.h has them */
  double report;                                /* a trial reports its epochs so often */
} ForecastNet;

typedef struct {
  const Spec *spec;
  int64_t n_trials;
  int64_t window;        /* trials wait for results so far below them; 0: for none */
  ForecastTrial *trials; /* (n) trial t is taken to be like trials[t n / n_trials] */
  int n, n_measured;
  double shuffle; /* seconds, of an epoch */
  double point;   /* seconds of rank 0: a trial's values, */
  double result;  /*   and its result taken in */
  ForecastNet net;
} Forecast;

/* As many as FORECAST_TRIALS, evenly out of all; of a method that looks at results the first, with
 * random numbers as results. plan_check has found them sound. */
MUST_CHECK Status forecast_trials(Arena *a, const Spec *s, const TrialEnv *env, Forecast *out,
                                  Err *e);
/* Some `seconds` of training, more where a few steps take longer. E_MEMORY. */
MUST_CHECK Status forecast_measure(Arena *a, const TrialEnv *env, double seconds, Forecast *f,
                                   Err *e);
/* Seconds of an epoch of a trial by so many ranks, its start spread over them. */
double forecast_epoch(const Forecast *f, int64_t trial, int n_ranks);
/* A rank alone: all trials one after the other, without rank 0's work. */
double forecast_work(const Forecast *f);
void forecast_ranks(const Forecast *f, int n_ranks, SimulateResult *out);

/* What was found, for people and for programs. `measured_on`: ranks that measured at once;
 * link_measured: latency and bandwidth too. */
typedef struct {
  const int *ranks; /* (n) */
  const SimulateResult *results;
  int n;
  int measured_on;
  bool link_measured;
} ForecastReport;
void forecast_print(Arena *a, const Forecast *f, const ForecastReport *r);
void forecast_print_json(Arena *a, const Forecast *f, const ForecastReport *r);

#endif
