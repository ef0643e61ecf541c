/* The command line of `caviar run`. */
#include "run_args.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* The value of `--name VALUE` or `--name=VALUE` at argv[*i]; NULL: another word. */
static const char *option(int argc, char **argv, int *i, const char *name, bool *missing) {
  size_t n = strlen(name);
  if (strncmp(argv[*i], name, n) != 0) return NULL;
  if (argv[*i][n] == '=') return argv[*i] + n + 1;
  if (argv[*i][n] != '\0') return NULL;
  *missing = *i + 1 >= argc;
  return *missing ? "" : argv[++*i];
}

static Status parse_option(int argc, char **argv, int *i, RunArgs *out, Err *e) {
  static const char *const names[] = {"--out", "--dry-run", "--expect-digest", "--submitted",
                                      "--help"};
  const char *word = argv[*i], *value;
  bool missing = false;
  if (str_eq(word, "--dry-run")) {
    out->dry_run = true;
  } else if ((value = option(argc, argv, i, "--out", &missing))) {
    out->out = value;
  } else if ((value = option(argc, argv, i, "--expect-digest", &missing))) {
    out->expect = value;
  } else if ((value = option(argc, argv, i, "--submitted", &missing))) {
    out->submitted = value;
  } else {
    const char *near = str_nearest(word, names, COUNT(names));
    FAIL(e, E_USAGE, "unknown option %s%s%s%s", word, near ? "; did you mean " : "",
         near ? near : "", near ? "?" : "; `caviar run --help` lists the options");
  }
  CHECK(e, !missing, E_USAGE, "%s needs a value", word);
  return OK;
}

static Status check_values(const RunArgs *r, Err *e) {
  CHECK(e, r->file, E_USAGE,
        "an experiment file is missing: caviar run E.yaml [path=value ...] [--out DIR]");
  CHECK(e, !r->out || *r->out, E_USAGE, "--out needs the name of a directory");
  if (!r->expect) return OK;
  bool hex = strlen(r->expect) == 32;
  for (const char *c = r->expect; *c; c++) hex = hex && isxdigit((unsigned char)*c);
  CHECK(e, hex, E_USAGE, "--expect-digest needs 32 hexadecimal digits, found \"%s\"", r->expect);
  return OK;
}

Status run_args_parse(Arena *a, int argc, char **argv, RunArgs *out, Err *e) {
  *out = (RunArgs){.overrides = ARENA_ARRAY(a, const char *, argc)};
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '-') {
      TRY(parse_option(argc, argv, &i, out, e));
    } else if (!out->file) {
      out->file = argv[i];
    } else {
      CHECK(e, strchr(argv[i], '='), E_USAGE,
            "expected an override like train.epochs=5, found \"%s\"", argv[i]);
      out->overrides[out->n_overrides++] = argv[i];
    }
  }
  return check_values(out, e);
}
