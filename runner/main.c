/*
 * The program: finds the command, starts MPI where it is wanted, prints the error, ends the
 * process.
 *
 * The only file that exits, and one of the few that know MPI. A command that wants MPI gets it only
 * if a launcher (mpirun, srun) started this process: `caviar run` by itself never calls
 * MPI_Init. A command that wants none runs on the launcher's rank 0, and the other ranks have
 * nothing to do. Commands that want MPI agree on one status before they return; rank 0 prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "io/h5_guard.h"
#include "io/mapping.h"
#include "mpi_team.h"
#include "mpi_world.h"
#include "search.h"

/* ---- the launcher ---------------------------------------------------------------------------- */

/* This process's rank as its launcher tells it by environment; -1: there is no launcher. */
static int launched_rank(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  for (int i = 0; i < COUNT(names); i++) {
    const char *text = getenv(names[i]);
    if (text && *text) return (int)strtol(text, NULL, 10);
  }
  return -1;
}

static bool mpi_runs(void) {
  int begun = 0, ended = 0;
  MPI_Initialized(&begun);
  if (begun) MPI_Finalized(&ended);
  return begun && !ended;
}

/* Memory has run out somewhere in the middle: nobody can be asked, so the job ends here. */
static void memory_exhausted(size_t bytes) {
  char size[32];
  log_line(LOG_ERROR, "out of memory: %s more were refused", str_bytes((double)bytes, size));
  if (mpi_runs()) MPI_Abort(MPI_COMM_WORLD, err_exit_code(E_MEMORY));
  exit(err_exit_code(E_MEMORY));
}

/* A rank has found that the job cannot go on, and has said why. */
static void job_over(Status why) {
  if (mpi_runs()) MPI_Abort(MPI_COMM_WORLD, err_exit_code(why));
  exit(err_exit_code(why));
}

/* A file that is read in place is not what it was. */
static void file_lost(const Err *e) {
  log_line(LOG_ERROR, "%s", e->text);
  job_over(e->status);
}

/* Asked to stop twice: what was journaled stays, checkpoints are as old as they are. */
static void leave_at_once(void) {
  _exit(err_exit_code(E_STOPPED));
}

/* ---- words on the command line --------------------------------------------------------------- */

static Status unknown_command(Arena *a, const char *word, Err *e) {
  int n = 0;
  while (command_at(n)) n++;
  const char **names = ARENA_ARRAY(a, const char *, n);
  for (int i = 0; i < n; i++) names[i] = command_at(i)->name;
  const char *near = str_nearest(word, names, n);
  if (near) FAIL(e, E_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", word, near);
  FAIL(e, E_USAGE, "unknown command \"%s\"; `caviar help` lists the commands", word);
}

/* `--help` and `--version` stand for commands of that name; no word at all is a call for help. */
static const char *command_word(int argc, char **argv) {
  if (argc < 2) return "help";
  if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h")) return "help";
  if (str_eq(argv[1], "--version") || str_eq(argv[1], "-V")) return "version";
  return argv[1];
}

static Status print_version(void) {
  printf("caviar %s\n", command_version());
  return OK;
}

static Status dispatch(Arena *a, const Command *c, const char *word, int argc, char **argv,
                       Err *e) {
  if (str_eq(word, "version")) return print_version();
  if (!c) return unknown_command(a, word, e);
  if (argc < 2) {
    Status s = c->main(a, 1, argv, e);
    return s == OK ? E_USAGE : s;
  }
  if (command_help(c, argc - 1, argv + 1)) return OK;
  return c->main(a, argc - 1, argv + 1, e);
}

/* What a full disk did to the results that were printed. */
static Status flush_output(Status s, Err *e) {
  bool bad = fflush(stdout) != 0 || ferror(stdout);
  if (bad && s == OK && errno != EPIPE) {
    return err_set(e, E_IO, "cannot write to standard output: %s", strerror(errno));
  }
  return s;
}

/* A closed pipe ends a command that prints (`caviar show RUN | head`), never a search. A file that is
 * larger than a limit allows is an error of writing, as on a full disk. */
static void arrange_signals(bool searches) {
  signal(SIGPIPE, searches ? SIG_IGN : SIG_DFL);
  signal(SIGXFSZ, SIG_IGN);
}

/* Where one is closed, the next file that is opened would take its number, and the journal the words
 * meant for people. */
static void open_standard_streams(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

static void print_error(const Err *e) {
  fflush(stdout);
  if (e->text[0]) log_line(e->status == E_STOPPED ? LOG_NOTE : LOG_ERROR, "%s", e->text);
}

/* ---- the launcher ---------------------------------------------------------------------------- */

/* While MPI starts and ends it may wait without end for a launcher that was killed: a rank looks
 * twice a second whether it still has its parent. */
static pid_t launcher;

static void look_for_launcher(int number) {
  (void)number;
  if (getppid() != launcher) _exit(err_exit_code(E_STOPPED));
}

static void watch_launcher(bool on) {
  const struct timeval often = {.tv_usec = 500000}, never = {0};
  const struct itimerval timer = {on ? often : never, on ? often : never};
  struct sigaction action = {.sa_handler = look_for_launcher, .sa_flags = SA_RESTART};
  launcher = getppid();
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void start_mpi(int *argc, char ***argv, int *rank) {
  int provided; /* a thread of io/lock.c calls no MPI */
  watch_launcher(true);
  MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
  watch_launcher(false);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  mpi_team_start();
}

static void end_mpi(void) {
  mpi_team_end();
  watch_launcher(true);
  MPI_Finalize();
  watch_launcher(false);
}

int main(int argc, char **argv) {
  open_standard_streams();
  cpu_flush_denormals();
  arena_on_exhausted(memory_exhausted);
  world_on_end(job_over);
  mapping_on_lost(file_lost);
  search_on_second_signal(leave_at_once);
  h5_guard_program("/proc/self/exe");
  const char *word = command_word(argc, argv);
  const Command *c = command_find(word);
  int rank = launched_rank();
  bool searches = c && c->wants_mpi && !command_wants_help(argc - 1, argv + 1);
  bool mpi = searches && rank >= 0;
  arrange_signals(searches);
  if (!mpi && rank > 0) return 0;
  if (mpi) start_mpi(&argc, &argv, &rank);

  Arena run = {0};
  arena_init(&run);
  Err e = {0};
  Status s = dispatch(&run, c, word, argc, argv, &e);
  s = flush_output(s, &e);
  if (s != OK && rank <= 0) print_error(&e);
  arena_free(&run);
  if (mpi) end_mpi();
  return err_exit_code(s);
}
