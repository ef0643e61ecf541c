#include "yaml_problem.h"

#include <string.h>

#include "utf8.h"

/* ---- looking at the text ---- */

typedef struct {
  const char *text;
  size_t n;
  int indent; /* blanks at its beginning */
} Line;

/* Empty if there is no such line. */
static Line line_at(const Source *s, int number) {
  size_t n = (size_t)s->length, at = 0, end = utf8_line_end(s->text, n, 0);
  for (int i = 1; i < number && end < n; i++) {
    at = end + (size_t)utf8_break(s->text + end, n - end);
    end = utf8_line_end(s->text, n, at);
    if (end == n && i + 1 < number) at = n;
  }
  Line line = {.text = s->text + at, .n = end - at};
  while ((size_t)line.indent < line.n && line.text[line.indent] == ' ') line.indent++;
  return line;
}

/* The number of the nearest line above that says something; 0 if there is none. */
static int content_above(const Source *s, int number) {
  for (number--; number > 0; number--) {
    Line line = line_at(s, number);
    if ((size_t)line.indent < line.n && line.text[line.indent] != '#') return number;
  }
  return 0;
}

static size_t offset_of(Line line, int column) {
  size_t at = 0;
  uint32_t c;
  for (int i = 1; i < column && at < line.n; i++) {
    at += (size_t)utf8_next(line.text + at, line.n - at, &c);
  }
  return at;
}

/* The byte at a mark; 0 at the end of a line. */
static char byte_at(const Source *s, Mark at) {
  Line line = line_at(s, at.line);
  size_t k = offset_of(line, at.column);
  return k < line.n ? line.text[k] : '\0';
}

static bool is_first_on_line(const Source *s, Mark at) {
  return at.column == line_at(s, at.line).indent + 1;
}

static bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

/* "epochs:20", perhaps behind "- ": the mark of its colon. */
static bool lacks_space(const Source *s, int number, Mark *colon) {
  Line line = line_at(s, number);
  size_t at = (size_t)line.indent, n = line.n;
  while (at + 1 < n && line.text[at] == '-' && line.text[at + 1] == ' ') at += 2;
  size_t begin = at;
  while (at < n && is_key_character(line.text[at])) at++;
  if (at == begin || at + 1 >= n || line.text[at] != ':' || line.text[at + 1] == ' ') return false;
  *colon = (Mark){.source = s, .line = number, .column = (int)at + 1, .length = 1};
  return true;
}

/* ---- the cases ---- */

static bool is(const YamlProblem *p, const char *text) {
  return p->problem != NULL && strstr(p->problem, text) != NULL;
}

static bool during(const YamlProblem *p, const char *text) {
  return p->context != NULL && strstr(p->context, text) != NULL;
}

static void say(Diag *d, Mark at, const char *text) {
  diag_add(d, DIAG_ERROR, at, "%s", text);
}

static Mark with_length(Mark at, int length) {
  at.length = length;
  return at;
}

/* ": " where no key may stand. */
static void explain_colon(Diag *d, const YamlProblem *p) {
  int number = content_above(p->source, p->at.line);
  Line line = line_at(p->source, p->at.line), above = line_at(p->source, number);
  size_t mark = offset_of(line, p->at.column), at = 0;
  while (at + 1 < mark && !(line.text[at] == ':' && line.text[at + 1] == ' ')) at++;
  Mark key = p->at;
  key.column = line.indent + 1;
  key.length = p->at.column - key.column;
  Mark whole = {.source = p->source,
                .line = number,
                .column = above.indent + 1,
                .length = (int)above.n - above.indent};
  if (at + 1 < mark) {
    say(d, p->at,
        "a second colon on the line: put the text in quotes, or the map on lines of its own");
  } else if (number > 0 && lacks_space(p->source, number, &whole)) {
    say(d, whole, "a space is missing behind the colon");
  } else if (number > 0 && line.indent > above.indent) {
    say(d, key,
        "wrong indentation: the line above has its value already, nothing can stand below it");
  } else if (number > 0) {
    say(d, whole, "expected \"key: value\", found no colon");
  } else {
    say(d, p->at, "a colon cannot stand here: put the text in quotes");
  }
}

static void explain_missing_colon(Diag *d, const YamlProblem *p) {
  Mark colon;
  Line line = line_at(p->source, p->context_at.line);
  if (lacks_space(p->source, p->context_at.line, &colon)) {
    say(d, colon, "a space is missing behind the colon");
  } else {
    int length = (int)line.n - p->context_at.column + 1;
    say(d, with_length(p->context_at, length), "expected \"key: value\", found no colon");
  }
}

