/* What the processor can do, and the one mode that numbers depend on. */
#ifndef CAVIAR_CPU_H
#define CAVIAR_CPU_H

typedef enum { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_LEVELS } CpuLevel;

CpuLevel cpu_level(void); /* the best level this processor and operating system support */
const char *cpu_level_name(CpuLevel level); /* "portable", "avx2", "avx512" */

/* Flush denormals to zero, inputs and results (FTZ, DAZ); every rank and every test that compares
 * bits calls it first. Adam on denormal moments is fifteen times slower without it. */
void cpu_flush_denormals(void);

#endif
