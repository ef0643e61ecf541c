/*
 * search.from: another run, whose best trials a search trains first, and whose results a method
 * that looks may be told as if they were of trials before the first.
 *
 * What comes of the run is one JSON text, {"digest", "points", "results"}; the journal's head keeps
 * it, so a run knows its first points without the other one. Its digest is part of the experiment:
 * a run goes on only while the other one is as it was.
 */
#ifndef CAVIAR_FROM_H
#define CAVIAR_FROM_H

#include "spec.h"

/* Reads the run that `s` names, if it names one, and fills s->search. Rank 0 only; before points or
 * the digest's text of `s` are asked for. E_IO: no such run. E_SPEC: it has not that many trials of
 * this search's space, another metric, or not the digest that the file says. */
MUST_CHECK Status from_load(Arena *a, Spec *s, Err *e);

/* The same from the text that a journal has. E_DATA. */
MUST_CHECK Status from_apply(Arena *a, Spec *s, const char *text, Err *e);

#endif
