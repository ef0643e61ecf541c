/* caviar machine: what the ranks of a job compare when it starts, of this process. */
#include <stdio.h>

#include "command.h"
#include "identity.h"
#include "nn/gemm.h"
#include "selftest.h"
#include "spec.h"

static void print_line(const char *name, const char *value) {
  printf("%-24s %s\n", name, value);
}

static Status print_self_test(Arena *a, const char *gemm, Err *e) {
  char hex[HASH_HEX];
  TRY(selftest_hash(gemm, cpu_level(), hex, e));
  print_line(arena_printf(a, "self-test, %s", gemm), hex);
  return OK;
}

static Status machine_main(Arena *a, int argc, char **argv, Err *e) {
  (void)argv;
  CHECK(e, argc == 1, E_USAGE, "too many arguments; usage: caviar machine");
  Identity program;
  identity_program(a, &program);
  for (int i = 0; i < program.n; i++) print_line(program.lines[i].name, program.lines[i].value);
  print_line("OpenBLAS", nn_openblas_config());
  print_line("processor", cpu_level_name(cpu_level()));
  for (int i = 0; spec_gemm_names[i]; i++) TRY(print_self_test(a, spec_gemm_names[i], e));
  return OK;
}

const Command run_command_machine = {
    .name = "machine",
    .usage = "machine",
    .doc = "this program, its libraries, the processor, and what a small training gives here",
    .help = "The ranks of a job compare these lines when it starts, and refuse to train where one\n"
            "differs (OpenBLAS: only with train.gemm: openblas). The self-test with the fixed\n"
            "engine is the same on every machine.\n",
    .main = machine_main,
};
