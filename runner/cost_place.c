/* A cost's text and where its parts stand in the experiment file. */
#include <string.h>

#include "cost.h"
#include "io/utf8.h"

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char *cost_tidy(Arena *a, const char *text) {
  char *out = arena_strdup(a, text);
  int n = 0;
  for (const char *c = text; *c; c++) {
    if (!is_space(*c))
      out[n++] = *c;
    else if (n > 0 && out[n - 1] != ' ')
      out[n++] = ' ';
  }
  while (n > 0 && out[n - 1] == ' ') n--;
  out[n] = '\0';
  return out;
}

/* A place in a source. */
typedef struct {
  const char *text;
  size_t at, end;
  int line, column; /* from 1; columns count characters */
} Place;

static void advance(Place *p) {
  uint32_t code;
  const int breaks = utf8_break(p->text + p->at, p->end - p->at);
  p->at += (size_t)(breaks ? breaks : utf8_next(p->text + p->at, p->end - p->at, &code));
  p->column = breaks ? 1 : p->column + 1;
  p->line += breaks > 0;
}

static void skip_space(Place *p) {
  while (p->at < p->end && is_space(p->text[p->at])) advance(p);
}

/* To the first character of the scalar at the mark: behind a quote or the line of a | or >. */
static Place scalar_place(const YamlNode *node) {
  const Source *s = node->mark.source;
  Place p = {.text = s->text, .end = (size_t)s->length, .line = 1, .column = 1};
  while (p.at < p.end && (p.line < node->mark.line || p.column < node->mark.column)) advance(&p);
  if (!node->quoted || p.at == p.end) return p;
  const bool block = p.text[p.at] == '|' || p.text[p.at] == '>';
  const int line = p.line;
  advance(&p);
  while (block && p.at < p.end && p.line == line) advance(&p);
  return p;
}

static int n_characters(const char *text, int length) {
  int n = 0;
  for (int i = 0; i < length; i++) n += ((unsigned char)text[i] & 0xC0) != 0x80;
  return n;
}

/* Of the scalar and the source, all that is no white space must agree. */
Mark cost_mark(const YamlNode *node, const char *text, int from, int length) {
  if (node->mark.source == NULL || text[0] == '\0') return node->mark;
  Place p = scalar_place(node);
  for (int i = 0; i <= from; i++) {
    if (is_space(text[i])) continue;
    skip_space(&p);
    if (p.at >= p.end || p.text[p.at] != text[i]) return node->mark;
    if (i == from) break;
    if (((unsigned char)text[i + 1] & 0xC0) != 0x80)
      advance(&p);
    else
      p.at++;
  }
  const int n = n_characters(text + from, length);
  return (Mark){
      .source = node->mark.source, .line = p.line, .column = p.column, .length = n > 0 ? n : 1};
}
