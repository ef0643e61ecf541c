/*
 * results.h5: the record of a run, made anew from what the journal says, for h5dump, h5py and
 * reports.
 *
 *   /                    attributes: what the file is, name, seed, digest of the finished trials,
 *                        versions, git commit and dirty flag
 *   /experiment          text of the YAML file as given; /resolved, /overrides, /git_diff
 *   /trials/number ...   one row a finished trial, in order of the numbers: status, metric,
 *                        epochs, seconds, seed, chosen_epoch, diverged_step, rank, host, weights,
 *                        error, point (as text)
 *   /points/<path>       the same rows: the values of one dimension of the search space; numbers
 *                        where all are, else text
 *   /curves/<name>       (trials, most epochs), padded with NaN
 *   /confusion           (trials, classes, classes) counts of the validation part at the chosen
 *                        epoch, -1 where a trial has none; only where metrics ask for it
 *   /repeats/...         means of points that were trained several times (record_search.h)
 *   /search/boxes/...    of coarse_to_fine: where its stages drew (record_search.h)
 *   /test/...            the chosen trial on the test part; /test/metrics/<name>, /test/confusion
 */
#ifndef CAVIAR_RECORD_H
#define CAVIAR_RECORD_H

#include "run_dir.h"

/* Writes DIR/results.h5 by the atomic writer. E_IO. */
MUST_CHECK Status record_publish(const RunDir *r, Err *e);

/* Is DIR/results.h5 there, and does it say what the run has come to? Scratch in `a`. */
bool record_is_current(Arena *a, const RunDir *r);

#endif
