/*
 * Requests to the job that works on a run, as files of the run directory:
 *
 *   requests/ID.request   {"kind": "tune", "values": "{train.l2: 0.1}"}, written by a command
 *   requests/ID.answer    {"done": true, "text": "..."}, by rank 0 of the job
 *
 * Files appear by a rename, so they are whole. The job takes them in the order of their names, one at
 * a time, and removes each when it has answered; who asks removes the answer, and its request if
 * none comes.
 */
#ifndef CAVIAR_REQUESTS_H
#define CAVIAR_REQUESTS_H

#include "base/str.h"

typedef struct {
  const char *id;
  const char *kind;   /* "tune", "rewind", "pause", "resume" */
  const char *values; /* tune: flow YAML, {PATH: VALUE, ..}; else "" */
  int64_t epoch;      /* rewind */
} Request;

/* ---- the job --------------------------------------------------------------------------------- */

/* The first that is there, in `a`; false: none. What cannot be read is answered as refused. */
bool requests_next(Arena *a, const char *dir, Request *out);
void requests_answer(const char *dir, const Request *r, bool done, const char *text);

/* ---- who asks -------------------------------------------------------------------------------- */

/* Leaves the request (its id is made) and waits for the answer, at most so long: E_BUSY. What was
 * refused: E_USAGE with the reason. */
MUST_CHECK Status requests_ask(Arena *a, const char *dir, const Request *r, double seconds,
                               const char **answer, Err *e);

#endif
