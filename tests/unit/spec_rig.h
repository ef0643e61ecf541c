/* Experiments from text, for the tests of the experiment language. */
#ifndef CAVIAR_TEST_SPEC_RIG_H
#define CAVIAR_TEST_SPEC_RIG_H

#include <string.h>

#include "check.h"
#include "runner/spec.h"

static int rig_setup(void **state) {
  static Arena arena;
  arena_init(&arena);
  *state = &arena;
  return 0;
}

static int rig_teardown(void **state) {
  arena_free(*state);
  return 0;
}

/* The spec, or NULL and the diagnostics in *messages. */
static Spec *rig_try(Arena *a, const char *text, const char *const *overrides, int n,
                     const char **messages) {
  Diag d = diag_new(a);
  Spec *s = spec_from_text(a, "dir/e.yaml", text, "dir", overrides, n, &d);
  Str out = str_new(a);
  diag_render(&d, false, &out);
  *messages = str_text(&out);
  assert_int_equal(s == NULL, d.n_errors > 0);
  return s;
}

static inline Spec *rig_load_with(Arena *a, const char *text, const char *const *overrides, int n) {
  const char *messages;
  Spec *s = rig_try(a, text, overrides, n, &messages);
  if (s == NULL) print_error("%s\n", messages);
  assert_non_null(s);
  return s;
}

static inline Spec *rig_load(Arena *a, const char *text) {
  return rig_load_with(a, text, NULL, 0);
}

/* What is said about a wrong text. */
static inline const char *rig_errors(Arena *a, const char *text) {
  const char *messages;
  assert_null(rig_try(a, text, NULL, 0, &messages));
  return messages;
}

static inline void assert_contains(const char *text, const char *part) {
  if (strstr(text, part) == NULL) print_error("\"%s\" is not in:\n%s\n", part, text);
  assert_non_null(strstr(text, part));
}

/* A scalar of the resolved tree. */
static inline const char *rig_value(const Spec *s, const char *path) {
  const YamlNode *n = spec_find(s->tree, path);
  if (n == NULL || n->type != YAML_SCALAR) print_error("no scalar at %s\n", path);
  assert_non_null(n);
  assert_int_equal(n->type, YAML_SCALAR);
  return n->text;
}

/* A parameter of an expanded layer, as text. */
static inline const char *rig_layer(Arena *a, const Spec *s, int i, const char *name) {
  const LayerSpec *l = &s->model.layers[i];
  const Param *p = param_find(l->kind->params, l->kind->n_params, name);
  assert_non_null(p);
  Str out = str_new(a);
  param_get(p, l->config, &out);
  return str_text(&out);
}

#define RIG_SMALL                                                                                  \
  "data: {source: blobs}\n"                                                                        \
  "model:\n"                                                                                       \
  "  layers:\n"                                                                                    \
  "    - {name: hidden, repeat: 2, layers: [{dense: {units: 8}}, batch_norm, {activation: "        \
  "relu}]}\n"                                                                                      \
  "    - {name: out, dense: {units: classes}}\n"                                                   \
  "train: {epochs: 3, batch_size: 16, optimizer: adam}\n"

#endif
