/* What `caviar plan` says. */
#include <stdio.h>

#include "forecast.h"
#include "io/json.h"

/* "123 us", "4.56 s", "7.9 h" */
static const char *time_text(Arena *a, double seconds) {
  static const struct {
    double most, unit;
    const char *name;
  } units[] = {
      {1e-3, 1e-6, "us"}, {1, 1e-3, "ms"}, {120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}};
  for (int i = 0; i < COUNT(units); i++)
    if (seconds < units[i].most)
      return arena_printf(a, "%.3g %s", seconds / units[i].unit, units[i].name);
  return arena_printf(a, "%.3g days", seconds / 86400);
}

static const char *range_text(Arena *a, double least, double most) {
  const char *from = time_text(a, least), *to = time_text(a, most);
  return str_eq(from, to) ? from : arena_printf(a, "%s to %s", from, to);
}

typedef struct {
  double least, most;
} Range;

static void widen(Range *r, bool first, double x) {
  if (first || x < r->least) r->least = x;
  if (first || x > r->most) r->most = x;
}

typedef struct {
  Range step, end, start, weights, epochs, seconds; /* of the trials; seconds: on one rank */
} Ranges;

static Ranges ranges(const Forecast *f) {
  Ranges r = {0};
  for (int i = 0; i < f->n; i++) {
    const ForecastTrial *t = &f->trials[i];
    widen(&r.step, i == 0, t->step);
    widen(&r.end, i == 0, t->end);
    widen(&r.start, i == 0, t->start);
    widen(&r.weights, i == 0, (double)t->n_weights);
    widen(&r.epochs, i == 0, (double)t->epochs);
    widen(&r.seconds, i == 0, forecast_epoch(f, t->number, 1) * (double)t->epochs);
  }
  return r;
}

/* ---- text ------------------------------------------------------------------------------------ */

static const char *counts_text(Arena *a, Range r) {
  char least[32], most[32];
  str_count((int64_t)r.least, least);
  str_count((int64_t)r.most, most);
  return str_eq(least, most) ? arena_strdup(a, least) : arena_printf(a, "%s to %s", least, most);
}

static void print_trials(Arena *a, const Forecast *f, const Ranges *r) {
  char n[32];
  if (f->spec->search.present)
    printf("%s: %s trials by %s, ", f->spec->name, str_count(f->n_trials, n),
           f->spec->search.method.kind->name);
  else
    printf("%s: one training, ", f->spec->name);
  printf("%s parameters, %s epochs%s, up to %lld rank%s a trial\n", counts_text(a, r->weights),
         counts_text(a, r->epochs), f->spec->cost.text ? " (rows of the curve)" : "",
         (long long)f->spec->train.shards, f->spec->train.shards == 1 ? "" : "s");
  if (f->n < f->n_trials)
    printf("the shapes are those of %s trials, %s\n", str_count(f->n, n),
           f->window > 0 ? "the first" : "evenly out of all");
}

static void print_measured(Arena *a, const Forecast *f, const ForecastReport *r, const Ranges *x) {
  const ForecastNet *net = &f->net;
  printf("measured   a step %s, an epoch's end %s, the rest of a trial %s, a shuffle %s:\n",
         range_text(a, x->step.least, x->step.most), range_text(a, x->end.least, x->end.most),
         range_text(a, x->start.least, x->start.most), time_text(a, f->shuffle));
  printf("           of %d trial%s that trained some steps%s%s%s\n", f->n_measured,
         f->n_measured == 1 ? "" : "s",
         r->measured_on > 1 ? arena_printf(a, " on %d ranks at once", r->measured_on) : "",
         f->n > f->n_measured ? ", the others by their sizes" : "",
         f->spec->search.present ? arena_printf(a, "; a trial on one rank takes %s",
                                                range_text(a, x->seconds.least, x->seconds.most))
                                 : "");
  printf("           rank 0: a trial's values %s, reading a result %s\n", time_text(a, f->point),
         time_text(a, f->result));
  const char *link =
      arena_printf(a, "a message %s, %.3g GB/s", time_text(a, net->latency), 1e-9 * net->bandwidth);
  if (r->link_measured) printf("           between the first and the last rank: %s\n", link);
  printf("assumed    ");
  if (!r->link_measured)
    printf("%s (--latency, --bandwidth; measured under mpirun);\n           ", link);
  printf("rank 0: any message %s, every %g s results.h5 with %s a finished trial;\n",
         time_text(a, net->serve), net->publish_every, time_text(a, net->publish));
  printf("           every rank as fast as this one; no trial stops early or diverges\n");
  if (plan_looks(f->spec))
    printf("           the method looks at results, which are random numbers here\n");
  if (sampler_generations(&f->spec->search.method).members > 0)
    printf("           every trial goes on from a checkpoint; what writing and reading these takes "
           "is left out\n");
  if (f->spec->search.early_terminate.kind)
    printf("           %s is not played: every trial trains to its end\n",
           f->spec->search.early_terminate.kind->name);
}

