/* Reading YAML: types, marks, every refusal with its place, and no crash on any input. */
#include "arena_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"
#include "io/yaml.h"

static YamlNode *parse_n(Arena *a, const char *text, size_t n, Diag *d) {
  Source *s = ARENA_NEW(a, Source);
  *s = (Source){.name = "e.yaml", .text = text, .length = (int)n};
  *d = diag_new(a);
  return yaml_parse(a, s, d);
}

static YamlNode *parse(Arena *a, const char *text) {
  Diag d;
  YamlNode *n = parse_n(a, text, strlen(text), &d);
  if (n == NULL) {
    Str out = str_new(a);
    diag_render(&d, false, &out);
    print_error("%s\n", str_text(&out));
  }
  assert_non_null(n);
  return n;
}

/* The diagnostics without the lines of source. */
static const char *errors(Arena *a, const char *text) {
  Diag d;
  assert_null(parse_n(a, text, strlen(text), &d));
  Str all = str_new(a), out = str_new(a);
  diag_render(&d, false, &all);
  for (const char *line = str_text(&all); *line != '\0';) {
    int n = (int)strcspn(line, "\n");
    if (str_starts(line, "e.yaml:")) {
      str_addn(&out, line + 7, n - 7);
      str_add(&out, "\n");
    }
    line += n + (line[n] == '\n');
  }
  return str_text(&out);
}

static void assert_mark(Mark m, int line, int column, int length) {
  assert_int_equal(m.line, line);
  assert_int_equal(m.column, column);
  assert_int_equal(m.length, length);
}

static void tree_and_marks(void **state) {
  YamlNode *n = parse(*state, "name: quick\n"
                              "caf\xC3\xA9: \xE9\xAD\x9A  # fish\n"
                              "train:\n"
                              "  lr: 1e-3\n"
                              "  text: \"a b\"\n"
                              "list: [1, {x: y}]\n"
                              "empty:\n"
                              "items:\n"
                              "- a\n"
                              "- b: 'c'\n");
  assert_int_equal(n->type, YAML_MAP);
  assert_int_equal(n->n_children, 6);
  assert_mark(n->mark, 1, 1, 4);
  YamlNode *c = yaml_get(n, "caf\xC3\xA9");
  assert_mark(c->key_mark, 2, 1, 4);
  assert_mark(c->mark, 2, 7, 1);
  c = yaml_get(n, "train");
  assert_mark(c->key_mark, 3, 1, 5);
  assert_mark(c->mark, 4, 3, 2);
  c = yaml_get(c, "lr");
  assert_mark(c->mark, 4, 7, 4);
  assert_true(yaml_scalar(c).real == 0.001);
  c = yaml_get(yaml_get(n, "train"), "text");
  assert_mark(c->mark, 5, 9, 5); /* with its quotes */
  assert_string_equal(c->text, "a b");
  assert_true(c->quoted);
  c = yaml_get(n, "list");
  assert_int_equal(c->type, YAML_LIST);
  assert_mark(c->mark, 6, 7, 11);
  assert_mark(yaml_at(c, 1)->mark, 6, 11, 6);
  assert_null(yaml_at(c, 2));
  assert_int_equal(yaml_scalar(yaml_get(n, "empty")).type, SCALAR_NULL);
  assert_mark(yaml_get(n, "empty")->mark, 7, 7, 1);
  c = yaml_get(n, "items");
  assert_mark(c->mark, 9, 1, 1);
  assert_mark(yaml_at(c, 1)->mark, 10, 3, 1);
  assert_int_equal(yaml_scalar(yaml_get(yaml_at(c, 1), "b")).type, SCALAR_STRING);
  assert_null(yaml_get(n, "nothing"));
  assert_null(yaml_get(c, "a"));
}

static void core_schema(void **state) {
  static const struct {
    const char *text;
    ScalarType type;
  } cases[] = {
      {"no", SCALAR_STRING},       {"1e-3", SCALAR_REAL},     {"017", SCALAR_INT},
      {"true", SCALAR_BOOL},       {"~", SCALAR_NULL},        {"'1'", SCALAR_STRING},
      {"\"\"", SCALAR_STRING},     {"|\n  1", SCALAR_STRING}, {"2001-01-01", SCALAR_STRING},
      {"12:30:00", SCALAR_STRING}, {"1_000", SCALAR_STRING}};
  for (int i = 0; i < COUNT(cases); i++) {
    YamlNode *n = parse(*state, arena_printf(*state, "k: %s\n", cases[i].text));
    assert_int_equal(yaml_scalar(n->first).type, cases[i].type);
  }
}

