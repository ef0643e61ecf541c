/* What importance found, as text for people and as JSON on one line. */
#ifndef CAVIAR_IMPORTANCE_TEXT_H
#define CAVIAR_IMPORTANCE_TEXT_H

#include "importance.h"
#include "io/json.h"

/* n_pairs: how many of the largest pairs. */
void importance_print(Arena *a, const Importance *x, int n_pairs, Str *out);
void importance_write_json(const Importance *x, int n_pairs, Str *out);

#endif
