/*
 * The `fixed` engine: matrix products with one definition that mentions no vector width, rank, row
 * count or blocking.
 *
 *   y[r][j]  = chain over k of fma(x[r][k],  w[k][j],  acc)     acc starts at 0, k ascending
 *   gx[r][i] = chain over j of fma(gy[r][j], w[i][j],  acc)
 *   gw[i][j] = per shard: chain over its rows r of fma(x[r][i], gy[r][j], acc);
 *              then base/sum.h's tree over shards
 *
 * One loop nest serves the first two and one the third; both end in tile(): MR x NR accumulators in
 * registers. A chain may be cut anywhere along its way, by storing the accumulator and loading it
 * again, so blocking along the inner index does not change bits, nor does it matter whether an
 * operand was packed. Panels of the second operand are packed just before use into a buffer that
 * stays in the first-level cache, with missing columns as zeros; small operands are read where they
 * are.
 */
#include "kinds.h"
#include <math.h>
#include <string.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && !defined(NN_F64)
typedef __m512 Vec;
enum { VL = 16, MR = 12, NV = 2 };
#define V_LOAD(p)      _mm512_loadu_ps(p)
#define V_STORE(p, v)  _mm512_storeu_ps((p), (v))
#define V_ALL(x)       _mm512_set1_ps(x)
#define V_FMA(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#elif defined(__AVX512F__)
typedef __m512d Vec;
enum { VL = 8, MR = 12, NV = 2 };
#define V_LOAD(p)      _mm512_loadu_pd(p)
#define V_STORE(p, v)  _mm512_storeu_pd((p), (v))
#define V_ALL(x)       _mm512_set1_pd(x)
#define V_FMA(a, b, c) _mm512_fmadd_pd((a), (b), (c))
#elif defined(__AVX2__) && !defined(NN_F64)
typedef __m256 Vec;
enum { VL = 8, MR = 6, NV = 2 };
#define V_LOAD(p)      _mm256_loadu_ps(p)
#define V_STORE(p, v)  _mm256_storeu_ps((p), (v))
#define V_ALL(x)       _mm256_set1_ps(x)
#define V_FMA(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#elif defined(__AVX2__)
typedef __m256d Vec;
enum { VL = 4, MR = 6, NV = 2 };
#define V_LOAD(p)      _mm256_loadu_pd(p)
#define V_STORE(p, v)  _mm256_storeu_pd((p), (v))
#define V_ALL(x)       _mm256_set1_pd(x)
#define V_FMA(a, b, c) _mm256_fmadd_pd((a), (b), (c))
#else
typedef Real Vec;
enum { VL = 1, MR = 4, NV = 4 };
#define V_LOAD(p)     (*(p))
#define V_STORE(p, v) (*(p) = (v))
#define V_ALL(x)      (x)
#ifdef NN_F64
#define V_FMA(a, b, c) fma((a), (b), (c))
#else
#define V_FMA(a, b, c) fmaf((a), (b), (c))
#endif
#endif

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16") /* without it gcc spills the accumulators */
#endif
#define INLINE static inline __attribute__((always_inline))

enum {
  NR = NV * VL,
  KC = NR * sizeof(Real) > 64 ? 192 : 384, /* inner index a block: a panel of KC * NR is 24 KiB */
  PAD = 16,                                /* keeps copied rows off each other's cache lines */
  MC = 516,       /* rows a block: the first operand stays in the second-level cache */
  WC = 240,       /* rows of gw a block */
  STRIP = MR / 2, /* rows of gw for which two shards' accumulators are in registers */
  SMALL = 6144,   /* Real: a second operand up to this size is read where it is */
  FAR = 1 << 18,  /* Real: one above this size comes from beyond the second-level cache */
};

/* The first operand of a tile: element (row i, inner k) is p[i * row + k * inner]. */
typedef struct {
  const Real *p;
  size_t row, inner;
} Left;

/* acc (mr, nv * VL) += column a (mr), elements `row` apart, times b (nv * VL). */
INLINE void step(int mr, int nv, const Real *a, size_t row, const Real *b, Vec acc[MR][NV]) {
  Vec y[NV];
  UNROLL
  for (int v = 0; v < nv; v++) y[v] = V_LOAD(b + v * VL);
  UNROLL
  for (int i = 0; i < mr; i++) {
    Vec x = V_ALL(a[(size_t)i * row]);
    UNROLL
    for (int v = 0; v < nv; v++) acc[i][v] = V_FMA(x, y[v], acc[i][v]);
  }
}

