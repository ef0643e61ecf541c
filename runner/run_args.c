/* The command line of `caviar run`. */
#include "run_args.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

static Status unknown_option(const char *word, Err *e) {
  static const char *const names[] = {"--out", "--dry-run", "--expect-digest", "--submitted",
                                      "--help"};
  const char *near = str_nearest(word, names, COUNT(names));
  FAIL(e, E_USAGE, "unknown option %s%s%s%s", word, near ? "; did you mean " : "", near ? near : "",
       near ? "?" : "; `caviar run --help` lists the options");
}

/* Those with a value are `--name VALUE` or `--name=VALUE`. */
static Status parse_option(int argc, char **argv, int *i, RunArgs *out, Err *e) {
  const struct {
    const char *name, **value;
  } options[] = {
      {"--out", &out->out}, {"--expect-digest", &out->expect}, {"--submitted", &out->submitted}};
  const char *word = argv[*i];
  if (str_eq(word, "--dry-run")) {
    out->dry_run = true;
    return OK;
  }
  for (int k = 0; k < COUNT(options); k++) {
    const size_t n = strlen(options[k].name);
    if (strncmp(word, options[k].name, n) != 0 || (word[n] != '=' && word[n] != '\0')) continue;
    CHECK(e, word[n] == '=' || *i + 1 < argc, E_USAGE, "%s needs a value", word);
    *options[k].value = word[n] == '=' ? word + n + 1 : argv[++*i];
    return OK;
  }
  return unknown_option(word, e);
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
