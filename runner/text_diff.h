/* The lines in which two texts differ, for people. */
#ifndef CAVIAR_TEXT_DIFF_H
#define CAVIAR_TEXT_DIFF_H

#include "base/str.h"

/* Adds "- line" (only in `before`) and "+ line" (only in `after`), in order, at most `max_lines`
 * and then "...". By the longest common subsequence of lines. Returns how many lines differ. */
int text_diff(Arena *a, const char *before, const char *after, int max_lines, Str *out);

#endif