/* acc (mr, nv * VL) += left (mr, n) panel (n, nv * VL), along the inner index. */
INLINE void chain(int mr, int nv, int n, Left left, const Real *panel, size_t stride,
                  Vec acc[MR][NV]) {
  const Real *a = left.p;
  for (int k = 0; k < n; k++, a += left.inner, panel += stride)
    step(mr, nv, a, left.row, panel, acc);
}

/* c (mr, nv * VL) = the chains over n; they go on from c unless `fresh`. */
INLINE void tile_of(int mr, int nv, bool fresh, int n, Left left, const Real *panel, size_t stride,
                    Real *c, size_t ldc) {
  Vec acc[MR][NV];
  UNROLL
  for (int i = 0; i < mr; i++) {
    UNROLL
    for (int v = 0; v < nv; v++)
      acc[i][v] = fresh ? V_ALL(0) : V_LOAD(c + (size_t)i * ldc + v * VL);
  }
  chain(mr, nv, n, left, panel, stride, acc);
  UNROLL
  for (int i = 0; i < mr; i++) {
    UNROLL
    for (int v = 0; v < nv; v++) V_STORE(c + (size_t)i * ldc + v * VL, acc[i][v]);
  }
}

/* Fewer than NR numbers, in pieces of a fixed size: calls of memcpy would cost as much as the
 * tile. */
INLINE void copy_few(Real *to, const Real *from, int n) {
#define PIECE(size)                                                                                \
  if (n & (size)) {                                                                                \
    memcpy(to, from, (size) * sizeof(Real));                                                       \
    to += (size);                                                                                  \
    from += (size);                                                                                \
  }
  PIECE(16)
  PIECE(8)
  PIECE(4)
  PIECE(2)
  PIECE(1)
#undef PIECE
}

/* Specialises on what must be constant for the accumulators to stay in registers. A tile that is
 * not whole is computed whole, beside c. */
INLINE void tile_rows(int mr, bool fresh, int n, Left left, const Real *panel, size_t stride,
                      Real *c, size_t ldc, int cols) {
  if (cols == NR) {
    tile_of(mr, NV, fresh, n, left, panel, stride, c, ldc);
    return;
  }
  Real beside[MR * NR];
  if (!fresh) {
    memset(beside, 0, sizeof beside);
    for (int i = 0; i < mr; i++) copy_few(beside + i * NR, c + (size_t)i * ldc, cols);
  }
  if (cols <= VL && NV == 2) {
    tile_of(mr, 1, fresh, n, left, panel, stride, beside, NR);
  } else {
    tile_of(mr, NV, fresh, n, left, panel, stride, beside, NR);
  }
  for (int i = 0; i < mr; i++) copy_few(c + (size_t)i * ldc, beside + i * NR, cols);
}

/* CASE(m) for every m from 1 to MR; from 1 to STRIP - 1. */
#if defined(__AVX512F__)
#define EACH_OF_STRIP(CASE) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5)
#define EACH_MR(CASE)                                                                              \
  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#elif defined(__AVX2__)
#define EACH_OF_STRIP(CASE) CASE(1) CASE(2)
#define EACH_MR(CASE)       CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#else
#define EACH_OF_STRIP(CASE) CASE(1)
#define EACH_MR(CASE)       CASE(1) CASE(2) CASE(3) CASE(4)
#endif

/* A tile of mr <= MR rows. */
static void tile(int mr, bool fresh, int n, Left left, const Real *panel, size_t stride, Real *c,
                 size_t ldc, int cols) {
#define CASE(m)                                                                                    \
  case m:                                                                                          \
    tile_rows(m, fresh, n, left, panel, stride, c, ldc, cols);                                     \
    break;
  switch (mr) { EACH_MR(CASE) }
#undef CASE
}

/*
 * What will be wanted soon and is far away: `rows` rows of the next panel, asked for little by little
 * while tiles compute, and the rows of c. Each lies in a page of its own, where no processor looks
 * ahead by itself: a tenth of the time of a large forward product.
 */
typedef struct {
  const Real *p; /* NULL: nothing is far */
  size_t stride;
  int rows;
} Ahead;

INLINE void ask_for(Ahead *ahead, int rows, const Real *c, size_t ldc) {
  if (ahead->p == NULL) return;
  UNROLL
  for (int i = 0; i < MR; i++) __builtin_prefetch(c + (size_t)i * ldc, 1, 3);
  if (rows > ahead->rows) rows = ahead->rows;
  ahead->rows -= rows;
  for (; rows > 0; rows--, ahead->p += ahead->stride) {
    UNROLL
    for (size_t at = 0; at < NR; at += 64 / sizeof(Real)) __builtin_prefetch(ahead->p + at, 0, 2);
  }
}

