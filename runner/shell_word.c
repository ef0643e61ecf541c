/* Text as a word of a script. */
#include "shell_word.h"

#include <string.h>

static const char task[] = "%a";

static bool plain(const char *text) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_@%+=:,./-";
  return text[0] && text[strspn(text, safe)] == '\0';
}

static bool is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7f;
}

bool shell_has_control(const char *text) {
  while (*text && !is_control(*text)) text++;
  return *text != '\0';
}

/* '..'; where there is a $ or a `, "\$.." says better that it is meant as it stands. */
static void quoted(const char *text, Str *out) {
  const bool expands = strpbrk(text, "$`") != NULL;
  str_add(out, expands ? "\"" : "'");
  for (const char *c = text; *c; c++) {
    if (expands && strchr("$`\"\\", *c)) str_add(out, "\\");
    str_addn(out, c, 1);
    if (!expands && *c == '\'') str_add(out, "\\''");
  }
  str_add(out, expands ? "\"" : "'");
}

/* $'..': octal numbers of three digits, so that a digit may follow. */
static void escaped(const char *text, Str *out) {
  str_add(out, "$'");
  for (const char *c = text; *c; c++) {
    if (*c == '\n')
      str_add(out, "\\n");
    else if (is_control(*c))
      str_addf(out, "\\%03o", (unsigned)(unsigned char)*c);
    else if (*c == '\'' || *c == '\\')
      str_addf(out, "\\%c", *c);
    else
      str_addn(out, c, 1);
  }
  str_add(out, "'");
}

void shell_word(const char *text, Str *out) {
  if (plain(text))
    str_add(out, text);
  else if (shell_has_control(text))
    escaped(text, out);
  else
    quoted(text, out);
}

void shell_array_word(const char *text, Str *out) {
  const char *at;
  if (!strstr(text, task)) {
    shell_word(text, out);
    return;
  }
  while ((at = strstr(text, task))) {
    if (at > text) shell_word(arena_strndup(out->arena, text, (size_t)(at - text)), out);
    str_add(out, "\"$SLURM_ARRAY_TASK_ID\"");
    text = at + strlen(task);
  }
  if (*text) shell_word(text, out);
}

bool shell_sbatch_word(const char *text, Str *out) {
  if (shell_has_control(text)) return false;
  if (plain(text)) {
    str_add(out, text);
    return true;
  }
  str_add(out, "\"");
  for (const char *c = text; *c; c++) {
    if (*c == '"' || *c == '\\') str_add(out, "\\");
    str_addn(out, c, 1);
  }
  str_add(out, "\"");
  return true;
}

const char *shell_array_text(Arena *a, const char *text, int64_t number) {
  Str out = str_new(a);
  for (const char *at; (at = strstr(text, task)); text = at + strlen(task)) {
    str_addn(&out, text, (int)(at - text));
    str_addf(&out, "%lld", (long long)number);
  }
  str_add(&out, text);
  return str_text(&out);
}
