/* Commands: placeholders, the environment, what is read out of a program's output. */
#include <math.h>
#include <stdlib.h>

#include "runner/command_call.h"
#include "runner/command_output.h"
#include "runner/objective.h"
#include "runner/process.h"
#include "spec_rig.h"

#define SMALL                                                                                      \
  "command: {run: [sh, -c, 'echo {x}'], result: json, environment: {HOW: \"{how}\"}}\n"            \
  "parameters: {x: 0.5, how: adam}\nmetric: {name: loss, goal: minimize}\n"

/* ---- placeholders ---------------------------------------------------------------------------- */

static void pieces(void **state) {
  (void)state;
  const char *at = "a{x}{{b}}{not so}{";
  static const struct {
    PieceType type;
    const char *text;
  } want[] = {{PIECE_TEXT, "a"},      {PIECE_NAME, "x"},  {PIECE_TEXT, "{"},
              {PIECE_TEXT, "b"},      {PIECE_TEXT, "}"},  {PIECE_WRONG, "{"},
              {PIECE_TEXT, "not so"}, {PIECE_WRONG, "}"}, {PIECE_WRONG, "{"}};
  for (int i = 0; i < COUNT(want); i++) {
    const Piece p = command_piece(&at);
    assert_int_equal(p.type, want[i].type);
    assert_int_equal(p.length, strlen(want[i].text));
    assert_memory_equal(p.text, want[i].text, (size_t)p.length);
  }
  assert_int_equal(command_piece(&at).type, PIECE_END);
}

static const char *variable(const CommandCall *c, const char *name) {
  const char *found = NULL;
  const size_t n = strlen(name);
  for (int i = 0; c->envp[i]; i++) {
    if (strncmp(c->envp[i], name, n) != 0 || c->envp[i][n] != '=') continue;
    assert_null(found);
    found = c->envp[i] + n + 1;
  }
  return found;
}

static void calls(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, SMALL);
  CommandCall c;
  setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  setenv("PMIX_RANK", "3", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("HOW", "not so", 1);
  command_call(a, &s->command, 17, 4711, &c);
  assert_string_equal(c.argv[2], "echo 0.5");
  assert_null(c.argv[3]);
  assert_string_equal(variable(&c, "HOW"), "adam");
  assert_string_equal(variable(&c, "CAVIAR_TRIAL"), "17");
  assert_string_equal(variable(&c, "CAVIAR_SEED"), "4711");
  assert_string_equal(variable(&c, "CAVIAR_PARAM_x"), "0.5");
  assert_string_equal(variable(&c, "CAVIAR_PARAM_how"), "adam");
  assert_string_equal(variable(&c, "OMPI_ALLOW_RUN_AS_ROOT"), "1");
  assert_null(variable(&c, "OMPI_COMM_WORLD_RANK"));
  assert_null(variable(&c, "PMIX_RANK"));
  assert_non_null(c.file);
  unsetenv("OMPI_COMM_WORLD_RANK");
  unsetenv("PMIX_RANK");
}

/* ---- what is written ------------------------------------------------------------------------- */

/* Taken in pieces of n bytes. */
static Status read_output(Arena *a, const char *text, size_t n, int result, const char *file,
                          Curves *out, Err *e) {
  CommandSpec *c = ARENA_NEW(a, CommandSpec);
  *c = (CommandSpec){.result = result, .keep_output = 1024};
  CommandOutput *o;
  assert_int_equal(command_output_open(a, c, "loss", file, &o, e), OK);
  for (size_t at = 0, left = strlen(text); left > 0;) {
    const size_t step = n < left ? n : left;
    command_output_take(o, PROCESS_OUT, text + at, step);
    at += step;
    left -= step;
  }
  assert_int_equal(command_output_close(o, e), OK);
  return command_output_curves(a, o, out, e);
}

static const char rows[] =
    "starting\n{\"loss\": 0.5, \"accuracy\": 0.1, \"who\": \"NaN \\\" Infinity\"}\n"
    "{\"other\": 1}\n{\"loss\": broken}\n[1]\n"
    "  {\"accuracy\": -Infinity, \"loss\": NaN, \"new\": 3}\n{\"loss\": 2}";

