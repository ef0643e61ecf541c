/* Experiments from text, for the tests of the experiment language. */
#ifndef CAVIAR_TEST_SPEC_RIG_H
#define CAVIAR_TEST_SPEC_RIG_H

#include <stdio.h>
#include <string.h>

#include "arena_rig.h"
#include "runner/spec.h"

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
  if (n == NULL || n->type != YAML_SCALAR) {
    fail_msg("no scalar at %s", path);
    return "";
  }
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

/* ---- whatever is written: a refusal with a message, or an experiment whose text means itself ---- */

static inline int rig_accepts(const char *text, const char *const *overrides, int n) {
  Arena a;
  arena_init(&a);
  const char *messages;
  Spec *s = rig_try(&a, text, overrides, n, &messages);
  if (s == NULL) assert_contains(messages, "error");
  if (s != NULL) {
    const char *first = spec_text(&a, s, SPEC_RESOLVED);
    assert_string_equal(first, spec_text(&a, rig_load(&a, first), SPEC_RESOLVED));
  }
  arena_free(&a);
  return s != NULL;
}

/* Each character replaced, each left out, the text cut before each. */
static inline void rig_damage(const char *whole) {
  static const char with[] = "[]{}:,-#\"' 0x.\n*&!|e9";
  const size_t size = strlen(whole) + 1;
  Arena a;
  arena_init(&a);
  char *text = arena_alloc(&a, size, 1);
  int accepted = 0, n = 0;
  for (size_t i = 0; i + 1 < size; i++) {
    memcpy(text, whole, size);
    text[i] = with[i % (sizeof(with) - 1)];
    accepted += rig_accepts(text, NULL, 0);
    memcpy(text, whole, size);
    memmove(text + i, text + i + 1, size - i - 1);
    accepted += rig_accepts(text, NULL, 0);
    memcpy(text, whole, size);
    text[i] = '\0';
    accepted += rig_accepts(text, NULL, 0);
    n += 3;
  }
  assert_true(accepted > 0 && accepted < n);
  arena_free(&a);
}

/* Every path set to every value; how many are accepted. */
static inline int rig_override(const char *text, const char *const *paths, int n_paths,
                               const char *const *values, int n_values) {
  int accepted = 0;
  for (int i = 0; i < n_paths; i++)
    for (int k = 0; k < n_values; k++) {
      char one[200];
      const char *const overrides[] = {one};
      snprintf(one, sizeof(one), "%s=%s", paths[i], values[k]);
      accepted += rig_accepts(text, overrides, 1);
    }
  assert_true(accepted < n_paths * n_values);
  return accepted;
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
