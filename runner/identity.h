/*
 * What a rank is, in lines that all ranks of a job must have alike, for their results to be the same
 * wherever a trial is trained: the program, its libraries, the experiment as it is understood there,
 * what the self-test gives, the data.
 *
 * mpi_world.h carries the lines to rank 0 (world_compare), which says what differs.
 */
#ifndef CAVIAR_IDENTITY_H
#define CAVIAR_IDENTITY_H

#include "base/arena.h"

struct Spec;

typedef struct {
  const char *name, *value; /* "self-test", "91ab.."; neither has a tab or a line end */
  const char *why; /* what a difference means and what to do; NULL: not compared, for the message */
} IdentityLine;

enum { IDENTITY_LINES = 8 };
typedef struct {
  IdentityLine lines[IDENTITY_LINES]; /* (n) the most basic first: one difference brings others */
  int n;
} Identity;

/* The file that runs, and the libraries that it loaded. */
void identity_program(Arena *a, Identity *out);
/* The experiment as it reads here, and what training gives here by its engine. */
void identity_experiment(Arena *a, const struct Spec *s, Identity *out);
void identity_data(const char *fingerprint, Identity *out);

/* What another rank sent. */
typedef struct {
  int rank;
  const char *host, *text;
} IdentityOther;

/* "name\tvalue\n" of each line. */
char *identity_text(Arena *a, const Identity *id);

/* Is the text of each of others (n, by rank) the same as rank 0's, `mine` on `host`? E_IO: the first
 * line that differs, on which ranks and hosts, and the values. */
MUST_CHECK Status identity_compare(Arena *a, const Identity *mine, const char *host,
                                   const IdentityOther *others, int n, Err *e);

#endif