/* c (m, cols) = the chains over n, tile after tile, whose left operands are `next` apart. */
static void column_of_tiles(int m, bool fresh, int n, Left left, size_t next, const Real *panel,
                            size_t stride, Real *c, size_t ldc, int cols, Ahead ahead) {
  const int share = (ahead.rows * MR + m - 1) / m; /* of ahead's rows, to a tile */
  for (; m >= MR; m -= MR, left.p += next, c += MR * ldc) {
    if (m >= 2 * MR) ask_for(&ahead, share, c + MR * ldc, ldc);
    tile_rows(MR, fresh, n, left, panel, stride, c, ldc, cols);
  }
  tile(m, fresh, n, left, panel, stride, c, ldc, cols);
}

/* b (n, cols), rows `stride` apart, as panels of NR columns that are `size` apart; missing columns
 * are 0. */
static void pack(int n, int cols, const Real *b, size_t stride, Real *panels, size_t size) {
  int whole = cols / NR * NR;
  for (int k = 0; k < n; k++, b += stride, panels += NR) {
    Real *to = panels;
    for (int j = 0; j < whole; j += NR, to += size) memcpy(to, b + j, NR * sizeof(Real));
    if (whole == cols) continue;
    memset(to, 0, NR * sizeof(Real));
    copy_few(to, b + whole, cols - whole);
  }
}

#if defined(__AVX2__) && !defined(NN_F64)
/* to (8, NR) = the transpose of b (8, 8). */
static void transpose_8x8(const Real *b, size_t stride, Real *to) {
  __m256 r[8], t[8];
  UNROLL
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(b + (size_t)i * stride);
  UNROLL
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  UNROLL
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  UNROLL
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * NR, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * NR, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}
enum { SQUARE = 8 };
#else
enum { SQUARE = 1 };
static void transpose_8x8(const Real *b, size_t stride, Real *to) {
  (void)stride;
  *to = *b;
}
#endif

/* panel (n, NR) from the transpose of b (cols, n) with rows `stride` apart. */
static void pack_transposed(int n, int cols, const Real *b, size_t stride, Real *panel) {
  int squares = n / SQUARE * SQUARE;
  if (cols < NR) memset(panel, 0, (size_t)n * NR * sizeof(Real));
  for (int v = 0; v < cols; v += SQUARE) {
    const Real *row = b + (size_t)v * stride;
    int done = cols - v < SQUARE ? 0 : squares;
    for (int k = 0; k < done; k += SQUARE) transpose_8x8(row + k, stride, panel + k * NR + v);
    for (int i = 0; i < SQUARE && v + i < cols; i++)
      for (int k = done; k < n; k++) panel[k * NR + v + i] = row[(size_t)i * stride + (size_t)k];
  }
}

/* n in blocks of at most `block`, as even as multiples of `unit` allow (block is one). */
static int even(int n, int block, int unit) {
  if (n < 1) return 0;
  int parts = (n + block - 1) / block;
  int each = (n + parts - 1) / parts;
  return (each + unit - 1) / unit * unit;
}

/* Rows a multiple of 1 KiB apart fall on the same few lines of the first-level cache: such blocks
 * are copied. */
static bool crowded(int stride) {
  return (size_t)stride * sizeof(Real) % 1024 == 0;
}

/*
 * c (m, n) = a (m, inner) b (inner, n), or b^T with b (n, inner) if `transposed`. panels: KC * NR
 * Real, and behind them, where rows are crowded, a block of MC * (KC + PAD).
 */
static void product(int m, int n, int inner, const Real *a, const Real *b, bool transposed, Real *c,
                    Real *panel) {
  Real *block = panel + KC * NR;
  size_t lda = (size_t)inner, ldc = (size_t)n, ldb = (size_t)(transposed ? inner : n);
  size_t size = (size_t)inner * (size_t)n;
  bool in_place = !transposed && size <= SMALL, far = !transposed && size > FAR,
       copies = crowded(inner) && n > 2 * NR;
  if (m == 0) return; /* a rank whose shards are all empty */
  int mc = even(m, MC, MR), kc = even(inner, KC, 1);
  for (int i0 = 0; i0 < m; i0 += mc) {
    int i1 = i0 + mc < m ? i0 + mc : m;
    for (int k0 = 0; k0 < inner; k0 += kc) {
      int nk = k0 + kc < inner ? kc : inner - k0;
      Left left = {a + (size_t)i0 * lda + (size_t)k0, lda, 1};
      if (copies) {
        left = (Left){block, KC + PAD, 1};
        for (int i = i0; i < i1; i++)
          memcpy(block + (size_t)(i - i0) * left.row, a + (size_t)i * lda + (size_t)k0,
                 (size_t)nk * sizeof(Real));
      }
      for (int j = 0; j < n; j += NR) {
        int cols = n - j < NR ? n - j : NR;
        const Real *from =
            b + (transposed ? (size_t)j * ldb + (size_t)k0 : (size_t)k0 * ldb + (size_t)j);
        bool direct = in_place && cols == NR;
        Ahead ahead = {0};
        if (far) ahead = (Ahead){from + cols, ldb, j + 2 * NR <= n ? nk : 0};
        if (transposed) pack_transposed(nk, cols, from, ldb, panel);
        if (!transposed && !direct) pack(nk, cols, from, ldb, panel, KC * NR);
        column_of_tiles(i1 - i0, k0 == 0, nk, left, MR * left.row, direct ? from : panel,
                        direct ? ldb : NR, c + (size_t)i0 * ldc + (size_t)j, ldc, cols, ahead);
      }
    }
  }
}

