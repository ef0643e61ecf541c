/* What a batch script is made of: words that bash reads back as they were, numbers of arrays, options. */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "io/files.h"
#include "runner/program.h"
#include "runner/shell_word.h"
#include "runner/submit.h"

/* ---- words ----------------------------------------------------------------------------------- */

typedef void Word(const char *text, Str *out);

/* What bash makes of the words, one behind the other with a byte 1 between. */
static const char *through_bash(Arena *a, const char *const *texts, int n, Word *word) {
  Str script = str_new(a);
  ProgramEnd end;
  Err e = {0};
  str_add(&script, "SLURM_ARRAY_TASK_ID=17\nset --");
  for (int i = 0; i < n; i++) {
    str_add(&script, " ");
    const int from = script.length;
    word(texts[i], &script);
    assert_null(strchr(script.text + from, '\n')); /* on one line, whatever it is */
  }
  str_add(&script, "\nfor x; do printf '%s\\001' \"$x\"; done\n");
  assert_int_equal(file_write("words.sh", str_text(&script), (size_t)script.length, &e), OK);
  program_run(a, (const char *const[]){"bash", "words.sh", NULL}, &end);
  unlink("words.sh");
  assert_true(end.started);
  assert_int_equal(end.code, 0);
  assert_string_equal(end.err, "");
  return end.out;
}

static void come_back(Arena *a, const char *const *texts, int n) {
  Str want = str_new(a);
  for (int i = 0; i < n; i++) str_addf(&want, "%s\001", texts[i]);
  assert_string_equal(through_bash(a, texts, n, shell_word), str_text(&want));
}

static void words(void **state) {
  (void)state;
  static const char *const texts[] = {"",      "plain",    "a b", "it's", "\"",   "$HOME", "`id`",
                                      "$(id)", "\\",       "\\n", "a\nb", "'\n'", "\t",    "~",
                                      "#x",    "!!",       "*",   "a=b",  "-n",   "&& id", ";",
                                      "é",     "x\\'\n\\", "\n7", "\x7f", "%a",   "{1..3}"};
  Arena a = {0};
  arena_init(&a);
  come_back(&a, texts, COUNT(texts));
  Str out = str_new(&a);
  shell_word("train.epochs=5", &out);
  assert_string_equal(str_text(&out), "train.epochs=5"); /* readable where it can be */
  arena_free(&a);
}

/* Any bytes but 0 and 1, which the test itself needs. */
static void random_words(void **state) {
  (void)state;
  Arena a = {0};
  arena_init(&a);
  Rng rng = rng_stream(7, RNG_TEST, 0, 0);
  const char *texts[200];
  for (int i = 0; i < COUNT(texts); i++) {
    const int n = (int)rng_below(&rng, 30);
    char *text = ARENA_ARRAY(&a, char, n + 1);
    for (int k = 0; k < n; k++) text[k] = (char)(2 + rng_below(&rng, 254));
    texts[i] = text;
  }
  come_back(&a, texts, COUNT(texts));
  arena_free(&a);
}

static void array_words(void **state) {
  (void)state;
  static const char *const texts[] = {"seed=%a", "%a", "it's %a, %a\n", "none", "%a$HOME"};
  Arena a = {0};
  arena_init(&a);
  Str want = str_new(&a);
  for (int i = 0; i < COUNT(texts); i++)
    str_addf(&want, "%s\001", shell_array_text(&a, texts[i], 17));
  const char *got = through_bash(&a, texts, COUNT(texts), shell_array_word);
  assert_string_equal(got, str_text(&want));
  assert_string_equal(got, "seed=17\00117\001it's 17, 17\n\001none\00117$HOME\001");
  arena_free(&a);
}

