#include "cpu.h"

#include <stdatomic.h>
#include <stdbool.h>

const char *cpu_level_name(CpuLevel level) {
  switch (level) {
  case CPU_PORTABLE:
    return "portable";
  case CPU_AVX2:
    return "avx2";
  case CPU_AVX512:
    return "avx512";
  case CPU_LEVELS:
    break;
  }
  return "?";
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>

static bool has(unsigned reg, unsigned bits) {
  return (reg & bits) == bits;
}

/* Which register files the operating system saves (XCR0). */
static unsigned saved_state(void) {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/* The sets that -march=x86-64-v3 and -v4 stand for (x86-64 psABI, table of micro-architecture
 * levels). */
static CpuLevel measure(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return CPU_PORTABLE;
  const unsigned v3_leaf1 = bit_SSE3 | bit_SSSE3 | bit_FMA | bit_SSE4_1 | bit_SSE4_2 | bit_MOVBE |
                            bit_POPCNT | bit_OSXSAVE | bit_AVX | bit_F16C;
  if (!has(c, v3_leaf1) || !has(saved_state(), 0x06)) return CPU_PORTABLE;
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !has(c, bit_LZCNT)) return CPU_PORTABLE;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return CPU_PORTABLE;
  if (!has(b, bit_AVX2 | bit_BMI | bit_BMI2)) return CPU_PORTABLE;
  const unsigned v4 = bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL;
  return has(b, v4) && has(saved_state(), 0xE6) ? CPU_AVX512 : CPU_AVX2;
}

/* Asked once: on a virtual machine cpuid goes to its host, which takes tens of microseconds. */
CpuLevel cpu_level(void) {
  static _Atomic int known; /* a level + 1; threads that ask together store the same */
  int level = atomic_load_explicit(&known, memory_order_relaxed) - 1;
  if (level < 0) {
    level = (int)measure();
    atomic_store_explicit(&known, level + 1, memory_order_relaxed);
  }
  return (CpuLevel)level;
}

void cpu_flush_denormals(void) {
  _mm_setcsr(_mm_getcsr() | 0x8040); /* FTZ, DAZ */
}

#else

CpuLevel cpu_level(void) {
  return CPU_PORTABLE;
}

void cpu_flush_denormals(void) {
#if defined(__aarch64__)
  unsigned long fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | 1ul << 24)); /* FZ */
#endif
}

#endif
