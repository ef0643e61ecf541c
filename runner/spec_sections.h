/* The sections of an experiment file beyond their tables: what one key asks of another. */
#ifndef CAVIAR_SPEC_SECTIONS_H
#define CAVIAR_SPEC_SECTIONS_H

#include "spec_layers.h"

/* Each checks the section `in` (NULL: left out), fills its part of the spec and returns the
 * resolved map. `top` is the place to report a section that is missing. */
YamlNode *resolve_data(const Resolve *r, const YamlNode *in, Mark top, const char *directory,
                       Spec *s);
YamlNode *resolve_model(const Resolve *r, const YamlNode *in, Mark top, Spec *s);
YamlNode *resolve_train(const Resolve *r, const YamlNode *in, Mark top, Spec *s);
YamlNode *resolve_checkpoint(const Resolve *r, const YamlNode *in, Mark top, Spec *s);
/* After train and cost. */
YamlNode *resolve_resources(const Resolve *r, const YamlNode *in, Mark top, Spec *s);
YamlNode *resolve_records(const Resolve *r, const YamlNode *in, Spec *s);
/* After data: the list `metrics`; NULL: none, or an empty one. */
YamlNode *resolve_metrics(const Resolve *r, const YamlNode *in, Spec *s);
/* After data, model, train and metrics. */
YamlNode *resolve_metric(const Resolve *r, const YamlNode *in, Mark top, Spec *s);
/* Last: in s->tree, the resolved tree so far, its paths are looked up. */
YamlNode *resolve_search(const Resolve *r, const YamlNode *in, Spec *s);
/* What keys of a search that was read ask of each other. */
void resolve_search_rules(const Resolve *r, const YamlNode *in, const Spec *s);
/* The same of a method with generations (sampler.h); marks the parameters that are fixed. */
void resolve_population(const Resolve *r, const YamlNode *in, const Spec *s);

/* The list search.try, once the search's parameters are resolved without errors. */
YamlNode *resolve_try(const Resolve *r, const YamlNode *in, Spec *s);

/* search.from, after search.try; what comes of the run is read later (from.h). */
YamlNode *resolve_from(const Resolve *r, const YamlNode *in, Spec *s);

/* Why the path may not change while a training goes on, in r->a; NULL: it may. s->tree is there up to
 * `train`. */
const char *edits_refuse(const Resolve *r, const Spec *s, const char *path);
/* edits, after everything else; NULL: none, or an empty list. */
YamlNode *resolve_edits(const Resolve *r, const YamlNode *in, Spec *s);

/* The experiment of another user's tree, from the same file. NULL after errors. */
Spec *resolve_tree(Arena *a, const Spec *s, const YamlNode *source, Diag *d);

/* cost, parameters and data of an experiment that has a cost, into `tree`; and its train. */
void resolve_cost(const Resolve *r, const YamlNode *source, Mark top, const char *directory,
                  Spec *s, YamlNode *tree);
YamlNode *resolve_cost_train(const Resolve *r, const YamlNode *in, Mark top, Spec *s);

/* command and its parameters, into `tree`. */
void resolve_command(const Resolve *r, const YamlNode *source, Mark top, const char *directory,
                     Spec *s, YamlNode *tree);

/* Refuses the sections that do not go with what stands in place of a model ("a cost"); `suit`: those
 * that do, NULL-terminated. */
void resolve_alone(const Resolve *r, const YamlNode *source, const char *const *suit,
                   const char *what);

/* The table's map, with the sections below it as keys of their own. */
MapSpec section_map(const Resolve *r, const Section *section, const YamlNode *in, Mark top,
                    const char *const *also);

#endif
