#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "check.h"

static void names(void **state) {
  (void)state;
  assert_string_equal(cpu_level_name(CPU_PORTABLE), "portable");
  assert_string_equal(cpu_level_name(CPU_AVX2), "avx2");
  assert_string_equal(cpu_level_name(CPU_AVX512), "avx512");
}

/* The kernel's view of the processor agrees. */
static void level(void **state) {
  (void)state;
  FILE *f = fopen("/proc/cpuinfo", "r");
  static char line[16384];
  char flags[16384] = "";
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, "flags", 5) == 0) memcpy(flags, line, sizeof flags);
  if (f) fclose(f);
  if (!flags[0]) SKIP("no /proc/cpuinfo with flags here");
  CpuLevel expected = CPU_PORTABLE;
  if (strstr(flags, " avx2 ") && strstr(flags, " fma ") && strstr(flags, " bmi2 "))
    expected = CPU_AVX2;
  if (expected == CPU_AVX2 && strstr(flags, " avx512f ") && strstr(flags, " avx512bw ") &&
      strstr(flags, " avx512vl ") && strstr(flags, " avx512dq ") && strstr(flags, " avx512cd "))
    expected = CPU_AVX512;
  assert_int_equal(cpu_level(), expected);
  assert_int_equal(cpu_level(), expected); /* as remembered */
}

static void denormals(void **state) {
  (void)state;
#if !defined(__x86_64__) && !defined(__aarch64__)
  SKIP("no mode to set on this processor");
#endif
  volatile float small = FLT_MIN, half = 0.5f, denormal = FLT_MIN / 4;
  volatile double tiny = DBL_MIN;
  assert_true(small * half > 0);
  cpu_flush_denormals();
  assert_true(small * half == 0); /* results */
  assert_true(denormal * 4 == 0); /* arguments */
  assert_true(tiny * (double)half == 0);
  assert_true(small > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(level),
                                     cmocka_unit_test(denormals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
