/* caviar describe [NOUN [NAME]]: the reference of everything that an experiment file can say. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "io/dataset.h"
#include "nn/ops.h"
#include "sampler.h"
#include "stopper.h"
#include "spec_tables.h"

extern const Command run_command_describe;

static const struct {
  const Registry *registry;
  const char *doc;
} nouns[] = {
    {&spec_sections, "the maps of an experiment file"},
    {&nn_layers, "items of model.layers"},
    {&nn_activations, "layers that {activation: relu} may name"},
    {&nn_losses, "model.loss"},
    {&nn_optimizers, "train.optimizer"},
    {&nn_schedules, "train.schedule"},
    {&nn_initialisers, "how weights start"},
    {&nn_metrics, "items of metrics; what trials are compared by is the section metric"},
    {&io_generators, "data.source"},
    {&run_normalizers, "data.normalize"},
    {&run_samplers, "search.method"},
    {&run_stoppers, "search.early_terminate"},
    {&nn_ops, "functions of a cost, and of nn_graph_op in C"},
    {&io_importers, "formats that `caviar import` reads"},
};

static void print_kinds(const Registry *r, const char *margin) {
  int width = 0;
  for (int i = 0; i < r->n; i++) {
    const int n = (int)strlen(r->kinds[i]->name);
    width = n > width ? n : width;
  }
  for (int i = 0; i < r->n; i++)
    printf("%s%-*s  %s\n", margin, width, r->kinds[i]->name, r->kinds[i]->doc);
}

static void print_param(Arena *a, const Param *p) {
  Str s = str_new(a);
  param_expectation(p, &s);
  printf("\n  %s: %s", p->name, str_text(&s));
  if (p->unit) printf(" (%s)", p->unit);
  if (p->def)
    printf("; default %s\n", p->def);
  else
    printf(p->optional ? "\n" : "; required\n");
  printf("      %s\n", p->doc);
}

static const Section *section_of(const Registry *r, const Kind *k) {
  return r == &spec_sections ? (const Section *)(const void *)k : NULL;
}

static void print_kind(Arena *a, const Registry *r, const Kind *k) {
  /* r is never NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
  printf("%s %s: %s\n", r->noun, k->name, k->doc);
  if (k->source) printf("source: %s\n", k->source);
  for (int i = 0; i < k->n_params; i++) print_param(a, &k->params[i]);
  const Section *s = section_of(r, k);
  if (s && s->sections) printf("\nbelow it:\n");
  for (int i = 0; s && s->sections && s->sections[i]; i++)
    printf("  %-20s  %s\n", s->sections[i]->head.name, s->sections[i]->head.doc);
}

static void print_nouns(void) {
  printf("caviar describe NOUN lists its kinds, caviar describe NAME shows one with its "
         "parameters.\nA kind of one parameter may be written {binarize: 0.5} for {name: binarize, "
         "threshold: 0.5}.\n");
  for (int i = 0; i < COUNT(nouns); i++) {
    printf("\n%s: %s\n", nouns[i].registry->noun, nouns[i].doc);
    print_kinds(nouns[i].registry, "  ");
  }
}

static const Registry *find_noun(const char *word) {
  for (int i = 0; i < COUNT(nouns); i++)
    if (str_eq(nouns[i].registry->noun, word)) return nouns[i].registry;
  return NULL;
}

/* Every kind of that name, of one noun or of all; activations are layers already. */
static int print_named(Arena *a, const Registry *only, const char *name) {
  int n = 0;
  for (int i = 0; i < COUNT(nouns); i++) {
    const Registry *r = nouns[i].registry;
    const Kind *k = kind_find(r, name);
    if (!k || (only ? r != only : r == &nn_activations)) continue;
    if (n++ > 0) printf("\n");
    print_kind(a, r, k);
  }
  return n;
}

static Status unknown(const Registry *only, const char *word, Err *e) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (int i = 0; i < COUNT(nouns); i++) {
    const Registry *r = nouns[i].registry;
    if (!r || (only && r != only)) continue;
    if (!only && str_nearer(word, r->noun, &best)) nearest = r->noun;
    for (int k = 0; k < r->n; k++)
      if (str_nearer(word, r->kinds[k]->name, &best)) nearest = r->kinds[k]->name;
  }
  const char *noun = only ? only->noun : "noun, kind or section";
  if (nearest)
    FAIL(e, E_USAGE, "no %s is called \"%s\"; did you mean \"%s\"?", noun, word, nearest);
  FAIL(e, E_USAGE, "no %s is called \"%s\"; `caviar describe` lists all", noun, word);
}

static Status describe_main(Arena *a, int argc, char **argv, Err *e) {
  CHECK(e, argc <= 3, E_USAGE, "too many arguments; usage: caviar %s", run_command_describe.usage);
  if (argc == 1) {
    print_nouns();
    return OK;
  }
  const Registry *noun = find_noun(argv[1]);
  if (argc == 3 && !noun) return unknown(NULL, argv[1], e);
  if (argc == 2 && noun) {
    print_kinds(noun, "");
    return OK;
  }
  const char *name = argv[argc - 1];
  return print_named(a, argc == 3 ? noun : NULL, name) > 0
             ? OK
             : unknown(argc == 3 ? noun : NULL, name, e);
}

const Command run_command_describe = {
    .name = "describe",
    .usage = "describe [NOUN] [NAME]",
    .doc = "what an experiment file can say: sections, layers, optimizers, ...",
    .help = "  caviar describe                  everything, one line each\n"
            "  caviar describe optimizer        all kinds of one noun\n"
            "  caviar describe adam             one kind with its parameters\n"
            "  caviar describe layer dense      the same, where two nouns share a name\n"
            "  caviar describe train            a section of the file\n",
    .main = describe_main,
};