static void forward(const int *start, int n_shards, int in, int out, const Real *x, const Real *w,
                    Real *y, Real *scratch) {
  product(start[n_shards], out, in, x, w, false, y, scratch);
}

static void backward_x(const int *start, int n_shards, int in, int out, const Real *gy,
                       const Real *w, Real *gx, Real *scratch) {
  product(start[n_shards], in, out, gy, w, true, gx, scratch);
}

/*
 * A strip of gw, up to STRIP rows: two shards at once, added in registers; pair after pair, merged
 * as a binary counter does, which is the tree of base/sum.h. Sums that wait for their right side are
 * stored, those of so many pairs as the counter has ones in levels[ones]. These stores are what
 * shards cost, hence the pairs: half as many. (Four shards at once, on half a strip, load too much.)
 */
typedef struct {
  const int *start;
  int n;            /* a power of two, at least 2 */
  const Real *left; /* (start[n], MR), rows `inner` apart */
  size_t inner;
  const Real *panel; /* (start[n], NR), rows `stride` apart */
  size_t stride;
  Real *levels; /* (log2(n), STRIP, NR) */
} Shards;

INLINE void zero(int rows, int nv, Vec acc[MR][NV]) {
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (int v = 0; v < nv; v++) acc[i][v] = V_ALL(0);
  }
}

/* sum (rows, nv * VL) = the chain of shard s and that of s + 1, added. */
INLINE void pair_of(int rows, int nv, const Shards *x, int s, Vec sum[MR][NV]) {
  const int *start = x->start + s;
  const int n_a = start[1] - start[0], n_b = start[2] - start[1], n = n_a < n_b ? n_a : n_b;
  const Real *a = x->left + (size_t)start[0] * x->inner, *b = x->left + (size_t)start[1] * x->inner;
  const Real *y_a = x->panel + (size_t)start[0] * x->stride,
             *y_b = x->panel + (size_t)start[1] * x->stride;
  Vec right[MR][NV];
  zero(rows, nv, sum);
  zero(rows, nv, right);
  for (int k = 0; k < n; k++) {
    step(rows, nv, a, 1, y_a, sum);
    step(rows, nv, b, 1, y_b, right);
    a += x->inner, b += x->inner;
    y_a += x->stride, y_b += x->stride;
  }
  chain(rows, nv, n_a - n, (Left){a, 1, x->inner}, y_a, x->stride, sum);
  chain(rows, nv, n_b - n, (Left){b, 1, x->inner}, y_b, x->stride, right);
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (int v = 0; v < nv; v++) sum[i][v] += right[i][v];
  }
}

INLINE void shards_of(int rows, int nv, const Shards *x, Real *gw, size_t ldc) {
  /* Rows of gw are asked for long before they are stored to, or the stores of sums queue up. */
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (size_t at = 0; at < (size_t)nv * VL; at += 64 / sizeof(Real))
      __builtin_prefetch(gw + (size_t)i * ldc + at, 1, 3);
  }
  for (int s = 0; s < x->n; s += 2) {
    const int counter = s / 2;
    const bool last = s + 2 == x->n;
    Real *level = x->levels + (size_t)__builtin_popcount((unsigned)counter) * STRIP * NR, *to;
    Vec acc[MR][NV];
    pair_of(rows, nv, x, s, acc);
    for (int bit = counter; bit & 1; bit >>= 1) {
      level -= (size_t)STRIP * NR;
      UNROLL
      for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < nv; v++) acc[i][v] += V_LOAD(level + i * NR + v * VL);
      }
    }
    to = last ? gw : level;
    UNROLL
    for (int i = 0; i < rows; i++) {
      UNROLL
      for (int v = 0; v < nv; v++) V_STORE(to + (size_t)i * (last ? ldc : NR) + v * VL, acc[i][v]);
    }
  }
}

