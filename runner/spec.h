/*
 * The experiment, typed: a YAML tree checked against the parameter tables of runner/spec_tables.c
 * and of the registries, every default made explicit.
 *
 * A Spec keeps two trees: `source` is what the user meant (the file with the command line's
 * overrides applied), `tree` the resolved one: canonical order, every default written, each leaf
 * pointing at its table row (YamlNode.param). A trial's point is applied to a copy of `source`, and
 * the copy is resolved again by the same function, so a trial is checked exactly as a file is; with
 * `bias: auto` and the like settled for that trial's layers.
 *
 * Dotted paths (`train.optimizer.learning_rate`, `model.hidden.dense.units`) walk maps by key; at a
 * map with `layers` a component names a layer of the list: by its `name`, by its kind where only
 * one has that kind, or by its index from 0. The kind's parameters stand below the kind's name.
 */
#ifndef CAVIAR_SPEC_H
#define CAVIAR_SPEC_H

#include "io/yaml.h"
#include "nn/nn.h"
#include "space.h"

/* Numbers that a cost knows by name: a parameter with its start, or data. */
typedef struct {
  const char *name;
  bool is_list; /* written [5], which a parameter stays */
  int n;
  const double *v; /* (n) */
  Mark mark;       /* of the name */
} CostVector;

typedef struct CostExpr CostExpr; /* runner/cost.h */

/* In place of a model: numbers that make an expression small. */
typedef struct {
  const char *text;     /* NULL: the experiment has a model */
  const CostExpr *tree; /* of text; NULL after an error */
  const YamlNode *node; /* where the file says it */
  const CostVector *parameters;
  int n_parameters;
} CostSpec;

/* A value that a command is given, as it will see it: 0.001, 64, adam, true. */
typedef struct {
  const char *name, *text;
} CommandParameter;

/* In place of a model: a program that is run, and says what came of it. */
typedef struct {
  const YamlNode *node;   /* NULL: there is none; where the file says it */
  const char **arguments; /* (n_arguments) of which the first is the program; with {placeholders} */
  const Mark *marks;      /* (n_arguments) */
  int n_arguments;
  const CommandParameter *environment; /* (n_environment) variables; with {placeholders} */
  int n_environment;
  const CommandParameter *parameters; /* (n_parameters) */
  int n_parameters;
  int result;            /* COMMAND_* */
  double timeout;        /* seconds; 0: none */
  const char *directory; /* as written, */
  const char *path;      /*   and from here */
  int64_t keep_output;   /* bytes */
} CommandSpec;

enum { COMMAND_LAST_LINE, COMMAND_JSON };

typedef struct {
  KindValue source;                      /* generator; NULL kind: from files */
  const char *file, *test_file, *sha256; /* as written; relative to the YAML file */
  const char *path, *test_path;          /* file, test_file made usable from here */
  double train, validation, test; /* the split's fractions; test 0 where test_file is given */
  KindValue normalize;            /* NULL kind: as none */
  int64_t seed;                   /* data.seed, default the experiment's */
  const char *replay; /* from here; then nothing else is read: the experiment's replay */
  bool of_cost;       /* then of the above only the file is used, or instead: */
  const CostVector *vectors;
  int n_vectors;
  const char **wanted; /* (n_wanted) columns of the file that the cost names */
  int n_wanted;
} DataSpec;

extern const Registry run_normalizers; /* runner/normalizer.h */

/* One node of the model after `repeat` and `enabled`: a layer ("hidden.0.dense"), or the join that
 * a residual or a concatenate ends with ("hidden.0.residual"). */
typedef struct {
  const Kind *kind;
  void *config;
  const char *path;
  Mark mark;         /* where the file says it: shape errors point there */
  const int *inputs; /* (n_inputs) nodes before this one, or NN_INPUT */
  int n_inputs;
} LayerSpec;

typedef struct {
  LayerSpec *layers; /* those that a node reads come before it; the loss reads the last */
  int n_layers;
  KindValue loss;
} ModelSpec;

