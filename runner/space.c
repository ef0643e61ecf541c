#include "space.h"

#include <limits.h>
#include <math.h>

#include "base/fmath.h"

/*
 * The scaled coordinate of a range, and back: linear t = x, log t = log x, one_minus_log
 * t = -log(1 - x). All grow with x, so that u = 0 is min and u -> 1 is max.
 */
static double forward(Scale scale, double x) {
  if (scale == SCALE_LOG) return fm_log(x);
  if (scale == SCALE_ONE_MINUS_LOG) return -fm_log(1 - x);
  return x;
}

static double backward(Scale scale, double t) {
  if (scale == SCALE_LOG) return fm_exp(t);
  if (scale == SCALE_ONE_MINUS_LOG) return 1 - fm_exp(-t);
  return t;
}

static double clamp(double x, double min, double max) {
  return x < min ? min : x > max ? max : x;
}

/* x at the fraction u of the way from min to max on the scale. */
static double between(Scale scale, double min, double max, double u) {
  const double t0 = forward(scale, min), t1 = forward(scale, max);
  return backward(scale, t0 + u * (t1 - t0));
}

/* What a range is made of: integers and multiples of q are k * step, k = first .. last. */
typedef struct {
  double step, first, last; /* step 0: continuous */
} Steps;

static Steps steps_of(const Dim *d) {
  Steps s = {.step = d->q > 0 ? d->q : d->integer ? 1 : 0};
  if (s.step == 0) return s;
  /* A min of 0.3 is the third multiple of 0.1, whatever 0.3 / 0.1 rounds to. */
  s.first = -floor(-(d->min / s.step) + 1e-9);
  s.last = floor(d->max / s.step + 1e-9);
  return s;
}

/* k * q as it would be written: 3 * 0.1 is 0.3. */
static double multiple(double q, double k) {
  const double per_unit = floor(1 / q + 0.5);
  if (per_unit >= 1 && fm_fabs(1 / q - per_unit) <= 1e-9 * per_unit) return k / per_unit;
  return k * q;
}

static double nearest_step(const Dim *d, Steps s, double x) {
  const double k = clamp(floor(x / s.step + 0.5), s.first, s.last);
  return clamp(multiple(s.step, k), d->min, d->max);
}

/* From where to where the cells of the steps reach. */
static void ends_of(const Dim *d, Steps s, double *low, double *high) {
  *low = (s.first - 0.5) * s.step;
  *high = (s.last + 0.5) * s.step;
  if (d->scale == SCALE_LOG && *low <= 0) *low = d->min;
  if (d->scale == SCALE_ONE_MINUS_LOG && *high >= 1) *high = d->max;
}

/*
 * Steps on the linear scale all weigh the same. On another scale step k weighs what its cell, half
 * a step to either side, weighs on that scale; the cells of the ends are whole too, as far as the
 * scale is defined there.
 */
static double step_at(const Dim *d, Steps s, double u) {
  if (d->scale == SCALE_LINEAR) {
    const double k = clamp(s.first + floor(u * (s.last - s.first + 1)), s.first, s.last);
    return clamp(multiple(s.step, k), d->min, d->max);
  }
  double low, high;
  ends_of(d, s, &low, &high);
  return nearest_step(d, s, between(d->scale, low, high, u));
}

static const YamlNode *number(Arena *a, const Dim *d, double x) {
  char text[32];
  return yaml_new_scalar(a, str_f64(x, text), false, d->mark);
}

const YamlNode *space_value(Arena *a, const Dim *d, double u) {
  if (d->values) {
    const int i = (int)(u * d->n_values);
    return d->values[i < d->n_values ? i : d->n_values - 1];
  }
  const Steps s = steps_of(d);
  if (s.step > 0) return number(a, d, step_at(d, s, u));
  return number(a, d, clamp(between(d->scale, d->min, d->max, u), d->min, d->max));
}

/* ---- and back -------------------------------------------------------------------------------- */

/* The fraction of the way from min to max on the scale: the inverse of `between`. */
static double fraction(Scale scale, double min, double max, double x) {
  const double t0 = forward(scale, min), t1 = forward(scale, max);
  return t1 > t0 ? (forward(scale, x) - t0) / (t1 - t0) : 0.5;
}

static double unit_of_step(const Dim *d, Steps s, double x) {
  const double k = clamp(floor(x / s.step + 0.5), s.first, s.last);
  if (!(fm_fabs(nearest_step(d, s, x) - x) <= 1e-9 * s.step)) return NAN;
  if (d->scale == SCALE_LINEAR) return (k - s.first + 0.5) / (s.last - s.first + 1);
  double low, high;
  ends_of(d, s, &low, &high);
  const double from = clamp((k - 0.5) * s.step, low, high),
               to = clamp((k + 0.5) * s.step, low, high);
  return 0.5 * (fraction(d->scale, low, high, from) + fraction(d->scale, low, high, to));
}

