/*
 * Errors: a status, a message, and the three words that pass them on.
 *
 * Every function that can fail returns a Status and takes an `Err *` last. The first error
 * wins: a later err_set on the same Err is ignored. Callers add where they were with
 * err_context ("trial 17: layer hidden.dense: ..."). A message says what, where, and what to do;
 * it starts in lower case and has no full stop, so that contexts read as one sentence.
 * Nobody but runner/main.c ends the process.
 */
#ifndef CAVIAR_ERR_H
#define CAVIAR_ERR_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  OK = 0,
  E_USAGE,    /* the command line                                   exit 2 */
  E_SPEC,     /* the experiment file                                exit 3 */
  E_SHAPE,    /* layers, data and loss that do not fit together     exit 3 */
  E_DATA,     /* a data file: missing, truncated, values            exit 4 */
  E_IO,       /* reading or writing anything else                   exit 4 */
  E_BUSY,     /* the run directory is in use                        exit 4 */
  E_MEMORY,   /* an allocation that was planned and refused         exit 4 */
  E_TRIAL,    /* a trial failed, an expectation does not hold       exit 1 */
  E_STOPPED,  /* stopped with a checkpoint; run again               exit 75 */
  E_INTERNAL, /* a bug of ours                                      exit 1 */
} Status;

typedef struct {
  Status status;
  char text[1000];
} Err;

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Records the first error and returns its status. */
Status err_set(Err *e, Status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " before the message. Returns the status, so that it can end a function. */
Status err_context(Err *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* 0, 1, 2, 3, 4 or 75. */
int err_exit_code(Status status);

/* A program that has such words of its own defines CAVIAR_NO_WORDS before it includes this. */
#ifndef CAVIAR_NO_WORDS

#define TRY(call)                                                                                  \
  do {                                                                                             \
    Status try_status_ = (call);                                                                   \
    if (try_status_ != OK) return try_status_;                                                     \
  } while (0)

/* err_set never returns OK, which an analyser of one file cannot see. */
#ifdef __clang_analyzer__
#define ERR_SET(e, status, ...) ((void)err_set((e), (status), __VA_ARGS__), (status))
#else
#define ERR_SET(e, status, ...) err_set((e), (status), __VA_ARGS__)
#endif

#define FAIL(e, status, ...) return ERR_SET(e, status, __VA_ARGS__)

#define CHECK(e, condition, status, ...)                                                           \
  do {                                                                                             \
    if (!(condition)) return ERR_SET(e, status, __VA_ARGS__);                                      \
  } while (0)

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif

#endif
