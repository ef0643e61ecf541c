/* libyaml's complaints in the words of somebody who looks at the file. */
#ifndef CAVIAR_YAML_PROBLEM_H
#define CAVIAR_YAML_PROBLEM_H

#include "diag.h"

typedef struct {
  const Source *source;
  const char *problem, *context; /* libyaml's texts; context may be NULL */
  Mark at, context_at;           /* where it gave up, and where what it was reading began */
} YamlProblem;

void yaml_problem_add(Diag *d, const YamlProblem *p);

#endif
