/*
 * Vector levels. The files of numbers (layer_*, op_*, loss_*, optimizer_*, kernel_*) are plain C compiled
 * once a level (portable, avx2, avx512) with other machine flags; what they export carries the
 * level's name, so that one binary holds all and nn picks a column at plan. -ffp-contract=off and
 * fixed orders of summation make the bits equal: a loop over columns may be vectorised, a sum over
 * rows keeps its order.
 */
#ifndef CAVIAR_LEVEL_H
#define CAVIAR_LEVEL_H

#define NN_PASTE_(a, b) a##_##b
#define NN_PASTE(a, b)  NN_PASTE_(a, b)
#ifdef NN_LEVEL
#define NN_EXPORT(name) NN_PASTE(name, NN_LEVEL) /* nn_layer_dense -> nn_layer_dense_avx2 */
#endif

/* Before a loop over elements whose output may be its input's memory (the same address or apart,
 * never shifted): without it the compiler tests for overlap and runs the in-place case one by one.
 */
#ifdef __clang__
#define EACH_ELEMENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH_ELEMENT _Pragma("GCC ivdep")
#endif

#endif