void forecast_print(Arena *a, const Forecast *f, const ForecastReport *r) {
  const Ranges x = ranges(f);
  const double work = forecast_work(f);
  print_trials(a, f, &x);
  print_measured(a, f, r, &x);
  printf("\n%8s %10s %8s %7s %10s %9s %10s %7s %8s\n", "ranks", "time", "speedup", "idle", "tail",
         "trials/s", "messages/s", "rank 0", "largest");
  printf("%8s %10s %8s %7s %10s %9s %10s %7s %8s\n", "", "", "", "", "", "", "", "serves", "team");
  for (int i = 0; i < r->n; i++) {
    const SimulateResult *s = &r->results[i];
    printf("%8d %10s %8.1f %6.2f%% %10s %9.4g %10.4g %6.2f%% %8d\n", r->ranks[i],
           time_text(a, s->seconds), work / s->seconds, 100 * s->idle, time_text(a, s->tail),
           (double)f->n_trials / s->seconds, (double)s->n_messages / s->seconds, 100 * s->rank0,
           s->largest);
  }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_range(JsonWriter *j, const char *key, Range r) {
  json_key(j, key);
  json_open(j, '[');
  json_f64(j, r.least);
  json_f64(j, r.most);
  json_close(j, ']');
}

static void put_link(JsonWriter *j, const ForecastNet *net) {
  json_put_f64(j, "latency_seconds", net->latency);
  json_put_f64(j, "bytes_per_second", net->bandwidth);
}

static void put_measured(JsonWriter *j, const Forecast *f, const ForecastReport *r,
                         const Ranges *x) {
  json_key(j, "measured");
  json_open(j, '{');
  json_put_int(j, "trials", f->n_measured);
  json_put_int(j, "ranks_at_once", r->measured_on);
  put_range(j, "step_seconds", x->step);
  put_range(j, "epoch_end_seconds", x->end);
  put_range(j, "start_seconds", x->start);
  put_range(j, "trial_seconds", x->seconds);
  json_put_f64(j, "shuffle_seconds", f->shuffle);
  json_put_f64(j, "point_seconds", f->point);
  json_put_f64(j, "result_seconds", f->result);
  if (r->link_measured) put_link(j, &f->net);
  json_close(j, '}');
  json_key(j, "assumed");
  json_open(j, '{');
  if (!r->link_measured) put_link(j, &f->net);
  json_put_f64(j, "message_seconds", f->net.serve);
  json_put_f64(j, "publish_every_seconds", f->net.publish_every);
  json_put_f64(j, "publish_seconds_per_trial", f->net.publish);
  json_put_f64(j, "report_seconds", f->net.report);
  json_close(j, '}');
}

static void put_result(JsonWriter *j, const Forecast *f, int ranks, double work,
                       const SimulateResult *s) {
  json_open(j, '{');
  json_put_int(j, "ranks", ranks);
  json_put_f64(j, "seconds", s->seconds);
  json_put_f64(j, "speedup", work / s->seconds);
  json_put_f64(j, "idle", s->idle);
  json_put_f64(j, "tail_seconds", s->tail);
  json_put_f64(j, "trials_per_second", (double)f->n_trials / s->seconds);
  json_put_int(j, "messages", s->n_messages);
  json_put_f64(j, "messages_per_second", (double)s->n_messages / s->seconds);
  json_put_f64(j, "rank0_share", s->rank0);
  json_put_int(j, "joined", s->n_joined);
  json_put_int(j, "largest_team", s->largest);
  json_close(j, '}');
}

void forecast_print_json(Arena *a, const Forecast *f, const ForecastReport *r) {
  const Ranges x = ranges(f);
  const double work = forecast_work(f);
  Str out = str_new(a);
  JsonWriter writer = json_writer(&out), *j = &writer;
  json_open(j, '{');
  json_put_int(j, "schema_version", 1);
  json_put_str(j, "name", f->spec->name);
  json_put_int(j, "trials", f->n_trials);
  json_put_int(j, "trials_planned", f->n);
  json_put_int(j, "shards", f->spec->train.shards);
  put_range(j, "parameters", x.weights);
  put_range(j, "epochs", x.epochs);
  json_put_f64(j, "work_seconds", work);
  put_measured(j, f, r, &x);
  json_key(j, "forecast");
  json_open(j, '[');
  for (int i = 0; i < r->n; i++) put_result(j, f, r->ranks[i], work, &r->results[i]);
  json_close(j, ']');
  json_close(j, '}');
  printf("%s\n", str_text(&out));
}
