/* An HDF5 file. libhdf5 itself may crash or hang on it, but only in a process of its own: what that one
 * survives is opened here as a dataset and read through. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fuzz.h"
#include "io/dataset.h"
#include "io/h5_guard.h"
#include "io/h5_walk.h"

/* HDF5 1.10 itself loses some memory when it meets a damaged header. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libhdf5";
}

/* So that what kills the child is not kept as a finding of the fuzzer's. */
void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));
static void die_quietly(void) {
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU};
  for (int i = 0; i < COUNT(numbers); i++) signal(numbers[i], SIG_DFL);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(NULL);
}

/* fork in place of h5_guard's posix_spawn: there is no program of ours to start. */
static bool survives(const char *path) {
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    const struct rlimit seconds = {.rlim_cur = 5, .rlim_max = 6};
    setrlimit(RLIMIT_CPU, &seconds);
    die_quietly();
    if (!freopen("/dev/null", "w", stderr)) _exit(1);
    _exit(h5_guard_survive(path));
  }
  while (waitpid(pid, &status, 0) != pid) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What of it changed is either found or not there: its numbers can be added up. */
static void open_dataset(Arena *a, const char *path) {
  IoDataset d;
  Err e = {0};
  if (io_dataset_open(a, path, &d, &e) != OK) {
    if (!str_starts(e.text, path)) BROKEN("which file? %s", e.text);
    return;
  }
  double *row = ARENA_ARRAY(a, double, d.d);
  for (int64_t i = 0; i < d.n; i++) io_dataset_row_f64(&d, i, row);
  io_dataset_close(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  Arena a = {0};
  H5In *in;
  H5Walked walked;
  Err e = {0};
  arena_init(&a);
  const char *path = fuzz_file(0, bytes, n);
  if (n > 0 && survives(path)) {
    open_dataset(&a, path);
    if (h5_open(&in, path, &e) == OK) {
      Status s = h5_walk(in, WALK_STRICT, &walked, &e);
      if (s != OK && !str_starts(e.text, path)) BROKEN("which file? %s", e.text);
      h5_close(in);
    }
  }
  fuzz_file_end(0);
  arena_free(&a);
  return 0;
}
