/*
 * when: a parameter of the search that is there only where others have certain values, such as
 * {train.optimizer.name: [adam, adamax]}. Keys are paths of other entries of search.parameters; all
 * must hold, and one that is not there holds nowhere.
 */
#ifndef CAVIAR_SPEC_WHEN_H
#define CAVIAR_SPEC_WHEN_H

#include "spec_resolve.h"

/* Reads which entries the conditions of each are on, and puts space->order right; paths and marks
 * of the dims are there already. False after errors: unknown, or in a circle. */
bool when_link(const Resolve *r, const YamlNode *parameters, Space *space);

/* The values of the conditions of dims[i], once the dims that they are on are resolved; into `out`,
 * the resolved entry. False after errors. */
bool when_values(const Resolve *r, const YamlNode *entry, Space *space, int i, YamlNode *out);

/* The resolved tree where value `v` of condition `c` of dims[i] holds, and of the others the
 * first; `s` without conditions. */
const YamlNode *when_tree(const Resolve *r, const Spec *s, int i, int c, int v);

#endif