/* train.early_stopping: training ends when `patience` epochs in a row brought no metric better by
 * more than min_delta. */
typedef struct {
  int64_t patience; /* 0: there is none */
  double min_delta;
} EarlyStoppingSpec;

typedef struct {
  int64_t epochs; /* one of epochs, steps is given; the other is 0 */
  int64_t steps;
  int64_t batch_size; /* 0: all training rows */
  int64_t shards;     /* power of two */
  bool drop_last;
  int gemm; /* index into spec_gemm_names */
  KindValue optimizer, schedule;
  int64_t accumulate;      /* mini-batches to a step; 0: not given, one */
  NnRules rules;           /* 0: not given */
  double warmup_epochs;    /* 0: none */
  int64_t base_batch_size; /* rows that learning_rate is meant for; 0: those of any step */
  int64_t stop_at;         /* epochs; 0: all */
  EarlyStoppingSpec early_stopping;
} TrainSpec;

typedef struct {
  const char *name; /* "validation_accuracy" */
  bool maximize;
  bool at_best; /* metric.at: best */
} MetricSpec;

/* One of several that trials are compared by: a list `metric`. */
typedef struct {
  const char *name; /* a metric, or SPEC_N_PARAMETERS, SPEC_MULTIPLY_ADDS, known before training */
  bool maximize;
} ObjectiveSpec;

#define SPEC_N_PARAMETERS  "n_parameters"
#define SPEC_MULTIPLY_ADDS "multiply_adds"

/* metrics: what is measured besides the loss and its accuracy. */
typedef struct {
  KindValue *kinds;   /* (n) */
  const char **names; /* (n) "f1", "top_5": the columns are validation_f1 and so on */
  int n;
} MetricsSpec;

typedef struct {
  Point point;
  double loss; /* NaN: DIVERGED */
} PriorResult;

/* search.from: another run, whose best trials come first. What came of it: runner/from.h. */
typedef struct {
  const char *run;    /* as written; NULL: there is none */
  int64_t best;       /* so many of its points, the last of `tries` */
  bool results;       /* a method that looks is told all of its results too */
  const char *digest; /* of the run; NULL: not said, not read */
  const char *path;   /* run made usable from here */
  const char *text;   /* what came of it; NULL: not read */
  const PriorResult *prior;
  int n_prior;
} FromSpec;

enum { SEARCH_TRIALS_MAX = 10000000 }; /* trainings of a search */

typedef struct {
  bool present;
  KindValue method; /* sampler */
  int64_t trials;   /* how many points; for grid the size of the grid; tries among them */
  int64_t repeats;  /* trainings of each point, with seeds of their own; 0 without a search */
  int64_t max_concurrent;
  KindValue early_terminate;       /* stopper.h; NULL kind: every trial trains to its end */
  MetricSpec metric;               /* also set where there is no search */
  const ObjectiveSpec *objectives; /* (n_objectives) the metric first; n 0: it is the only one */
  int n_objectives;
  Space space;
  const Point
      *tries; /* (n_tries) the points of the first trials; those of `from` once it is read */
  int n_tries;
  FromSpec from;
} SearchSpec;

typedef struct {
  int64_t keep_trials;  /* checkpoints kept for the best so many */
  double every_seconds; /* a running trial saves itself so often */
} CheckpointSpec;

/* What is looked at while a trial trains; changes no bit of the training. */
typedef struct {
  int activations;   /* ACTIVATIONS_* */
  Reals percentiles; /* 0 to 100 */
} RecordsSpec;

enum { ACTIVATIONS_NONE, ACTIVATIONS_PERCENTILES };

/* Who computes: changes no bit of a result. */
typedef struct {
  int64_t ranks_per_trial; /* a power of two up to train.shards; 0: auto */
  double stall_seconds;    /* a wait for another rank is reported after so long */
} ResourcesSpec;

/* An item of edits: from update step + 1 on, training goes by this experiment. */
typedef struct {
  int64_t step;            /* updates done before it; ascending */
  const struct Spec *spec; /* with this edit and those before it; it has no edits itself */
  Mark mark;
} EditSpec;

