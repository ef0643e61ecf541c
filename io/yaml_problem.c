#include "yaml_problem.h"
void yaml_problem_add(Diag *d, const YamlProblem *p) {
  diag_add(d, DIAG_ERROR, p->at, "%s | %s (%d:%d)", p->problem, p->context ? p->context : "-",
           p->context_at.line, p->context_at.column);
}