static void an_empty_document_is_an_empty_map(void **state) {
  static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"};
  for (int i = 0; i < COUNT(texts); i++) {
    YamlNode *n = parse(*state, texts[i]);
    assert_int_equal(n->type, YAML_MAP);
    assert_int_equal(n->n_children, 0);
    assert_mark(n->mark, 1, 1, 1);
  }
}

static void anchors(void **state) {
  YamlNode *n = parse(*state, "a: &x {k: [1, 2]}\nb: *x\nc: &x 5\nd: *x\n<<: *x\n");
  YamlNode *a = yaml_get(n, "a"), *b = yaml_get(n, "b");
  assert_true(yaml_equal(a, b));
  assert_ptr_not_equal(a->first, b->first); /* a copy */
  assert_mark(b->mark, 2, 4, 2);
  assert_string_equal(yaml_get(n, "d")->text, "5");
  assert_non_null(yaml_get(n, "<<")); /* a key like any other */
}

static const struct {
  const char *text, *errors;
} refusals[] = {
    /* structure */
    {"a: 1\nb: 2\na: 3\na: 4\n", "3:1: error: duplicate key \"a\"; first given at line 1\n"
                                 "4:1: error: duplicate key \"a\"; first given at line 1\n"},
    {"x: {c: 1, c: 2}\ny: {d: 1, 'd': 2}\n",
     "1:11: error: duplicate key \"c\"; first given at line 1\n"
     "2:11: error: duplicate key \"d\"; first given at line 2\n"},
    {"[a, b]: 3\n? {c: d}\n: 5\n", "1:1: error: a key must be plain text, not a list\n"
                                   "2:3: error: a key must be plain text, not a map\n"},
    {"a: &k b\n*k : 1\n", "2:1: error: an alias cannot be a key\n"},
    {": 1\n", "1:1: error: a key is missing before the colon\n"},
    {"a: 1\n---\nb: 2\n",
     "2:1: error: a second document begins here; a file holds one experiment\n"},
    {"a: 1\n...\nb: 2\n", "3:1: error: unexpected text behind the end of the experiment\n"},
    {"a: !!str 3\nb: !mine x\n",
     "1:4: error: tags like !!str have no meaning here: leave it out, or quote the text\n"
     "2:4: error: tags like !mine have no meaning here: leave it out, or quote the text\n"},
    {"a: !e!x 3\n", "1:4: error: text cannot begin with \"!\": put it in quotes\n"},
    {"%foo\n", "1:1: error: a line cannot begin with \"%\": put the text in quotes\n"},
    {"a: *x\nb: *y\n", "1:4: error: no anchor &x stands before this alias\n"
                       "2:4: error: no anchor &y stands before this alias\n"},
    {"a: &x [*x]\n", "1:8: error: the alias *x stands inside what it names\n"},
    {"a: &\n", "1:4: error: \"&\" and \"*\" begin an anchor's name: put other text in quotes\n"},
    {"a: \"x\\0y\"\n", "1:4: error: text with a NUL character (\\0) in it\n"},
    /* encoding */
    {"a: 1\nb: \xC3\xA9\xFFx\n",
     "2:5: error: byte 0xFF is not UTF-8 text: save the file as UTF-8\n"},
    {"a: \xED\xA0\x80\n", "1:4: error: byte 0xED is not UTF-8 text: save the file as UTF-8\n"},
    {"a: x\x07\n", "1:5: error: control character U+0007 in the text: remove it\n"},
    /* spaces and tabs */
    {"train:\n\tepochs: 3\n", "2:1: error: a tab cannot indent: use spaces\n"},
    {"a:\n  b: 1\n\tc: 2\n", "3:1: error: a tab cannot indent: use spaces\n"},
    {"train:\n  epochs:20\n  batch_size: 3\n", "2:9: error: a space is missing behind the colon\n"},
    {"name:x\n\n# so\ntrain:\n", "1:5: error: a space is missing behind the colon\n"},
    {"train:\n  epochs: 3\n  batch:20\n", "3:8: error: a space is missing behind the colon\n"},
    {"train:\n   epochs: 3\n  batch: 3\n",
     "3:3: error: wrong indentation: aligned with nothing above that it could belong to\n"},
    {"train:\n  epochs: 3\n    batch: 3\n",
     "3:5: error: wrong indentation: the line above has its value already, nothing can stand below "
     "it\n"},
    /* keys and colons */
    {"a: b: c\n",
     "1:5: error: a second colon on the line: put the text in quotes, or the map on lines of its "
     "own\n"},
    {"a: 1\nb\nc: 2\n", "2:1: error: expected \"key: value\", found no colon\n"},
    {"a: 1\nb\n", "2:1: error: expected \"key: value\", found no colon\n"},
    {"a\nb: 2\n", "1:1: error: expected \"key: value\", found no colon\n"},
    {"a: 1\n: 2\n", "2:1: error: a key is missing before the colon\n"},
    /* lists */
    {"layers: - a\n", "1:9: error: a list begins on a line of its own, below its key\n"},
    {"a: 1\n- b\n",
     "2:1: error: a list item cannot stand among the keys of a map: indent it below its key\n"},
    {"- b\na: 1\n", "2:1: error: expected a list item (\"- ...\") as above, or less indentation\n"},
    /* brackets and quotes */
    {"a: [1, 2\nb: 3\n",
     "1:4: error: this \"[\" is not closed: \"]\" or a comma is missing before line 2\n"},
    {"a: {x: 1, y: 2\n",
     "1:4: error: this \"{\" is not closed: \"}\" or a comma is missing before line 2\n"},
    {"a: {x: 1 y: 2}\n",
     "1:11: error: expected a comma or \"}\" here, for the \"{\" of column 4\n"},
    {"a: [1, {b: 3]\n", "1:13: error: expected a comma or \"}\" here, for the \"{\" of column 8\n"},
    {"a: ]\n",
     "1:4: error: unexpected \"]\": expected a value; text that begins so needs quotes\n"},
    {"a: 1\nname: \"abc\nb: 2\n", "2:7: error: this quote is not closed\n"},
    {"name: 'abc\nb: 2\n", "1:7: error: this quote is not closed\n"},
    {"a: \"abc\" def\n",
     "1:10: error: unexpected text behind the value: remove it, or put all of it in quotes\n"},
    {"a: @foo\n", "1:4: error: text cannot begin with \"@\": put it in quotes\n"},
    {"a: %foo\n", "1:4: error: text cannot begin with \"%\": put it in quotes\n"},
    {"a: \"C:\\qx\"\n",
     "1:7: error: unknown escape: write \\\\ for a backslash, or use single quotes\n"},
    {"a: \"\\xZZ\"\n", "1:7: error: an escape needs hexadecimal digits: \\x41, \\u20AC\n"},
    {"a: |x\n  b\n", "1:5: error: nothing may follow \"|\" or \">\" on its line\n"},
};