typedef struct Spec {
  int64_t version; /* of the language: 1 */
  const char *name;
  int64_t seed;
  const char *replay; /* a run whose trials are looked up instead of trained; NULL: none */
  CostSpec cost;
  CommandSpec command;
  DataSpec data;
  ModelSpec model;
  TrainSpec train;
  MetricsSpec metrics;
  SearchSpec search;
  CheckpointSpec checkpoint;
  RecordsSpec records; /* zero: nothing */
  ResourcesSpec resources;
  const EditSpec *edits; /* (n_edits) */
  int n_edits;
  const char *directory;  /* what relative data paths are relative to */
  const Source *file;     /* the experiment's text */
  const YamlNode *source; /* the user's tree with overrides; do not change */
  const YamlNode *tree;   /* resolved; do not change */
} Spec;

extern const char *const spec_gemm_names[];

/* Reads, parses, overrides ("train.epochs=5"), resolves. What the user wrote wrong goes to `d` and
 * *out is NULL; Err is for files that cannot be read. `directory`: what relative data paths are
 * relative to. */
MUST_CHECK Status spec_load(Arena *a, const char *path, const char *const *overrides,
                            int n_overrides, Diag *d, Spec **out, Err *e);
/* The same from a text in memory (the other ranks, resumed runs). */
Spec *spec_from_text(Arena *a, const char *name, const char *text, const char *directory,
                     const char *const *overrides, int n_overrides, Diag *d);

/* The experiment of one trial: the base without `search`, with the point's values, `seed` = the
 * trial's and `data.seed` = the base's. NULL and diagnostics at the search space's lines if the
 * point is illegal. */
Spec *spec_trial(Arena *a, const Spec *base, const Point *point, int64_t seed, Diag *d);

/* The resolved tree with the point's values, whatever is wrong with them; `s` may still be on its
 * way, its search space up to those values resolved. */
const YamlNode *spec_tree_at(Arena *a, const Spec *s, const Point *point);

/* Finds a dotted path in a resolved (or source) tree; NULL: not there. */
YamlNode *spec_find(const YamlNode *tree, const char *path);

/* What `resources` and train.shards mean for a job of n_ranks that trains n_trials: more ranks asked
 * for than there are is an error, ranks left over or without work are warnings. */
void spec_check_ranks(const Spec *s, int n_ranks, int64_t n_trials, Diag *d);

/* Canonical YAML. SPEC_FOR_DIGEST leaves out checkpoint, records, resources and data paths and is
 * what two runs must share to be the same experiment. */
typedef enum { SPEC_RESOLVED, SPEC_FOR_DIGEST } SpecText;
char *spec_text(Arena *a, const Spec *s, SpecText form);

/* SPEC_FOR_DIGEST of a training that has come so far: without the edits that no update has seen. */
char *spec_identity_until(Arena *a, const Spec *s, int64_t updates);

/* The experiment that update t (from 1) is trained by. */
const Spec *spec_at_update(const Spec *s, int64_t t);

/* The experiment with further edits, a list like that of the file; those of one step become one, in
 * which the later one wins. `edits`: flow YAML, "" or NULL: none, `s` itself. NULL and diagnostics,
 * whose source is `edits`, if one is not legal. */
Spec *spec_edited(Arena *a, const Spec *s, const char *edits, Diag *d);

/* The nn graph of a spec for data of this shape; shape errors come as E_SHAPE with the layer's path
 * and as a diagnostic at its mark. */
MUST_CHECK Status spec_graph(Arena *a, const Spec *s, int n_features, NnTargets targets, Diag *d,
                             NnGraph **out, Err *e);
/* Does a layer of the model normalise over rows? Then a left-over single row is dropped. */
bool spec_couples_rows(const Spec *s);
/* Does one do so within each shard? Then its shards need two rows each. */
bool spec_is_by_shard(const Spec *s);

/* JSON Schema draft-07 of the experiment language. */
void spec_schema(Str *out);

#endif
