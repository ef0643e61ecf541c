/* The journal's records: what a run is, and what the chosen trial gave on the test part, as
 * JSON. */
#ifndef CAVIAR_RUN_HEAD_H
#define CAVIAR_RUN_HEAD_H

#include "run_dir.h"

enum { RUN_FORMAT = 1 }; /* of the journal */

/* One line each, without a newline. */
void run_head_write(const RunHead *h, Str *out);
/* Copies into `a`. E_DATA: not a head, or of a later format. */
MUST_CHECK Status run_head_read(Arena *a, const JsonValue *record, RunHead *out, Err *e);

void run_test_write(const RunTest *t, Str *out);
MUST_CHECK Status run_test_read(Arena *a, const JsonValue *record, RunTest *out, Err *e);

/* Refuses another experiment or other data, with the difference. E_SPEC. *more: it is the same
 * search with more trials, which `spec` (of `now`) allows. */
MUST_CHECK Status run_head_same(Arena *a, const char *dir, const RunHead *there, const RunHead *now,
                                const Spec *spec, bool *more, Err *e);

#endif
