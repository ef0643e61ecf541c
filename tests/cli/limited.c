/*
 * limited SECONDS MIB COMMAND...: runs the command and ends as it did; 99 if it took more seconds of
 * processor, or more memory at its largest, and says so on stderr. (ulimit -v would count the addresses
 * that libraries reserve.)
 */
#define _DEFAULT_SOURCE /* wait4 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval t) {
  return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

int main(int argc, char **argv) {
  struct rusage used;
  int status = 0;
  if (argc < 4) return 2;
  const double most_seconds = atof(argv[1]), most_mib = atof(argv[2]);
  pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
  }
  const double s = seconds(used.ru_utime) + seconds(used.ru_stime);
  const double mib = (double)used.ru_maxrss / 1024;
  if (s > most_seconds || mib > most_mib) {
    fprintf(stderr, "%.3f s and %.1f MiB; at most %g s and %g MiB\n", s, mib, most_seconds,
            most_mib);
    return 99;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
