/*
 * What a command writes: kept in a file of bounded size, and read for its result.
 *
 * The file has both streams as they came: of more than `keep` bytes the first half of them, and at
 * the end the last half. The result is in stdout: a number alone on the last line, or lines that are
 * JSON objects with the metric as a key, each a row of the curve.
 */
#ifndef CAVIAR_COMMAND_OUTPUT_H
#define CAVIAR_COMMAND_OUTPUT_H

#include "trial.h"

typedef struct CommandOutput CommandOutput;

/* `path`: of the file, NULL: keep none. Owned by `a`; closed by command_output_close. E_IO. */
MUST_CHECK Status command_output_open(Arena *a, const CommandSpec *c, const char *metric,
                                      const char *path, CommandOutput **out, Err *e);
void command_output_take(CommandOutput *o, int stream, const char *bytes, size_t n);
/* How many rows of the curve there are so far. */
int command_output_rows(const CommandOutput *o);
/* All that was written is there: the file is complete. E_IO: it could not be written. */
MUST_CHECK Status command_output_close(CommandOutput *o, Err *e);

/* The last line that says something, of any stream; "" if there was none. */
const char *command_output_last(const CommandOutput *o);
/* What it came to. E_TRIAL: there is no result in it, and why. */
MUST_CHECK Status command_output_curves(Arena *a, CommandOutput *o, Curves *out, Err *e);

#endif
