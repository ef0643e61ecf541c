/*
 * Parameter tables: declare once.
 *
 * A parameter's name, type, default, range, unit and one-line doc sit in one row; parsing, error
 * text, help, reference docs, JSON Schema and the canonical dump of an experiment derive from it.
 * A Kind is a thing that is chosen by name and has parameters (a layer, an optimizer, a sampler);
 * a Registry lists the kinds of one noun.
 *
 *   static const Param params[] = {
 *     {"learning_rate", P_REAL, offsetof(Adam, learning_rate), .def = "0.001", .lo = 0, .lo_open =
 * true, .hi = INFINITY, .doc = "step size alpha"},
 *   };
 */
#ifndef CAVIAR_PARAM_H
#define CAVIAR_PARAM_H

#include "scalar.h"

typedef struct Kind Kind;
typedef struct Registry Registry;

typedef enum {
  P_BOOL,   /* bool; with a `word` an int: 0, 1 or word_value */
  P_INT,    /* int64_t */
  P_REAL,   /* double */
  P_STRING, /* const char * */
  P_CHOICE, /* int: index into choices */
  P_REALS,  /* Reals: `[0.1, 0.01]`, at least one number; the word is {NULL, word_value} */
  P_KIND,   /* KindValue: `adam` or `{name: adam, beta1: 0.9}` */
} ParamType;

/* A list of numbers, owned by the arena it was parsed into. v NULL: not given, n 0, or a word. */
typedef struct {
  double *v;
  int n;
} Reals;

typedef struct {
  const char *name;
  ParamType type;
  size_t offset;   /* of the field in its struct */
  const char *def; /* the default as it would be written; NULL: required unless optional */
  bool
      optional; /* may be absent: the field keeps its zero, or takes `def`; the dump leaves it out */
  double lo, hi; /* P_INT, P_REAL, P_REALS' elements: legal range; both 0: any finite value */
  bool lo_open, hi_open; /* the end itself is not legal */
  const char *word;      /* P_BOOL, P_INT, P_REAL, P_REALS: one word that is legal as well */
  int word_value;        /* what the field then holds. A P_BOOL with a word is kept in an int: 0, 1
                            or word_value; without a word in a bool; a P_REALS keeps it in n, < 0 */
  const char *const *choices; /* P_CHOICE: names, NULL-terminated */
  const Registry *registry;   /* P_KIND */
  const char *unit;           /* for people; may be NULL */
  const char *doc;            /* one line, lower case, no full stop */
} Param;

/* Which parameter, and which of a list's elements (from 0; -1: the whole value). */
typedef struct {
  const char *param;
  int element;
} ParamPlace;

struct Kind {
  const char *name, *doc;
  const char *source; /* paper and equation, or NULL */
  const Param *params;
  int n_params;
  size_t config_size; /* bytes of the struct that params describe; 0 if none */
  /* What legal parameters ask of each other; NULL: nothing. *place: where the error belongs. */
  Status (*check)(const void *config, ParamPlace *place, Err *e);
};

struct Registry {
  const char *noun; /* "layer", "optimizer" */
  const Kind *const *kinds;
  int n;
};

typedef struct {
  const Kind *kind; /* NULL: not given */
  void *config;     /* config_size bytes, owned by the arena it was parsed into */
} KindValue;

const Param *param_find(const Param *params, int n, const char *name);
const Kind *kind_find(const Registry *r, const char *name);

/* The one parameter that is not optional, or the only one; NULL: none or several. */
const Param *kind_main_param(const Kind *k);

/* Sets the field of `object` that `p` describes. P_KIND is not handled here (it needs a tree), nor
 * the list of a P_REALS (only its word). Text is kept by pointer. The error says what was expected
 * and what was found, with no position: "expected an integer from 1 to 1048576, found 0". */
MUST_CHECK Status param_set(const Param *p, void *object, const Scalar *value, Err *e);

/* One number of a P_REALS, checked against its range. */
MUST_CHECK Status param_element(const Param *p, const Scalar *value, double *out, Err *e);

/* Sets the field from text as a table or a test writes it: `0.1`, `auto`, `[1, 0.5]`. Text that the
 * field keeps is the caller's; lists go to `a`. */
MUST_CHECK Status param_parse(Arena *a, const Param *p, void *object, const char *text, Err *e);

/* All defaults of a table; P_KIND defaults take the named kind with its own defaults. */
void param_defaults(const Param *params, int n, void *object, Arena *a);
/* A KindValue of that kind with every default. */
KindValue kind_default(const Kind *kind, Arena *a);

/* The value as it would be written in a file, canonical: shortest numbers, quoted only if needed.
 * For P_KIND: the kind's name. */
void param_get(const Param *p, const void *object, Str *out);

/* "an integer from 1 to 1048576", "a number above 0", "a list of numbers above 0", "one of: he,
 * xavier", "true, false or auto". */
void param_expectation(const Param *p, Str *out);

/* The nearest parameter, kind or word; NULL if none is near. */
const char *param_nearest(const Param *params, int n, const char *word);
const char *kind_nearest(const Registry *r, const char *word);

#endif