static void refused_with_a_place(void **state) {
  for (int i = 0; i < COUNT(refusals); i++) {
    assert_string_equal(errors(*state, refusals[i].text), refusals[i].errors);
  }
}

static void limits(void **state) {
  Arena *a = *state;
  Str deep = str_new(a), bomb = str_new(a), key = str_new(a);
  for (int i = 0; i < 64; i++) str_add(&deep, "[");
  for (int i = 0; i < 64; i++) str_add(&deep, "]");
  assert_int_equal(parse(a, str_text(&deep))->type, YAML_LIST);
  assert_string_equal(errors(a, arena_printf(a, "[%s]", str_text(&deep))),
                      "1:65: error: nested deeper than 64 levels\n");
  /* also by an alias: 40 levels inside 25 */
  char *inner = arena_printf(a, "%.40s1%.40s", str_text(&deep), str_text(&deep) + 64);
  assert_string_equal(errors(a, arena_printf(a, "a: &x %s\nb: %.24s*x%.24s", inner, str_text(&deep),
                                             str_text(&deep) + 64)),
                      "2:28: error: nested deeper than 64 levels by this alias\n");
  assert_non_null(parse(a, arena_printf(a, "a: &x %s\nb: %.23s*x%.23s", inner, str_text(&deep),
                                        str_text(&deep) + 64)));

  str_add(&bomb, "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
  for (char c = 'b'; c < 'k'; c++) {
    str_addf(&bomb, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c - 1, c - 1,
             c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
  }
  const char *said = errors(a, str_text(&bomb));
  assert_non_null(strstr(said, "5:"));
  assert_non_null(
      strstr(said, "error: the aliases of this file expand to more than 10000 values\n"));

  for (int i = 0; i < 201; i++) str_add(&key, "k");
  assert_string_equal(errors(a, arena_printf(a, "%s: 1\n", str_text(&key))),
                      "1:1: error: a key of more than 200 bytes\n");
  assert_non_null(parse(a, arena_printf(a, "%s: 1\n", str_text(&key) + 1)));

  size_t n = (1 << 20) + 1;
  char *big = ARENA_ARRAY(a, char, n + 1);
  memset(big, '#', n);
  assert_string_equal(errors(a, big),
                      "1:1: error: the file has more than 1 MiB: it is no experiment file\n");
  big[n - 1] = '\0';
  assert_non_null(parse(a, big));
}

static void many_keys(void **state) {
  Str s = str_new(*state);
  for (int i = 0; i < 50000; i++) str_addf(&s, "key%d: 1\n", i * 7919 % 50000);
  assert_int_equal(parse(*state, str_text(&s))->n_children, 50000);
  str_add(&s, "key77: 1\n");
  assert_non_null(strstr(errors(*state, str_text(&s)), "50001:1: error: duplicate key \"key77\""));
}

static void files(void **state) {
  Arena *a = *state;
  char dir[] = "test_yaml_read.XXXXXX";
  assert_non_null(mkdtemp(dir));
  const char *path = file_join(a, dir, "e.yaml");
  Err e = {0};
  Source *s = NULL;
  assert_int_equal(file_write(path,
                              "\xEF\xBB\xBF"
                              "a: 1\n",
                              8, &e),
                   OK);
  assert_int_equal(yaml_read_file(a, path, &s, &e), OK);
  assert_string_equal(s->name, path);
  assert_string_equal(s->text, "a: 1\n"); /* without the byte order mark */
  assert_int_equal(s->length, 5);
  char *big = ARENA_ARRAY(a, char, (1 << 20) + 1);
  assert_int_equal(file_write(path, big, (1 << 20) + 1, &e), OK);
  assert_int_equal(yaml_read_file(a, path, &s, &e), E_SPEC);
  assert_non_null(strstr(e.text, "e.yaml has more than 1 MiB"));
  e = (Err){0};
  assert_int_equal(file_remove(path, &e), OK);
  assert_int_equal(yaml_read_file(a, path, &s, &e), E_IO);
  assert_non_null(strstr(e.text, "e.yaml: No such file or directory"));
  assert_int_equal(rmdir(dir), 0);
}

/* ---- the tree's operations ---- */

static void put_append_become(void **state) {
  Arena *a = *state;
  YamlNode *n = parse(a, "a: 1\nb: {c: 2}\nd: 3\n");
  YamlNode *b = yaml_get(n, "b");
  yaml_put(a, n, "b", yaml_new_scalar(a, "x", false, (Mark){.line = 9}));
  yaml_put(a, n, "d", yaml_new_scalar(a, "y", false, (Mark){0}));
  yaml_put(a, n, "e", yaml_new(a, YAML_LIST, (Mark){0}));
  yaml_append(yaml_get(n, "e"), yaml_new_scalar(a, "1", true, (Mark){0}));
  assert_true(yaml_equal(n, parse(a, "a: 1\nb: x\nd: y\ne: ['1']\n")));
  assert_string_equal(yaml_at(n, 1)->key, "b"); /* in its old place */
  assert_int_equal(yaml_at(n, 1)->key_mark.line, 2);
  assert_int_equal(n->n_children, 4);
  assert_string_equal(n->last->key, "e");

  YamlNode *copy = yaml_copy(a, n);
  yaml_become(yaml_get(n, "a"), b);
  assert_true(yaml_equal(n, parse(a, "a: {c: 2}\nb: x\nd: y\ne: ['1']\n")));
  assert_true(yaml_equal(copy, parse(a, "a: 1\nb: x\nd: y\ne: ['1']\n")));
}

static void equality(void **state) {
  static const struct {
    const char *a, *b;
    bool equal;
  } cases[] = {
      {"1", "1.0", true},
      {"1e-3", "0.001", true},
      {"0x10", "16", true},
      {".nan", ".NaN", true},
      {".inf", "-.inf", false},
      {"1", "'1'", false},
      {"true", "TRUE", true},
      {"true", "'true'", false},
      {"~", "null", true},
      {"a", "'a'", true},
      {"a", "A", false},
      {"[1, 2]", "[2, 1]", false},
      {"{a: 1, b: 2}", "{b: 2, a: 1}", true},
      {"{a: 1}", "{b: 1}", false},
      {"{a: 1}", "{a: 1, b: 1}", false},
      {"[]", "{}", false},
      {"[1]", "1", false},
      {"9007199254740993", "9007199254740992", false},
      {"{a: [{b: 1.50}]}", "{a: [{b: 1.5}]}", true},
      {"[1, 2]", "[1, 2, 3]", false},
      {"{a: 1, b: 2, c: 3}", "{c: 3, a: 1, b: 2}", true},
      {"{a: 1, b: 2}", "{b: 1, a: 2}", false},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    YamlNode *a = parse(*state, cases[i].a), *b = parse(*state, cases[i].b);
    assert_int_equal(yaml_equal(a, b), cases[i].equal);
    assert_int_equal(yaml_equal(b, a), cases[i].equal);
  }
}

/* ---- no input crashes ---- */

static const char valid[] =
    "# a comment\nname: quick\nseed: 42\ndata: {source: strokes, split: [0.8, 0.1, 0.1]}\n"
    "model:\n  layers:\n    - name: &n hidden\n      repeat: 2\n      layers: [{dense: {units: "
    "64}}, "
    "batch_norm, *n]\n    - dense: {units: classes}\n  text: \"a\\x41 \\u20AC\" # b\n  long: |\n   "
    " two\n"
    "    lines\n  fold: >-\n    a\n    b\n? key\n: 'it''s'\nlist:\n- 1\n- - 2\n  - caf\xC3\xA9\n";

static uint64_t next_random(uint64_t *s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  *s ^= *s << 17;
  return *s >> 16;
}

/* Some edits: a byte set, removed, put in, a piece doubled, the end cut off. Returns the length. */
static size_t mutate(char *text, size_t n, uint64_t *s) {
  static const char nasty[] = ":-?[]{},&*!|>'\"%@`# \n\t\r\\~<=0\x80\xC2\xFF";
  for (int edits = 1 + (int)(next_random(s) % 6); edits > 0 && n > 2; edits--) {
    size_t at = next_random(s) % n, length = 1 + next_random(s) % 20;
    if (at + length > n) length = n - at;
    char c = nasty[next_random(s) % sizeof nasty];
    switch (next_random(s) % 5) {
    case 0:
      text[at] = c;
      break;
    case 1:
      memmove(text + at, text + at + length, n - at - length);
      n -= length;
      break;
    case 2:
      memmove(text + at + 1, text + at, n - at);
      text[at] = c;
      n++;
      break;
    case 3:
      memmove(text + at + length, text + at, n - at);
      n += length;
      break;
    case 4:
      if (next_random(s) % 8 == 0) n = at + 1;
      break;
    }
  }
  return n;
}

/* A tree or an error, never both or none; the tree comes back from its canonical text. */
static void mutated_files(void **state) {
  (void)state;
  uint64_t seed = 88172645463325252u;
  int trees = 0, refused = 0;
  for (int i = 0; i < 6000; i++) {
    Arena a;
    arena_init(&a);
    /* a buffer of the exact size, so that reading past it is noticed */
    char work[sizeof valid + 200];
    memcpy(work, valid, sizeof valid);
    size_t n = mutate(work, sizeof valid - 1, &seed);
    char *text = test_malloc(n);
    memcpy(text, work, n);
    Diag d, again;
    Str rendered = str_new(&a), out = str_new(&a);
    YamlNode *tree = parse_n(&a, text, n, &d);
    diag_render(&d, i % 2 == 0, &rendered);
    assert_int_equal(tree != NULL, d.n_errors == 0);
    trees += tree != NULL;
    refused += tree == NULL;
    if (tree != NULL) {
      yaml_write(tree, &out);
      YamlNode *back = parse_n(&a, str_text(&out), strlen(str_text(&out)), &again);
      if (back == NULL || !yaml_equal(tree, back))
        print_error("%.*s\n----\n%s", (int)n, text, str_text(&out));
      assert_true(yaml_equal(tree, back));
    }
    test_free(text);
    arena_free(&a);
  }
  assert_true(trees > 500 && refused > 500);
}

/* ---- points, read fast ----------------------------------------------------------------------- */

static void assert_same_mark(Mark x, Mark y) {
  assert_int_equal(x.line, y.line);
  assert_int_equal(x.column, y.column);
  assert_int_equal(x.length, y.length);
  assert_string_equal(x.source->text, y.source->text);
}

static void assert_same_tree(const YamlNode *x, const YamlNode *y) {
  assert_int_equal(x->type, y->type);
  assert_int_equal(x->quoted, y->quoted);
  assert_int_equal(x->n_children, y->n_children);
  assert_int_equal(x->text == NULL, y->text == NULL);
  if (x->text) assert_string_equal(x->text, y->text);
  assert_same_mark(x->mark, y->mark);
  assert_int_equal(x->key == NULL, y->key == NULL);
  if (x->key) {
    assert_string_equal(x->key, y->key);
    assert_same_mark(x->key_mark, y->key_mark);
  }
  const YamlNode *a = x->first, *b = y->first;
  for (; a && b; a = a->next, b = b->next) assert_same_tree(a, b);
  assert_true(a == NULL && b == NULL && (x->last == NULL) == (y->last == NULL));
}

/* Read fast, it is the tree that libyaml gives; true: it was read fast. */
static bool compare_plain(Arena *a, const char *text) {
  const Source source = {.name = "point", .text = text, .length = (int)strlen(text)};
  const YamlNode *fast = yaml_parse_plain(a, &source);
  if (!fast) return false;
  Diag d;
  const YamlNode *slow = parse_n(a, text, strlen(text), &d);
  if (!slow) print_error("libyaml refuses %s\n", text);
  assert_non_null(slow);
  assert_same_tree(fast, slow);
  return true;
}

static void plain_points(void **state) {
  static const struct {
    bool plain;
    const char *text;
  } cases[] = {
      {true, "{train.optimizer.learning_rate: 0.013, model.0.dense.units: 78}"},
      {true, "{a: -1.5e-07, b: 1e+300, c: .inf, d: -.inf, e: .nan, f: true, g: null, h: +5}"},
      {true, "{a-b: --x, 1: y., _z: a+b-c}"},
      {false, "{}"},
      {false, ""},
      {false, "{a: 1"},
      {false, "{a: 1,}"},
      {false, "{a: 1,b: 2}"},
      {false, "{a: 1}\n"},
      {false, "{a:1}"},
      {false, "{a: }"},
      {false, "{a: -}"},
      {false, "{a: 1, a: 2}"},
      {false, "{a: \"0.1\"}"},
      {false, "{a: [32, 64]}"},
      {false, "{a: {b: 1}}"},
      {false, "{a: b c}"},
      {false, "{a: b#c}"},
      {false, "{a: &b c}"},
      {false, "{a: *b}"},
      {false, "{a: \xC3\xA9}"},
      {false, "a: 1"},
  };
  for (int i = 0; i < COUNT(cases); i++)
    if (compare_plain(*state, cases[i].text) != cases[i].plain)
      fail_msg("%s: read %s", cases[i].text, cases[i].plain ? "slowly" : "fast");
  const char *text = cases[1].text;
  static const char bytes[] = "{}[]:, \"'-+.#&*!|>%@`?~\n\ta0";
  int n_plain = 0;
  for (size_t i = 0; i < strlen(text); i++)
    for (size_t k = 0; k < strlen(bytes); k++) {
      char *other = arena_strdup(*state, text);
      other[i] = bytes[k];
      n_plain += compare_plain(*state, other);
    }
  assert_true(n_plain > 200);
}

#define T(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(tree_and_marks),
      T(core_schema),
      T(an_empty_document_is_an_empty_map),
      T(anchors),
      T(refused_with_a_place),
      T(limits),
      T(many_keys),
      T(files),
      T(put_append_become),
      T(equality),
      T(mutated_files),
      T(plain_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