/* Something else than the next key of a map or the next item of a list. */
static void explain_next(Diag *d, const YamlProblem *p, bool list) {
  char c = byte_at(p->source, p->at);
  if (!is_first_on_line(p->source, p->at)) {
    say(d, p->at, "unexpected text behind the value: remove it, or put all of it in quotes");
  } else if (p->at.column != p->context_at.column) {
    say(d, p->at, "wrong indentation: aligned with nothing above that it could belong to");
  } else if (list) {
    say(d, p->at, "expected a list item (\"- ...\") as above, or less indentation");
  } else if (c == '-') {
    say(d, p->at, "a list item cannot stand among the keys of a map: indent it below its key");
  } else if (c == ':') {
    say(d, p->at, "a key is missing before the colon");
  } else {
    say(d, p->at, "expected a key");
  }
}

/* Text behind the root: perhaps because "name:x" above is no key with a value, but the whole
 * root. */
static void explain_end(Diag *d, const YamlProblem *p) {
  Mark colon;
  int number = content_above(p->source, p->at.line);
  if (number > 0 && lacks_space(p->source, number, &colon)) {
    say(d, colon, "a space is missing behind the colon");
  } else {
    say(d, p->at, "unexpected text behind the end of the experiment");
  }
}

static void explain_bracket(Diag *d, const YamlProblem *p, char open, char close) {
  if (p->at.line > p->context_at.line) {
    diag_add(d, DIAG_ERROR, p->context_at,
             "this \"%c\" is not closed: \"%c\" or a comma is missing before line %d", open, close,
             p->at.line);
  } else {
    diag_add(d, DIAG_ERROR, p->at, "expected a comma or \"%c\" here, for the \"%c\" of column %d",
             close, open, p->context_at.column);
  }
}

static void explain_character(Diag *d, const YamlProblem *p) {
  char c = byte_at(p->source, p->at);
  if (c == '\t') {
    say(d, p->at, "a tab cannot indent: use spaces");
  } else if (c == '\0') {
    say(d, p->at, "expected a value");
  } else if (strchr("@`%", c) != NULL) {
    diag_add(d, DIAG_ERROR, p->at, "text cannot begin with \"%c\": put it in quotes", c);
  } else {
    diag_add(d, DIAG_ERROR, p->at,
             "unexpected \"%c\": expected a value; text that begins so needs quotes", c);
  }
}

/* ---- the table ---- */

/* Where one sentence says it all. */
static const struct {
  const char *problem;
  bool at_context;
  int length;
  const char *text;
} plain_cases[] = {
    {"found unexpected end of stream", true, 1, "this quote is not closed"},
    {"found unexpected document indicator", true, 1, "this quote is not closed"},
    {"found unknown escape character", false, 2,
     "unknown escape: write \\\\ for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", false, 1,
     "an escape needs hexadecimal digits: \\x41, \\u20AC"},
    {"found invalid Unicode character escape code", false, 1, "the escape names no character"},
    {"block sequence entries are not allowed", false, 1,
     "a list begins on a line of its own, below its key"},
    {"mapping keys are not allowed", false, 1, "unexpected \"?\": put the text in quotes"},
    {"did not find expected alphabetic or numeric character", true, 1,
     "\"&\" and \"*\" begin an anchor's name: put other text in quotes"},
    {"found a tab character", false, 1, "a tab cannot indent: use spaces"},
    {"did not find expected comment or line break", false, 1,
     "nothing may follow \"|\" or \">\" on its line"},
    {"found incompatible YAML document", false, 1, "only YAML 1.1 and 1.2 can be read"},
};

static bool add_plain_case(Diag *d, const YamlProblem *p) {
  for (int i = 0; i < COUNT(plain_cases); i++) {
    if (!is(p, plain_cases[i].problem)) continue;
    Mark at = plain_cases[i].at_context ? p->context_at : p->at;
    say(d, with_length(at, plain_cases[i].length), plain_cases[i].text);
    return true;
  }
  return false;
}

void yaml_problem_add(Diag *d, const YamlProblem *p) {
  if (is(p, "mapping values are not allowed")) {
    explain_colon(d, p);
  } else if (is(p, "could not find expected ':'")) {
    explain_missing_colon(d, p);
  } else if (is(p, "did not find expected key")) {
    explain_next(d, p, false);
  } else if (is(p, "did not find expected '-' indicator")) {
    explain_next(d, p, true);
  } else if (is(p, "did not find expected ',' or ']'")) {
    explain_bracket(d, p, '[', ']');
  } else if (is(p, "did not find expected ',' or '}'")) {
    explain_bracket(d, p, '{', '}');
  } else if (is(p, "cannot start any token") || is(p, "did not find expected node content")) {
    explain_character(d, p);
  } else if (is(p, "did not find expected <document start>")) {
    explain_end(d, p);
  } else if (during(p, "directive")) {
    say(d, p->context_at, "a line cannot begin with \"%\": put the text in quotes");
  } else if (during(p, "tag") || is(p, "tag")) {
    say(d, during(p, "tag") ? p->context_at : p->at,
        "text cannot begin with \"!\": put it in quotes");
  } else if (!add_plain_case(d, p)) {
    diag_add(d, DIAG_ERROR, p->at, "%s%s%s", p->problem != NULL ? p->problem : "out of memory",
             p->context != NULL ? " " : "", p->context != NULL ? p->context : "");
  }
}
