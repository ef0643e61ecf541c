/*
 * Fixed-order sums: a balanced binary tree over neighbours, whatever computes it.
 *
 *   level 1: p0+p1, p2+p3, ...   level 2: (p0+p1)+(p2+p3), ...
 *
 * A rank that holds an aligned power-of-two run of parts computes a subtree; the ranks then
 * combine their subtrees in the same shape, so the sum has the same bits on 1, 2, 4 .. ranks.
 */
#ifndef CAVIAR_SUM_H
#define CAVIAR_SUM_H

#include <stddef.h>

/* parts (n_parts, n) row-major; parts[0..n) receives the tree sum over the first axis; the rest is
 * scratch afterwards. n_parts need not be a power of two (a missing neighbour adds nothing). */
void sum_tree_f32(float *parts, size_t n_parts, size_t n);
void sum_tree_f64(double *parts, size_t n_parts, size_t n);

/* Sum of f(0..n-1) kept by hand: blocks of 256 terms in order, blocks by the same binary tree.
 * Feed values in index order; the state is small and fixed. */
typedef struct {
  double level[48];
  unsigned long long blocks;
  double block;
  int in_block;
} SumTree;
void sum_init(SumTree *s);
void sum_add(SumTree *s, double x);
double sum_total(const SumTree *s);

#endif
