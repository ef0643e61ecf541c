/* The search on so many ranks, from the model of a trial. */
#include "forecast.h"

static const double bytes_a_number = sizeof(Real);
enum { SHORT = 4096 }; /* numbers that are summed whole by all; about mpi_exchange.h's envelope */

static int log2_of(int r) {
  int levels = 0;
  for (; r > 1; r /= 2) levels++;
  return levels;
}

/* Seconds of the messages of a step. */
static double messages(const ForecastNet *net, const ForecastTrial *t, int r) {
  const int levels = log2_of(r);
  const double bytes = (double)t->n_weights * bytes_a_number;
  const double half = levels * net->latency + (double)(r - 1) / r * bytes / net->bandwidth;
  double sum = half, exchange = half;
  if (t->whole_gradient) sum = 2 * half, exchange = 0;
  if (t->n_weights <= SHORT) {
    sum = levels * (net->latency + bytes / net->bandwidth);
    exchange = 0;
  }
  const double norms =
      2.0 * levels *
      (t->n_norms * net->latency + 2 * bytes_a_number * t->norm_features / net->bandwidth);
  return t->accumulate * (sum + norms + levels * net->latency) + exchange;
}

/* Rows of the member that has the most, as a share of all. */
static double largest_share(const ForecastTrial *t, int r) {
  const int rows = (t->rows + r - 1) / r;
  return (double)rows / t->rows;
}

static const ForecastTrial *like(const Forecast *f, int64_t trial) {
  return &f->trials[trial * f->n / f->n_trials];
}

double forecast_epoch(const Forecast *f, int64_t trial, int n_ranks) {
  const ForecastTrial *t = like(f, trial);
  double steps = t->whole_steps * t->step, end = t->end;
  if (n_ranks > 1) {
    steps *= largest_share(t, n_ranks);
    steps += (double)t->steps * messages(&f->net, t, n_ranks);
    end = t->end / n_ranks + (n_ranks - 1) * f->net.latency;
  }
  return (t->start + steps) / (double)t->epochs + end + f->shuffle + 1e-9;
}

double forecast_work(const Forecast *f) {
  double seconds = 0;
  for (int64_t i = 0; i < f->n_trials; i++)
    seconds += forecast_epoch(f, i, 1) * (double)like(f, i)->epochs;
  return seconds;
}

static int64_t epochs(const void *ctx, int64_t trial) {
  return like(ctx, trial)->epochs;
}

static double epoch_seconds(const void *ctx, int64_t trial, int n_ranks) {
  return forecast_epoch(ctx, trial, n_ranks);
}

/* Those who join plan a model and get weights and state. */
static double join_seconds(const Forecast *f) {
  double seconds = 0;
  for (int i = 0; i < f->n; i++) {
    const ForecastTrial *t = &f->trials[i];
    seconds += t->start + (double)(t->n_weights + t->n_state) * bytes_a_number / f->net.bandwidth;
  }
  return seconds / f->n;
}

void forecast_ranks(const Forecast *f, int n_ranks, SimulateResult *out) {
  const Spec *s = f->spec;
  const SimulateJob job = {.n_ranks = n_ranks,
                           .shards = (int)s->train.shards,
                           .ranks = (int)s->resources.ranks_per_trial,
                           .n_trials = f->n_trials,
                           .window = f->window,
                           .generation = sampler_generations(&f->spec->search.method).members,
                           .latency = f->net.latency,
                           .serve = f->net.serve,
                           .report = f->net.report,
                           .join = join_seconds(f),
                           .hand_out = f->point,
                           .record = f->result,
                           .publish_every = f->net.publish_every,
                           .publish = f->net.publish,
                           .publish_share = f->net.publish_share,
                           .ctx = f,
                           .epochs = epochs,
                           .epoch_seconds = epoch_seconds};
  simulate(&job, out);
}
