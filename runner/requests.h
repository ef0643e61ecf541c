/*
 * Requests to the job that works on a run, as files of the run directory:
 *
 *   requests/ID.request   {"kind": "tune", "values": "{train.l2: 0.1}"}, written by a command
 *   requests/ID.answer    {"done": true, "text": "..."}, by rank 0 of the job
 *
 * Files appear by a rename, so they are whole. The job reads them in the order of their names, one at
 * a time. Who removes a request decides on it: the job, which then carries it out and answers, or who
 * asked, when the time is over or a signal comes. So nothing is done of which it was said that it is
 * not, nothing twice, and no answer is left that nobody reads. Who asks removes the answer.
 */
#ifndef CAVIAR_REQUESTS_H
#define CAVIAR_REQUESTS_H

#include "base/str.h"

typedef struct {
  const char *id;
  const char *kind;   /* "tune", "rewind", "pause", "resume" */
  const char *values; /* tune: flow YAML, {PATH: VALUE, ..}; else "" */
  int64_t epoch;      /* rewind */
  bool taken;         /* by this job */
} Request;

/* ---- the job --------------------------------------------------------------------------------- */

/* Before the first: answers of an earlier job go, whose askers were killed. */
void requests_begin(const char *dir);
/* The first that is there, in `a`; false: none. What cannot be read is answered as refused. */
bool requests_next(Arena *a, const char *dir, Request *out);
/* Before it is carried out. False: who asked has given up. */
bool requests_take(const char *dir, Request *r);
/* Takes it, if it was not, and answers; nothing, if who asked has given up. */
void requests_answer(const char *dir, Request *r, bool done, const char *text);

/* ---- who asks -------------------------------------------------------------------------------- */

/* Leaves the request (its id is made) and waits for the answer, at most so long: E_BUSY. What was
 * refused: E_USAGE with the reason. SIGINT, SIGTERM, SIGHUP meanwhile take it back, where the job has
 * not taken it: E_STOPPED; the process keeps its handlers for them. */
MUST_CHECK Status requests_ask(Arena *a, const char *dir, const Request *r, double seconds,
                               const char **answer, Err *e);

#endif
