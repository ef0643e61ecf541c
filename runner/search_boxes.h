/*
 * The boxes of coarse_to_fine's stages in the values of the parameters, as far as the results that
 * are there say where they lie. Pure; the same from a run that is finished or on its way.
 */
#ifndef CAVIAR_SEARCH_BOXES_H
#define CAVIAR_SEARCH_BOXES_H

#include "history.h"

typedef struct {
  int64_t stage;  /* from 0, which is the whole space */
  int64_t first;  /* its first trial; with search.repeats the first one of a point */
  int64_t n_best; /* so many of the best points lie in it; 0: it is the box of the stage before */
  const YamlNode **low, **high; /* (space.n) smallest and largest value that is drawn; NULL of
                                   categories */
  YamlNode **kept; /* (space.n) the categories that are drawn, a list; NULL of ranges */
} SearchBox;

/* In `a`, by stage; *n of them: 0 of another method. Stages that lie in the results of search.from
 * have none. */
SearchBox *search_boxes(Arena *a, const History *h, int *n);

/* Warns where the window leaves a stage less than half of the trials before it to look at, so that
 * it zooms in on chance. Of another method nothing. */
void search_boxes_warn(const History *h, Diag *d);

#endif
