/* caviar schema */
#include <stdio.h>

#include "command.h"
#include "spec.h"

extern const Command run_command_schema;

/* JSON on several lines, two spaces a level: for people, and for the differences that git shows. */
static void indent(const char *json, Str *out) {
  int depth = 0;
  bool in_text = false;
  for (const char *c = json; *c; c++) {
    const char text[2] = {*c, '\0'};
    if (*c == '"' && (c == json || c[-1] != '\\')) in_text = !in_text;
    const bool opens = !in_text && (*c == '{' || *c == '['),
               closes = !in_text && (*c == '}' || *c == ']');
    if (opens && (c[1] == '}' || c[1] == ']')) { /* {} stays together */
      str_addf(out, "%c%c", *c, c[1]);
      c++;
      continue;
    }
    if (closes) str_addf(out, "\n%*s", 2 * --depth, "");
    str_add(out, text);
    if (opens) depth++;
    if (opens || (!in_text && *c == ',')) str_addf(out, "\n%*s", 2 * depth, "");
  }
  str_add(out, "\n");
}

static Status schema_main(Arena *a, int argc, char **argv, Err *e) {
  CHECK(e, argc == 1, E_USAGE, "schema takes no arguments, found \"%s\"; usage: caviar %s", argv[1],
        run_command_schema.usage);
  Str compact = str_new(a), text = str_new(a);
  spec_schema(&compact);
  indent(str_text(&compact), &text);
  fputs(str_text(&text), stdout);
  return OK;
}

const Command run_command_schema = {
    .name = "schema",
    .usage = "schema",
    .doc = "print the JSON Schema of experiment files, for editors",
    .help = "Draft 7. To have keys completed and checked while you type, save it once,\n"
            "  caviar schema > experiment.schema.json\n"
            "and begin an experiment with\n"
            "  # yaml-language-server: $schema=./experiment.schema.json\n",
    .main = schema_main,
};
