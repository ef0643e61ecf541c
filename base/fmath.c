/*
 * The f64 functions. Branches are fine here; vector loops run over the f32 ones.
 *
 * Logarithms are computed as an unevaluated sum of two doubles (Dekker 1971), so that pow loses
 * nothing. Results below 2^-1022 of exp and pow are 0, whether denormals are flushed or not.
 */
#include "fmath.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"

typedef struct {
  double hi, lo; /* |lo| <= ulp(hi) / 2 */
} Pair;

static const double infinity = __builtin_inf(), nan_value = __builtin_nan("");
static const double smallest_normal = 0x1p-1022;

static uint64_t bits_of(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static double from_bits(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

double fm_fabs(double x) {
  return from_bits(bits_of(x) & ~(1ull << 63));
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* a + b exactly, |a| >= |b| or a = 0. */
static Pair fast_two_sum(double a, double b) {
  double s = a + b;
  return (Pair){s, b - (s - a)};
}

static Pair two_sum(double a, double b) {
  double s = a + b, t = s - a;
  return (Pair){s, (a - (s - t)) + (b - t)};
}

/* The upper 26 bits of x (Veltkamp); |x| below 2^990. */
static double upper_half(double x) {
  double t = x * 134217729.0; /* 2^27 + 1 */
  return t - (t - x);
}

/* a b exactly (Dekker), without a fused multiply-add. */
static Pair two_product(double a, double b) {
  double p = a * b, ah = upper_half(a), al = a - ah, bh = upper_half(b), bl = b - bh;
  return (Pair){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

static Pair pair_times(Pair a, Pair b) {
  Pair p = two_product(a.hi, b.hi);
  return fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static Pair pair_plus(Pair a, Pair b) {
  Pair s = two_sum(a.hi, b.hi);
  return fast_two_sum(s.hi, s.lo + (a.lo + b.lo));
}

/* ---- exp ------------------------------------------------------------------------------------- */

/* The nearest integer, |x| below 2^51; ties to even. */
static double nearest(double x) {
  const double shift = 0x1.8p52;
  return (x + shift) - shift;
}

/* 2^k, -1022 <= k <= 1023 */
static double power_of_two(int k) {
  return from_bits((uint64_t)(k + 1023) << 52);
}

static const double ln2_hi = 0x1.62e42fefa2p-1, ln2_lo = 0x1.9ef35793c7673p-41;
static const double inverse_ln2 = 0x1.71547652b82fep+0;

/* e^r - 1 - r, |r| <= ln 2 / 2 + a little: Taylor; the first term left out is below 2^-58. */
static double exp_tail(double r) {
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return p * r * r;
}

/* x.hi + x.lo = k ln 2 + r, r as a pair. ln2_hi has 40 bits: k ln2_hi is exact. */
static Pair reduce_exp(Pair x, int *k) {
  double n = nearest(x.hi * inverse_ln2);
  *k = (int)n;
  double high = x.hi - n * ln2_hi; /* exact: neighbours */
  return two_sum(high, x.lo - n * ln2_lo);
}

/* e^(x.hi + x.lo) */
static double exp_pair(Pair x) {
  if (x.hi != x.hi) return x.hi;
  if (x.hi > 710) return infinity;
  if (x.hi < -709) return 0;
  int k;
  Pair r = reduce_exp(x, &k);
  Pair head = fast_two_sum(1, r.hi);
  double y = head.hi + (head.lo + (r.lo + (exp_tail(r.hi) + r.hi * r.lo)));
  if (k < -1022 || (k == -1022 && y < 1)) return 0;
  return y * power_of_two(k / 2) * power_of_two(k - k / 2);
}

double fm_exp(double x) {
  return exp_pair((Pair){x, 0});
}

double fm_expm1(double x) {
  if (x != x || x == infinity) return x;
  if (x > 40 || x < -40) return fm_exp(x) - 1;
  if (fm_fabs(x) < 0x1p-54) return x;
  int k;
  Pair r = reduce_exp((Pair){x, 0}, &k);
  double tail = r.lo + (exp_tail(r.hi) + r.hi * r.lo), scale = power_of_two(k);
  if (k == 0) return r.hi + tail;
  Pair sum = two_sum(scale - 1, scale * r.hi); /* scale - 1 is exact up to 2^53, nearly beyond */
  return sum.hi + (sum.lo + scale * tail);
}

/* ---- log ------------------------------------------------------------------------------------- */

/*
 * log x = k ln 2 + 2 atanh s,  x = 2^k m,  sqrt(1/2) <= m < sqrt(2),  s = (m - 1) / (m + 1),
 * 2 atanh s = 2 s (1 + s^2/3 + s^4/5 + ...); s, s^2/3 and all sums as pairs, the rest (below 2^-12)
 * plainly: relative error below 2^-64. x positive, normal, finite.
 */
static Pair log_pair(double x) {
  const double third_hi = 0x1.5555555555555p-2, third_lo = 0x1.5555555555555p-56;
  uint64_t u = bits_of(x) + (0x3FF0000000000000u - 0x3FE6A09E667F3BCDu);
  double k = (double)((int)(u >> 52) - 1023);
  double m = from_bits((u & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu);

  double f = m - 1; /* exact */
  Pair d = two_sum(2, f);
  double quotient = f / d.hi;
  Pair back = two_product(quotient, d.hi);
  Pair s = fast_two_sum(quotient, (((f - back.hi) - back.lo) - quotient * d.lo) / d.hi);

  Pair w = pair_times(s, s);
  double rest = 1.0 / 29;
  for (int n = 27; n >= 5; n -= 2) rest = rest * w.hi + 1.0 / n;
  rest *= w.hi * w.hi;
  Pair series = pair_plus(pair_times(w, (Pair){third_hi, third_lo}), (Pair){rest, 0});
  Pair twice = {2 * s.hi, 2 * s.lo};
  Pair log_m = pair_plus(twice, pair_times(twice, series));
  return pair_plus((Pair){k * ln2_hi, k * ln2_lo}, log_m);
}

double fm_log(double x) {
  if (x != x || x == infinity) return x;
  if (x <= -smallest_normal) return nan_value;
  if (x < smallest_normal) return -infinity;
  return log_pair(x).hi;
}

double fm_log1p(double x) {
  if (x != x || x == infinity || fm_fabs(x) < 0x1p-54) return x;
  if (x < -1) return nan_value;
  if (x == -1) return -infinity;
  Pair u = two_sum(1, x); /* log(hi + lo) = log hi + lo/hi, up to 2^-106 */
  return pair_plus(log_pair(u.hi), (Pair){u.lo / u.hi, 0}).hi;
}

/* ---- pow ------------------------------------------------------------------------------------- */

static bool is_integral(double y) {
  return fm_fabs(y) >= 0x1p51 || nearest(y) == y;
}

static bool is_odd(double y) {
  return is_integral(y) && fm_fabs(y) < 0x1p53 && !is_integral(y / 2);
}

/* x >= 0; 0 and infinity at either place. */
static double pow_at_limits(double x, double y) {
  return (x > 1) == (y > 0) ? infinity : 0;
}

double fm_pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return nan_value;
  bool y_infinite = fm_fabs(y) == infinity;
  double sign = 1;
  if (x < 0) {
    if (!is_integral(y) && x != -infinity) return nan_value;
    if (is_odd(y)) sign = -1;
    x = -x;
    if (x == 1) return sign;
  }
  if (x < smallest_normal || x == infinity || y_infinite) return sign * pow_at_limits(x, y);
  Pair l = log_pair(x);
  if (fm_fabs(y * l.hi) > 800) return sign * (y * l.hi > 0 ? infinity : 0);
  Pair p = two_product(y, l.hi);
  return sign * exp_pair(fast_two_sum(p.hi, p.lo + y * l.lo));
}

double fm_powi(double x, int64_t n) {
  uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  double result = 1;
  for (; left; left >>= 1) {
    if (left & 1) result *= x;
    x *= x;
  }
  return n < 0 ? 1 / result : result;
}

/* ---- sin, cos -------------------------------------------------------------------------------- */

/*
 * x = k pi/2 + r as a pair, |x| <= 2^20. pi/2 in pieces of 33 bits and a rest (fdlibm,
 * e_rem_pio2.c): each product with k is exact.
 */
static Pair reduce_quarter(double x, int *quadrant) {
  const double pi_2[3] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69};
  const double pi_2_rest = 0x1.b839a252049c1p-104, two_over_pi = 0x1.45f306dc9c883p-1;
  double k = nearest(x * two_over_pi);
  *quadrant = (int)((int64_t)k & 3);
  Pair r = {x - k * pi_2[0], 0}; /* exact: neighbours */
  for (int i = 1; i < 3; i++) {
    Pair less = two_sum(r.hi, -(k * pi_2[i]));
    r = fast_two_sum(less.hi, less.lo + r.lo);
  }
  return fast_two_sum(r.hi, r.lo - k * pi_2_rest);
}

/* sin(r), |r| <= pi/4: the Taylor series to r^17. */
static double sin_near(Pair r) {
  double z = r.hi * r.hi;
  double p = 1.0 / 355687428096000.0;
  p = p * z - 1.0 / 1307674368000.0;
  p = p * z + 1.0 / 6227020800.0;
  p = p * z - 1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z - 1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z - 1.0 / 6.0;
  return r.hi + (p * z * r.hi + r.lo * (1 - 0.5 * z));
}

/* cos(r), |r| <= pi/4: the Taylor series to r^18. */
static double cos_near(Pair r) {
  double z = r.hi * r.hi;
  double p = -1.0 / 6402373705728000.0;
  p = p * z + 1.0 / 20922789888000.0;
  p = p * z - 1.0 / 87178291200.0;
  p = p * z + 1.0 / 479001600.0;
  p = p * z - 1.0 / 3628800.0;
  p = p * z + 1.0 / 40320.0;
  p = p * z - 1.0 / 720.0;
  p = p * z + 1.0 / 24.0;
  Pair head = fast_two_sum(1, -0.5 * z);
  return head.hi + (head.lo + (p * z * z - r.hi * r.lo));
}

static double sine_of(double x, int quarters_ahead) {
  if (!(fm_fabs(x) <= 0x1p20)) return nan_value;
  int quadrant;
  Pair r = reduce_quarter(x, &quadrant);
  quadrant += quarters_ahead;
  double y = quadrant & 1 ? cos_near(r) : sin_near(r);
  return quadrant & 2 ? -y : y;
}

double fm_sin(double x) {
  return sine_of(x, 0);
}

double fm_cos(double x) {
  return sine_of(x, 1);
}

/* ---- tanh, erf ------------------------------------------------------------------------------- */

double fm_tanh(double x) {
  double a = fm_fabs(x);
  if (!(a >= 0x1p-28)) return x; /* nan too */
  double e = a > 22 ? infinity : fm_expm1(2 * a);
  double y = a > 22 ? 1 : e / (e + 2);
  return x < 0 ? -y : y;
}

static double polynomial(const double *c, int n, double x) {
  double p = c[n - 1];
  for (int i = n - 2; i >= 0; i--) p = p * x + c[i];
  return p;
}

/* The rational approximations of fdlibm's s_erf.c (Copyright 1993 Sun Microsystems; freely
 * granted). */
static const double erf_p[] = {
    1.28379167095512558561e-01,  -3.25042107247001499370e-01, -2.84817495755985104766e-02,
    -5.77027029648944159157e-03, -2.37630166566501626084e-05,
};
static const double erf_q[] = {
    1,
    3.97917223959155352819e-01,
    6.50222499887672944485e-02,
    5.08130628187576562776e-03,
    1.32494738004321644526e-04,
    -3.96022827877536812320e-06,
};
static const double erf_pa[] = {
    -2.36211856075265944077e-03, 4.14856118683748331666e-01,  -3.72207876035701323847e-01,
    3.18346619901161753674e-01,  -1.10894694282396677476e-01, 3.54783043256182359371e-02,
    -2.16637559486879084300e-03,
};
static const double erf_qa[] = {
    1,
    1.06420880400844228286e-01,
    5.40397917702171048937e-01,
    7.18286544141962662868e-02,
    1.26171219808761642112e-01,
    1.36370839120290507362e-02,
    1.19844998467991074170e-02,
};
static const double erf_ra[] = {
    -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01,
    -6.23753324503260060396e+01, -1.62396669462573470355e+02, -1.84605092906711035994e+02,
    -8.12874355063065934246e+01, -9.81432934416914548592e+00,
};
static const double erf_sa[] = {
    1,
    1.96512716674392571292e+01,
    1.37657754143519042600e+02,
    4.34565877475229228821e+02,
    6.45387271733267880336e+02,
    4.29008140027567833386e+02,
    1.08635005541779435134e+02,
    6.57024977031928170135e+00,
    -6.04244152148580987438e-02,
};
static const double erf_rb[] = {
    -9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01,
    -1.60636384855821916062e+02, -6.37566443368389627722e+02, -1.02509513161107724954e+03,
    -4.83519191608651397019e+02,
};
static const double erf_sb[] = {
    1,
    3.03380607434824582924e+01,
    3.25792512996573918826e+02,
    1.53672958608443695994e+03,
    3.19985821950859553908e+03,
    2.55305040643316442583e+03,
    4.74528541206955367215e+02,
    -2.24409524465858183362e+01,
};
#define RATIONAL(p, q, x) (polynomial(p, COUNT(p), x) / polynomial(q, COUNT(q), x))

/* 1.25 <= a < 6: 1 - exp(-a^2 - 0.5625 + R/S) / a, with a^2 split so that exp sees it exactly. */
static double erf_far(double a) {
  double s = 1 / (a * a);
  double ratio = a < 1 / 0.35 ? RATIONAL(erf_ra, erf_sa, s) : RATIONAL(erf_rb, erf_sb, s);
  double z = from_bits(bits_of(a) & 0xFFFFFFFF00000000u);
  return 1 - fm_exp(-z * z - 0.5625) * fm_exp((z - a) * (z + a) + ratio) / a;
}

double fm_erf(double x) {
  double a = fm_fabs(x), y;
  if (x != x) return x;
  if (a < 0.84375) {
    double z = x * x;
    return x + x * RATIONAL(erf_p, erf_q, z);
  }
  if (a < 1.25)
    y = 8.45062911510467529297e-01 + RATIONAL(erf_pa, erf_qa, a - 1);
  else
    y = a < 6 ? erf_far(a) : 1;
  return x < 0 ? -y : y;
}
