/* The results of a run as a table for people. */
#ifndef CAVIAR_LEADERBOARD_H
#define CAVIAR_LEADERBOARD_H

#include <stdio.h>
#include "run_points.h"

/* The best `most` trials (0: all), aligned, numbers to four digits; then how many more there
 * are. With search.repeats the best points: their trials, the metric's mean and standard deviation,
 * and their seconds together. */
void leaderboard_print(const RunDir *r, int64_t most, FILE *out);

/* With several objectives the points that no other one dominates (pareto.h), in the same order. */
void leaderboard_front(const RunDir *r, FILE *out);

/* Of coarse_to_fine a line a stage that has begun: what it draws from. Else nothing. */
void leaderboard_boxes(const RunDir *r, FILE *out);

/* "learning_rate 0.0132, units 78": names as short as the space lets them be. */
void leaderboard_point(Arena *a, const Space *space, const char *point, Str *out);

/* The shortest end of the path that no other dimension has: "units", or "hidden.dense.units". */
const char *leaderboard_short(const Space *space, int dim);

#endif