static void reads_rows(void **state) {
  Arena *a = *state;
  static const double want[3][2] = {{0.5, 0.1}, {NAN, -INFINITY}, {2, NAN}};
  static const size_t pieces_of[] = {1, 7, 1000};
  for (int k = 0; k < COUNT(pieces_of); k++) {
    Curves c;
    Err e = {0};
    assert_int_equal(read_output(a, rows, pieces_of[k], COMMAND_JSON, NULL, &c, &e), OK);
    assert_int_equal(c.n_epochs, 3);
    assert_int_equal(c.n_names, 2);
    assert_string_equal(c.names[1], "accuracy");
    for (int i = 0; i < 6; i++) {
      const double found = c.values[i], expected = want[i / 2][i % 2];
      assert_true(isnan(expected) ? isnan(found) : found == expected);
    }
  }
}

static void reads_a_number(void **state) {
  Arena *a = *state;
  static const struct {
    const char *text;
    double value;
    const char *error;
  } cases[] = {
      {"1\n2\n\n  \n", 2, NULL},
      {"words\n -1.5e-3 ", -1.5e-3, NULL},
      {"3\r\n", 3, NULL},
      {"inf\n", INFINITY, NULL},
      {"", 0, "it printed nothing"},
      {"4\nfour\n", 0, "is \"four\", expected a number alone"},
      {"1 2\n", 0, "is \"1 2\""},
      {"1\n\xff\xfe\n", 0, "is \"??\""},
      {"\n\n", 0, "it printed nothing"},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    Curves c;
    Err e = {0};
    const Status s = read_output(a, cases[i].text, 3, COMMAND_LAST_LINE, NULL, &c, &e);
    assert_int_equal(s, cases[i].error ? E_TRIAL : OK);
    if (cases[i].error)
      assert_contains(e.text, cases[i].error);
    else
      assert_true(c.values[0] == cases[i].value);
  }
  Curves c;
  Err e = {0};
  assert_int_equal(read_output(a, "0.5\n", 9, COMMAND_JSON, NULL, &c, &e), E_TRIAL);
  assert_contains(e.text, "no line that it printed is JSON with a number \"loss\"");
}

static char *file_text(Arena *a, const char *path, size_t *n) {
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  char *text = arena_alloc(a, 1 << 16, 1);
  *n = fread(text, 1, (1 << 16) - 1, f);
  fclose(f);
  return text;
}

/* Whole up to the limit; beyond it the first and the last half. */
static void keeps_both_ends(void **state) {
  Arena *a = *state;
  static const size_t lengths[] = {0, 511, 512, 513, 1024, 1025, 1537, 5000};
  for (int k = 0; k < COUNT(lengths); k++) {
    const size_t length = lengths[k];
    char *text = arena_alloc(a, length + 1, 1);
    for (size_t i = 0; i < length; i++) text[i] = (char)('a' + i * 7 % 23);
    Curves c;
    Err e = {0};
    assert_int_equal(read_output(a, text, 100, COMMAND_LAST_LINE, "kept.txt", &c, &e), E_TRIAL);
    size_t n;
    const char *kept = file_text(a, "kept.txt", &n);
    if (length <= 1024) {
      assert_int_equal(n, length);
      assert_memory_equal(kept, text, n);
      continue;
    }
    char words[100];
    snprintf(words, sizeof words, "\n[.. %zu bytes are left out: command.keep_output ..]\n",
             length - 1024);
    assert_int_equal(n, 1024 + strlen(words));
    assert_memory_equal(kept, text, 512);
    assert_memory_equal(kept + 512, words, strlen(words));
    assert_memory_equal(kept + n - 512, text + length - 512, 512);
  }
}

/* ---- the experiment -------------------------------------------------------------------------- */