/* As sbatch reads them: a backslash takes the next byte as it is, also within quotes. */
static void sbatch_words(void **state) {
  (void)state;
  Arena a = {0};
  arena_init(&a);
  Str out = str_new(&a);
  assert_true(shell_sbatch_word("n1,n2", &out));
  assert_true(shell_sbatch_word("a \"b\" \\ 'c' #", &out));
  assert_string_equal(str_text(&out), "n1,n2\"a \\\"b\\\" \\\\ 'c' #\"");
  assert_false(shell_sbatch_word("a\nb", &out));
  assert_true(shell_has_control("\x1b") && !shell_has_control("é"));
  arena_free(&a);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static void numbers_are(const char *text, const int64_t *want, int n_want) {
  Arena a = {0};
  arena_init(&a);
  int64_t *numbers;
  int n;
  Err e = {0};
  assert_int_equal(submit_array_numbers(&a, text, &numbers, &n, &e), OK);
  assert_int_equal(n, n_want);
  for (int i = 0; i < n; i++) assert_int_equal(numbers[i], want[i]);
  arena_free(&a);
}

static void arrays(void **state) {
  (void)state;
  numbers_are("0-3", (const int64_t[]){0, 1, 2, 3}, 4);
  numbers_are("0-3%2", (const int64_t[]){0, 1, 2, 3}, 4);
  numbers_are("7", (const int64_t[]){7}, 1);
  numbers_are("1,3,5-9:2", (const int64_t[]){1, 3, 5, 7, 9}, 5);
  static const char *const wrong[] = {
      "",   "a",   "1-",   "3-1",      "1-5:0", "1,",   "1%0",  "1%",
      "-1", "1 2", "1%2x", "0-100000", "1;2",   "0-5:", "1--2", "99999999999999999999"};
  for (int i = 0; i < COUNT(wrong); i++) {
    Arena a = {0};
    arena_init(&a);
    int64_t *numbers;
    int n;
    Err e = {0};
    assert_int_equal(submit_array_numbers(&a, wrong[i], &numbers, &n, &e), E_USAGE);
    arena_free(&a);
  }
}

static void logs(void **state) {
  (void)state;
  Arena a = {0};
  arena_init(&a);
  assert_string_equal(submit_log(&a, "/r/50%a", "l", false), "/r/50%%a/l");
  assert_string_equal(submit_log(&a, "/r/5%-%a", "l", true), "/r/5%%-%a/l");
  assert_null(submit_log(&a, "/r/a\nb", "l", false));
  assert_null(submit_log(&a, "/r/a\\b", "l", false)); /* which would end all patterns */
  arena_free(&a);
}

/* ---- the command line ------------------------------------------------------------------------ */

static Status parse(Arena *a, Submit *s, const char *const *words, Err *e) {
  char *argv[16] = {(char *)"submit"};
  int argc = 1;
  for (; words[argc - 1]; argc++) argv[argc] = (char *)words[argc - 1];
  return submit_args_parse(a, argc, argv, s, e);
}

static void command_lines(void **state) {
  (void)state;
  Arena a = {0};
  arena_init(&a);
  Submit s;
  Err e = {0};
  const char *const good[] = {"e.yaml",    "seed=3", "--nodes", "4",   "--time=2:00:00",
                              "--nodes=5", "--srun", "--out",   "x y", "--signal-seconds=60",
                              "f.yaml",    "--",     "--x=1",   NULL};
  assert_int_equal(parse(&a, &s, good, &e), OK);
  assert_true(s.n_files == 2 && s.n_overrides == 1 && s.n_more == 1 && s.n_options == 3);
  assert_string_equal(submit_option(&s, "--nodes"), "5");
  assert_string_equal(submit_option(&s, "--time"), "2:00:00");
  assert_null(submit_option(&s, "--qos"));
  assert_string_equal(s.out, "x y");
  assert_true(s.srun && !s.dry_run && s.signal_seconds == 60);
  static const char *const wrong[][4] = {
      {NULL},
      {"e.yaml", "--nods", "4"},
      {"e.yaml", "--nodes"},
      {"e.yaml", "--nodes="},
      {"e.yaml", "--srun=yes"},
      {"e.yaml", "--signal-seconds", "5"},
      {"e.yaml", "--signal-seconds", "1m"},
      {"e.yaml", "--comment", "a\nb"},
      {"e.yaml", "--", "a\nb"},
  };
  for (int i = 0; i < COUNT(wrong); i++) {
    e = (Err){0};
    assert_int_equal(parse(&a, &s, wrong[i], &e), E_USAGE);
  }
  assert_int_equal(parse(&a, &s, wrong[1], &(Err){0}), E_USAGE);
  arena_free(&a);
}

/* ---- other programs -------------------------------------------------------------------------- */

static void programs(void **state) {
  (void)state;
  Arena a = {0};
  arena_init(&a);
  ProgramEnd end;
  program_run(&a, (const char *const[]){"no-such-program", NULL}, &end);
  assert_false(end.started);
  program_run(&a, (const char *const[]){"sh", "-c", "cat; echo out; echo err >&2; exit 3", NULL},
              &end);
  assert_true(end.started && end.code == 3);
  assert_string_equal(end.out, "out\n");
  assert_string_equal(end.err, "err\n");
  program_run(&a, (const char *const[]){"sh", "-c", "kill -9 $$", NULL}, &end);
  assert_int_equal(end.code, 137);
  /* more than a pipe holds, on both sides */
  const char *const much[] = {"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x | tee /dev/stderr",
                              NULL};
  program_run(&a, much, &end);
  assert_true(end.code == 0 && strlen(end.out) >= 100000 && strlen(end.err) >= 100000);
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words),         cmocka_unit_test(random_words),
      cmocka_unit_test(array_words),   cmocka_unit_test(sbatch_words),
      cmocka_unit_test(arrays),        cmocka_unit_test(logs),
      cmocka_unit_test(command_lines), cmocka_unit_test(programs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