double space_unit(const Dim *d, const YamlNode *value) {
  for (int i = 0; i < d->n_values; i++)
    if (yaml_equal(d->values[i], value)) return (i + 0.5) / d->n_values;
  if (d->values || value->type != YAML_SCALAR) return NAN;
  const Scalar v = yaml_scalar(value);
  if (v.type != SCALAR_INT && v.type != SCALAR_REAL) return NAN;
  if (!(v.real >= d->min && v.real <= d->max)) return NAN;
  const Steps s = steps_of(d);
  if (s.step > 0) return unit_of_step(d, s, v.real);
  return clamp(fraction(d->scale, d->min, d->max, v.real), 0, 1 - 0x1p-53);
}

bool space_holds(const Space *s, const Point *p, int i) {
  for (int k = 0; k < s->dims[i].n_when; k++) {
    const Condition *c = &s->dims[i].when[k];
    const YamlNode *value = p->values[c->dim];
    bool is_one = false;
    for (int v = 0; value && v < c->n_values && !is_one; v++)
      is_one = yaml_equal(value, c->values[v]);
    if (!is_one) return false;
  }
  return true;
}

void space_drop_absent(const Space *s, Point *p) {
  for (int k = 0; s->order && k < s->n; k++)
    if (!space_holds(s, p, s->order[k])) p->values[s->order[k]] = NULL;
}

void space_point(Arena *a, const Space *s, const YamlNode *map, Point *out) {
  *out = (Point){.values = ARENA_ARRAY(a, const YamlNode *, s->n), .n = s->n};
  for (int i = 0; i < s->n; i++) out->values[i] = yaml_get(map, s->dims[i].path);
}

void space_units(const Space *s, const Point *p, double *u) {
  for (int i = 0; i < s->n; i++) {
    u[i] = p->values[i] ? space_unit(&s->dims[i], p->values[i]) : NAN;
    if (isnan(u[i])) u[i] = 0.5;
  }
}

int space_find(const Space *s, const char *path) {
  for (int i = 0; i < s->n; i++)
    if (str_eq(s->dims[i].path, path)) return i;
  return -1;
}

const char *space_nearest(const Space *s, const char *path) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (int i = 0; i < s->n; i++)
    if (str_nearer(path, s->dims[i].path, &best)) nearest = s->dims[i].path;
  return nearest;
}

YamlNode *space_own_value(Arena *a, const Dim *d, const YamlNode *value) {
  const double u = space_unit(d, value);
  if (isnan(u)) return NULL;
  if (d->values) return yaml_copy(a, space_value(a, d, u));
  char text[32];
  return yaml_new_scalar(a, str_f64(yaml_scalar(value).real, text), false, value->mark);
}

void space_values_text(const Dim *d, Str *out) {
  char min[32], max[32], q[32];
  if (d->values == NULL) {
    str_addf(out, "from %s to %s", str_f64(d->min, min), str_f64(d->max, max));
    if (d->q > 0) str_addf(out, ", multiples of %s", str_f64(d->q, q));
    return;
  }
  for (int i = 0; i < d->n_values; i++) {
    if (i > 0) str_add(out, ", ");
    yaml_write_flow(d->values[i], out);
  }
}

/* ---- grids ----------------------------------------------------------------------------------- */

/* The ends are exact, whatever the scale's functions round to. */
static double grid_point(const Dim *d, Steps s, int i) {
  double x = d->min;
  if (i == d->points - 1)
    x = d->max;
  else if (i > 0)
    x = between(d->scale, d->min, d->max, (double)i / (d->points - 1));
  return s.step > 0 ? nearest_step(d, s, x) : clamp(x, d->min, d->max);
}

/* Number of grid values; where `wanted` >= 0 also the value of that number. */
static int walk_grid(const Dim *d, int wanted, double *value) {
  const Steps s = steps_of(d);
  int n = 0;
  double last = 0;
  for (int i = 0; i < d->points; i++) {
    const double x = grid_point(d, s, i);
    if (i > 0 && x == last) continue;
    if (n == wanted) *value = x;
    last = x;
    n++;
  }
  return n;
}

int space_grid_size(const Dim *d) {
  if (d->values) return d->n_values;
  if (d->points > 0) return walk_grid(d, -1, NULL);
  const Steps s = steps_of(d);
  if (s.step == 0) return 0;
  const double n = s.last - s.first + 1;
  return n > SPACE_GRID_MAX ? SPACE_GRID_MAX : (int)n;
}

const YamlNode *space_grid_value(Arena *a, const Dim *d, int i) {
  if (d->values) return d->values[i];
  double x = 0;
  if (d->points > 0) {
    (void)walk_grid(d, i, &x);
    return number(a, d, x);
  }
  const Steps s = steps_of(d);
  return number(a, d, clamp(multiple(s.step, s.first + i), d->min, d->max));
}
