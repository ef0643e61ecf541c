/* caviar verify FILE...: is a dataset, a checkpoint or a record what it was when it was written? */
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "io/h5_guard.h"
#include "verify.h"

static void print_dataset(const char *path, const FileFacts *f) {
  printf("%s: a dataset of %lld rows of %d, ", path, (long long)f->rows, f->features);
  if (f->has_fingerprint)
    printf("fingerprint %s holds\n", f->fingerprint);
  else
    printf("without a fingerprint of its own (its content is %s): a change cannot be seen\n",
           f->fingerprint);
}

static void print_checkpoint(const char *path, const FileFacts *f) {
  printf("%s: the checkpoint of trial %lld, ", path, (long long)f->trial);
  if (!f->finished)
    printf("which has finished %lld epochs; all checksums hold\n", (long long)f->epochs);
  else
    printf("finished; all checksums%s hold\n", f->hashed ? " and the hash of its weights" : "");
}

static void print_facts(const char *path, const FileFacts *f) {
  if (f->kind == FILE_DATASET) {
    print_dataset(path, f);
  } else if (f->kind == FILE_CHECKPOINT) {
    print_checkpoint(path, f);
  } else {
    printf("%s: the record of a run, %lld trials finished, digest %s; all checksums hold\n", path,
           (long long)f->n_finished, f->digest);
  }
}

static Status verify_main(Arena *a, int argc, char **argv, Err *e) {
  int bad = 0;
  Status first = OK;
  if (argc == 3 && str_eq(argv[1], "--survive")) /* the other process of io/h5_guard.h */
    return h5_guard_survive(argv[2]) == 0 ? OK : E_DATA;
  for (int i = 1; i < argc; i++)
    CHECK(e, argv[i][0] != '-', E_USAGE, "verify: unknown option %s", argv[i]);
  for (int i = 1; i < argc; i++) {
    FileFacts f;
    Err damage = {0};
    Status s = verify_file(a, argv[i], &f, &damage);
    if (s == OK) {
      print_facts(argv[i], &f);
      continue;
    }
    if (argc == 2) {
      *e = damage;
      return s;
    }
    fflush(stdout);
    log_line(LOG_ERROR, "%s", damage.text);
    if (first == OK) first = s;
    bad++;
  }
  CHECK(e, bad == 0, first, "%d of %d files are not in order", bad, argc - 1);
  return OK;
}

const Command run_command_verify = {
    .name = "verify",
    .usage = "verify FILE...",
    .doc = "is a dataset, a checkpoint or a record what it was when it was written?",
    .help =
        "A dataset's fingerprint, the checksums of everything in a checkpoint or record, and the\n"
        "hash of a trained model's weights. The files are first read by another process, so that\n"
        "one that crashes the HDF5 library is reported like any other.\n"
        "\n"
        "Exit codes: 0 all are in order, 4 one is not. For a whole run: caviar fsck RUN.\n",
    .main = verify_main,
};
