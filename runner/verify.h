/*
 * Is a file of caviar's what it was when it was written? Every checksum and fingerprint that it carries,
 * and what its parts say of each other.
 */
#ifndef CAVIAR_VERIFY_H
#define CAVIAR_VERIFY_H

#include "trial.h"

typedef enum { FILE_DATASET, FILE_CHECKPOINT, FILE_RECORD } FileKind;

typedef struct {
  FileKind kind;
  /* a dataset: its fingerprint holds, or it carries none */
  int64_t rows;
  int features;
  bool has_fingerprint;
  char fingerprint[HASH_HEX];
  /* a checkpoint */
  int64_t trial;
  bool finished;
  int64_t epochs;         /* of one that is not finished */
  const char *identity;   /* SPEC_FOR_DIGEST of the trial, */
  const char *data;       /*   fingerprint of its data */
  char weights[HASH_HEX]; /* of one that is finished; "" for a trial that did not complete, */
  bool hashed;            /*   and the weights in it were hashed: they are that (not of a cost) */
  /* a record */
  const char *digest;
  int64_t n_finished;
} FileFacts;

/* E_DATA with the path: damaged, or not a file of caviar's; E_IO. */
MUST_CHECK Status verify_file(Arena *a, const char *path, FileFacts *out, Err *e);
MUST_CHECK Status verify_checkpoint(Arena *a, const char *path, FileFacts *out, Err *e);
MUST_CHECK Status verify_record(Arena *a, const char *path, FileFacts *out, Err *e);

#endif