INLINE void shards_rows(int rows, const Shards *x, Real *gw, size_t ldc, int cols) {
  if (cols == NR) {
    shards_of(rows, NV, x, gw, ldc);
    return;
  }
  Real beside[MR * NR];
  if (cols <= VL && NV == 2)
    shards_of(rows, 1, x, beside, NR);
  else
    shards_of(rows, NV, x, beside, NR);
  for (int i = 0; i < rows; i++) copy_few(gw + (size_t)i * ldc, beside + i * NR, cols);
}

/* A tile of mr <= MR rows, strip after strip. */
static void tile_over_shards(int mr, Shards x, Real *gw, size_t ldc, int cols) {
  for (; mr >= STRIP; mr -= STRIP, x.left += STRIP, gw += STRIP * ldc)
    shards_rows(STRIP, &x, gw, ldc, cols);
#define CASE(m)                                                                                    \
  case m:                                                                                          \
    shards_rows(m, &x, gw, ldc, cols);                                                             \
    break;
  switch (mr) { EACH_OF_STRIP(CASE) }
#undef CASE
}

/* Tiles of MR columns of x (m, cols), row after row. */
static void pack_left(int m, int cols, const Real *x, size_t stride, Real *block) {
  for (int r = 0; r < m; r++, x += stride) {
    Real *to = block + (size_t)r * MR;
    int i = 0;
    for (; i + MR <= cols; i += MR, to += (size_t)m * MR) memcpy(to, x + i, MR * sizeof(Real));
    if (i < cols) memcpy(to, x + i, (size_t)(cols - i) * sizeof(Real));
  }
}

static void backward_w(const int *start, int n_shards, int in, int out, const Real *x,
                       const Real *gy, Real *gw, Real *scratch) {
  int m = start[n_shards];
  Real *levels = scratch, *block = levels + 32 * MR * NR, *panels = block + (size_t)m * (WC + MR);
  bool packs = out > 4 * NR, in_place = (size_t)m * (size_t)out <= SMALL;
  int first = in_place ? out / NR * NR : 0; /* the last panel may need its zeros */
  if (first < out)
    pack(m, out - first, gy + first, (size_t)out, panels + (size_t)first * (size_t)m,
         (size_t)m * NR);
  int mc = even(in, WC, MR);
  for (int i0 = 0; i0 < in; i0 += mc) {
    int i1 = i0 + mc < in ? i0 + mc : in;
    if (packs) pack_left(m, i1 - i0, x + i0, (size_t)in, block);
    for (int j = 0; j < out; j += NR) {
      int cols = out - j < NR ? out - j : NR;
      bool direct = in_place && cols == NR;
      const Real *b = direct ? gy + j : panels + (size_t)j * (size_t)m;
      size_t stride = direct ? (size_t)out : NR, next = packs ? (size_t)m * MR : MR;
      Left left = packs ? (Left){block, 1, MR} : (Left){x + i0, 1, (size_t)in};
      Real *to = gw + (size_t)i0 * (size_t)out + (size_t)j;
      if (n_shards == 1) {
        column_of_tiles(i1 - i0, true, m, left, next, b, stride, to, (size_t)out, cols, (Ahead){0});
        continue;
      }
      Shards shards = {start, n_shards, left.p, left.inner, b, stride, levels};
      for (int i = i0; i < i1; i += MR, shards.left += next, to += MR * (size_t)out)
        tile_over_shards(i1 - i < MR ? i1 - i : MR, shards, to, (size_t)out, cols);
    }
  }
}

static size_t scratch_size(int rows, int n_shards, int in, int out) {
  (void)n_shards;
  size_t block = crowded(in) || crowded(out) ? (size_t)even(rows, MC, MR) * (KC + PAD) : 0;
  size_t of_product = (size_t)KC * NR + block;
  size_t of_gradient = (size_t)rows * (size_t)(out + NR + WC + MR) + (size_t)32 * MR * NR;
  return of_gradient > of_product ? of_gradient : of_product;
}

extern const NnGemm NN_EXPORT(nn_gemm_fixed);
const NnGemm NN_EXPORT(nn_gemm_fixed) = {
    .name = "fixed",
    .doc = "own kernels: one order of summation, the same bits on every processor",
    .forward = forward,
    .backward_x = backward_x,
    .backward_w = backward_w,
    .scratch_size = scratch_size,
};
