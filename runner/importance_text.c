/* What the shares came to, for people and for programs. */
#include "importance_text.h"

#include <math.h>
#include <string.h>

#include "io/utf8.h"

enum { BAR = 40, SHOWN = 10, MAX_CELL = 40 };

/* ---- for people ------------------------------------------------------------------------------ */

static void pad(Str *out, const char *text, int width) {
  str_addf(out, "%s%*s", text, width > utf8_columns(text) ? width - utf8_columns(text) : 0, "");
}

static const char *value_text(Arena *a, const YamlNode *value) {
  if (!value) return "not there";
  const Scalar s = value->type == YAML_SCALAR ? yaml_scalar(value) : (Scalar){0};
  if (value->type == YAML_SCALAR && s.type == SCALAR_REAL) return arena_printf(a, "%.4g", s.real);
  Str text = str_new(a);
  yaml_write_flow(value, &text);
  if (text.length > MAX_CELL) return arena_printf(a, "%.*s...", MAX_CELL - 3, text.text);
  return str_text(&text);
}

static void print_head(const Importance *x, Str *out) {
  const RunDir *r = x->run;
  const long long repeats = r->spec->search.repeats;
  str_addf(out, "%s: what %s depends on, from %d of %lld trials", r->head.name,
           r->spec->search.metric.name, x->n_rows, (long long)r->head.n_trials / repeats);
  if (repeats > 1) str_addf(out, ", means of %lld repeats each", repeats);
  str_add(out, "\n");
  if (x->n_diverged)
    str_addf(out, "%d that diverged count as the worst that was seen, %.5g\n", x->n_diverged,
             x->worst);
  if (x->n_terminated)
    str_addf(out, "%d that were ended early count with the metric they had\n", x->n_terminated);
  if (x->n_failed) str_addf(out, "%d that failed are left out\n", x->n_failed);
  if (x->n_outside)
    str_addf(out, "%d at points that are not of this space are left out\n", x->n_outside);
  str_addf(out, "a forest of %d trees; of trials that it did not see it explains ",
           x->forest->n_trees);
  if (isnan(x->forest->r2))
    str_add(out, "nothing: they are all alike\n");
  else
    str_addf(out, "%.1f %% of the variance (R^2 %.3f)\n",
             100 * (x->forest->r2 > 0 ? x->forest->r2 : 0), x->forest->r2);
}

static const char *pair_name(Arena *a, const Importance *x, const FanovaEffect *e) {
  const ImportanceParameter *p = x->parameters;
  if (e->b < 0) return p[e->a].name;
  return arena_printf(a, "%s, %s", p[e->a].name, p[e->b].name);
}

static void print_bars(Arena *a, const Importance *x, const FanovaEffect *effects, int n, int width,
                       Str *out) {
  for (int i = 0; i < n; i++) {
    const FanovaEffect *e = &effects[i];
    str_add(out, "  ");
    pad(out, pair_name(a, x, e), width);
    if (isnan(e->share)) {
      str_add(out, "      -\n");
      continue;
    }
    str_addf(out, "  %5.1f %% +- %4.1f  ", 100 * e->share, 100 * e->sd);
    const int bar = (int)(BAR * (e->share < 1 ? e->share : 1) + 0.5);
    for (int k = 0; k < bar; k++) str_add(out, "#");
    while (out->text[out->length - 1] == ' ') out->text[--out->length] = '\0';
    str_add(out, "\n");
  }
}

static void print_shares(Arena *a, const Importance *x, int n_pairs, Str *out) {
  int width = 0;
  for (int i = 0; i < x->n + n_pairs; i++) {
    const FanovaEffect *e = i < x->n ? &x->main[i] : &x->pairs[i - x->n];
    const int n = utf8_columns(pair_name(a, x, e));
    if (n > width) width = n;
  }
  str_add(out, "\nshare of the variance, +- over pairs of trees\n");
  print_bars(a, x, x->main, x->n, width, out);
  if (n_pairs > 0) {
    str_addf(out, "and of two together, beyond what each does alone (%d of %d pairs)\n", n_pairs,
             x->n_pairs);
    print_bars(a, x, x->pairs, n_pairs, width, out);
  }
}

static void print_curve(Arena *a, const Importance *x, const ImportanceParameter *p, Str *out) {
  const int n = importance_shown(p, SHOWN);
  int width = 0;
  for (int i = 0; i < n; i++) {
    const int w = utf8_columns(value_text(a, p->places[importance_place(p, SHOWN, i)].value));
    if (w > width) width = w;
  }
  str_addf(out, "\n%s: mean %s over all else, +- over trees\n", p->name,
           x->run->spec->search.metric.name);
  for (int i = 0; i < n; i++) {
    const ImportancePlace *at = &p->places[importance_place(p, SHOWN, i)];
    str_add(out, "  ");
    pad(out, value_text(a, at->value), width);
    str_addf(out, "  %10.5g +- %.2g\n", at->mean, at->sd);
  }
}