static void types_of_parameters(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, "command: {run: [x]}\nmetric: {goal: minimize}\n"
                              "parameters: {i: 3, r: 1.0, e: 1e-3, w: adam, b: true, q: '7'}\n");
  static const char *const want[] = {"3", "1.0", "0.001", "adam", "true", "7"};
  static const ParamType types[] = {P_INT, P_REAL, P_REAL, P_STRING, P_BOOL, P_STRING};
  for (int i = 0; i < COUNT(want); i++) {
    const CommandParameter *p = &s->command.parameters[i];
    assert_string_equal(p->text, want[i]);
    const YamlNode *n = spec_find(s->tree, arena_printf(a, "parameters.%s", p->name));
    assert_int_equal(n->param->type, types[i]);
  }
  assert_string_equal(spec_text(a, s, SPEC_RESOLVED),
                      spec_text(a, rig_load(a, spec_text(a, s, SPEC_RESOLVED)), SPEC_RESOLVED));
}

/* How long it may take and how much is kept is no part of what is done. */
static void identity(void **state) {
  Arena *a = *state;
  static const char *const same[] = {"command.timeout=7", "command.keep_output=2048",
                                     "command.directory=elsewhere", "name=x"};
  static const char *const other[] = {"command.result=last_line", "command.environment.A=1",
                                      "parameters.x=2"};
  const char *base = spec_text(a, rig_load(a, SMALL), SPEC_FOR_DIGEST);
  for (int i = 0; i < COUNT(same); i++)
    assert_string_equal(base, spec_text(a, rig_load_with(a, SMALL, &same[i], 1), SPEC_FOR_DIGEST));
  for (int i = 0; i < COUNT(other); i++)
    assert_string_not_equal(base,
                            spec_text(a, rig_load_with(a, SMALL, &other[i], 1), SPEC_FOR_DIGEST));
}

static void any_text(void **state) {
  (void)state;
  rig_damage(SMALL "search: {trials: 3, parameters: {parameters.x: {min: 0, max: 1}}}\n");
  rig_damage("cost: x^2 + pi\nparameters: {x: 1}\ntrain: {steps: 0}\n");
}

/* ---- a trial --------------------------------------------------------------------------------- */

typedef struct {
  int begun, rows, ticks;
} Seen;

static void on_begin(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  (void)number;
  ((Seen *)ctx)->begun++;
  assert_true(done + 1 < n_epochs); /* or the rank would ask for its next trial already */
}

static void on_row(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  (void)number;
  assert_int_equal(done, ++((Seen *)ctx)->rows);
  assert_true(done + 1 < n_epochs);
}

static void on_tick(void *ctx) {
  ((Seen *)ctx)->ticks++;
}

static bool stop_now(void *ctx) {
  return ((Seen *)ctx)->ticks >= 2;
}

static void runs_a_trial(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(
      a,
      "command: {run: [sh, -c, 'for i in 3 1 2; do echo \"{{\\\"loss\\\": $i}}\"; sleep {pause}; "
      "done']}\nparameters: {pause: 0.05}\nmetric: {name: loss, goal: minimize, at: best}\n");
  ((Spec *)s)->command.result = COMMAND_JSON;
  ((Spec *)s)->command.path = ".";
  Seen seen = {0};
  TrialEnv env = {.cpu = cpu_level(),
                  .hooks = {.ctx = &seen, .begin = on_begin, .epoch = on_row, .tick = on_tick}};
  TrialResult r;
  Err e = {0};
  if (trial_run(a, &env, s, 0, &r, &e) != OK) fail_msg("%s", e.text);
  assert_int_equal(r.status, TRIAL_COMPLETED);
  assert_int_equal(r.chosen_epoch, 2);
  assert_true(r.metric == 1 && r.curves.n_epochs == 3);
  assert_int_equal(seen.begun, 1);
  assert_int_equal(seen.rows, 3);
  assert_true(seen.ticks > 3 && seen.ticks < 2000); /* it slept */
  seen = (Seen){0};
  env.hooks.stop = stop_now;
  assert_int_equal(trial_run(a, &env, s, 0, &r, &e), E_STOPPED);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces), TEST(calls),    TEST(reads_rows), TEST(reads_a_number),
      TEST(keeps_both_ends),    TEST(identity), TEST(any_text),   TEST(types_of_parameters),
      TEST(runs_a_trial),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