static void print_region(Arena *a, const Importance *x, Str *out) {
  str_add(out, "\nbest region, each curve within its +- of its best\n");
  int width = 0, n_bound = 0;
  for (int i = 0; i < x->n; i++) {
    if (x->parameters[i].anywhere) continue;
    const int n = utf8_columns(x->parameters[i].name);
    if (n > width) width = n;
    n_bound++;
  }
  for (int k = 0; k < x->n; k++) {
    const ImportanceParameter *p = &x->parameters[x->main[k].a];
    if (p->anywhere) continue;
    str_add(out, "  ");
    pad(out, p->name, width);
    for (int i = 0; i < p->n_best; i++) {
      const bool end = p->is_range && i == p->n_best - 1;
      str_addf(out, "%s%s", i == 0 ? "  " : end ? " to " : ", ", value_text(a, p->best[i]));
    }
    str_add(out, "\n");
  }
  if (n_bound < x->n)
    str_addf(out, "  %s\n", n_bound > 0 ? "the others: any value" : "any value of any parameter");
  str_addf(out, "  the forest expects %.5g there", x->region_mean);
  if (x->region_rows > 0)
    str_addf(out, "; %d trials lie there, mean %.5g\n", x->region_rows, x->rows_mean);
  else
    str_add(out, "; no trial lies there\n");
}

void importance_print(Arena *a, const Importance *x, int n_pairs, Str *out) {
  print_head(x, out);
  print_shares(a, x, n_pairs < x->n_pairs ? n_pairs : x->n_pairs, out);
  for (int i = 0; i < x->n; i++) print_curve(a, x, &x->parameters[x->main[i].a], out);
  print_region(a, x, out);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void write_share(JsonWriter *j, const FanovaEffect *e) {
  json_key(j, "share");
  json_f64(j, e->share);
  json_key(j, "sd");
  json_f64(j, e->sd);
}

static void write_value(JsonWriter *j, const YamlNode *value) {
  if (value)
    trial_write_value(j, value);
  else
    json_none(j);
}

static void write_best(JsonWriter *j, const ImportanceParameter *p) {
  json_key(j, "best");
  json_open(j, '{');
  json_key(j, "anywhere");
  json_bool(j, p->anywhere);
  const int first = p->is_range ? p->n_best - 2 : p->n_best;
  json_key(j, "values");
  json_open(j, '[');
  for (int i = 0; i < first; i++) write_value(j, p->best[i]);
  json_close(j, ']');
  if (p->is_range) {
    json_key(j, "from");
    write_value(j, p->best[first]);
    json_key(j, "to");
    write_value(j, p->best[first + 1]);
  }
  json_close(j, '}');
}

static void write_parameter(JsonWriter *j, const Importance *x, const FanovaEffect *e) {
  const ImportanceParameter *p = &x->parameters[e->a];
  json_open(j, '{');
  json_key(j, "path");
  json_str(j, p->path);
  write_share(j, e);
  json_key(j, "curve");
  json_open(j, '[');
  for (int i = 0; i < p->n_places; i++) {
    json_open(j, '{');
    json_key(j, "value");
    write_value(j, p->places[i].value);
    json_key(j, "mean");
    json_f64(j, p->places[i].mean);
    json_key(j, "sd");
    json_f64(j, p->places[i].sd);
    json_close(j, '}');
  }
  json_close(j, ']');
  write_best(j, p);
  json_close(j, '}');
}

static void write_pair(JsonWriter *j, const Importance *x, const FanovaEffect *e) {
  json_open(j, '{');
  json_key(j, "paths");
  json_open(j, '[');
  json_str(j, x->parameters[e->a].path);
  json_str(j, x->parameters[e->b].path);
  json_close(j, ']');
  write_share(j, e);
  json_close(j, '}');
}

static void write_head(JsonWriter *j, const Importance *x) {
  const MetricSpec *m = &x->run->spec->search.metric;
  json_key(j, "schema_version");
  json_int(j, 1);
  json_key(j, "metric");
  json_str(j, m->name);
  json_key(j, "goal");
  json_str(j, m->maximize ? "maximize" : "minimize");
  json_key(j, "trials");
  json_int(j, x->n_rows);
  json_key(j, "diverged");
  json_int(j, x->n_diverged);
  json_key(j, "failed");
  json_int(j, x->n_failed);
  json_key(j, "terminated");
  json_int(j, x->n_terminated);
  json_key(j, "outside");
  json_int(j, x->n_outside);
  json_key(j, "trees");
  json_int(j, x->forest->n_trees);
  json_key(j, "r2");
  json_f64(j, x->forest->r2);
}

void importance_write_json(const Importance *x, int n_pairs, Str *out) {
  JsonWriter j = json_writer(out);
  json_open(&j, '{');
  write_head(&j, x);
  json_key(&j, "parameters");
  json_open(&j, '[');
  for (int i = 0; i < x->n; i++) write_parameter(&j, x, &x->main[i]);
  json_close(&j, ']');
  json_key(&j, "pairs");
  json_open(&j, '[');
  for (int i = 0; i < n_pairs && i < x->n_pairs; i++) write_pair(&j, x, &x->pairs[i]);
  json_close(&j, ']');
  json_key(&j, "region");
  json_open(&j, '{');
  json_key(&j, "mean");
  json_f64(&j, x->region_mean);
  json_key(&j, "trials");
  json_int(&j, x->region_rows);
  json_key(&j, "trials_mean");
  json_f64(&j, x->rows_mean);
  json_close(&j, '}');
  json_close(&j, '}');
}
