/* The journal's records as JSON. */
#include "run_head.h"

#include <string.h>

#include "sampler.h"
#include "stopper.h"
#include "text_diff.h"

void run_head_write(const RunHead *h, Str *out) {
  JsonWriter j = json_writer(out);
  json_open(&j, '{');
  json_key(&j, "type"), json_str(&j, "run");
  json_key(&j, "format"), json_int(&j, RUN_FORMAT);
  json_key(&j, "caviar"), json_str(&j, h->caviar);
  json_key(&j, "numerics"), json_str(&j, h->numerics);
  json_key(&j, "name"), json_str(&j, h->name);
  json_key(&j, "file"), json_str(&j, h->file);
  json_key(&j, "directory"), json_str(&j, h->directory);
  json_key(&j, "overrides"), json_open(&j, '[');
  for (int i = 0; i < h->n_overrides; i++) json_str(&j, h->overrides[i]);
  json_close(&j, ']');
  json_key(&j, "trials"), json_int(&j, h->n_trials);
  if (h->repeats > 1) json_key(&j, "repeats"), json_int(&j, h->repeats);
  json_key(&j, "data"), json_str(&j, h->data);
  json_key(&j, "commit"), json_str(&j, h->commit);
  json_key(&j, "dirty"), json_bool(&j, h->dirty);
  json_key(&j, "diff"), json_str(&j, h->diff);
  if (h->rows > 0) json_key(&j, "rows"), json_int(&j, h->rows);
  if (h->from) json_key(&j, "from"), json_str(&j, h->from);
  json_key(&j, "identity"), json_str(&j, h->identity);
  json_close(&j, '}');
}

static const char *copied(Arena *a, const JsonValue *record, const char *key) {
  return arena_strdup(a, json_text(json_get(record, key), ""));
}

static int64_t integer(const JsonValue *record, const char *key) {
  const JsonValue *v = json_get(record, key);
  return v && (v->type == JSON_INT || v->type == JSON_BOOL) ? v->integer : -1;
}

Status run_head_read(Arena *a, const JsonValue *record, RunHead *out, Err *e) {
  *out = (RunHead){.format = integer(record, "format"), .n_trials = integer(record, "trials")};
  CHECK(e, out->format == RUN_FORMAT, E_DATA,
        "the journal has format %lld; this program reads format %d", (long long)out->format,
        RUN_FORMAT);
  CHECK(e, out->n_trials > 0, E_DATA, "the journal does not say how many trials there are");
  out->repeats = json_get(record, "repeats") ? integer(record, "repeats") : 1;
  CHECK(e, out->repeats > 0 && out->n_trials % out->repeats == 0, E_DATA,
        "the journal says %lld trials of %lld repeats each", (long long)out->n_trials,
        (long long)out->repeats);
  if (json_get(record, "rows")) out->rows = integer(record, "rows");
  out->caviar = copied(a, record, "caviar");
  out->numerics = copied(a, record, "numerics");
  out->name = copied(a, record, "name");
  out->file = copied(a, record, "file");
  out->directory = copied(a, record, "directory");
  out->identity = copied(a, record, "identity");
  out->data = copied(a, record, "data");
  if (json_get(record, "from")) out->from = copied(a, record, "from");
  out->commit = copied(a, record, "commit");
  out->diff = copied(a, record, "diff");
  out->dirty = integer(record, "dirty") == 1;
  const JsonValue *list = json_get(record, "overrides");
  if (list && list->n_children > 0) {
    out->overrides = ARENA_ARRAY(a, const char *, list->n_children);
    for (const JsonValue *v = list->first; v; v = v->next) {
      out->overrides[out->n_overrides++] = arena_strdup(a, json_text(v, ""));
    }
  }
  return OK;
}

void run_test_write(const RunTest *t, Str *out) {
  JsonWriter j = json_writer(out);
  json_open(&j, '{');
  json_key(&j, "type"), json_str(&j, "test");
  json_key(&j, "trial"), json_int(&j, t->trial);
  json_key(&j, "rows"), json_f64(&j, t->rows);
  json_key(&j, "loss"), json_f64(&j, t->loss);
  json_key(&j, "accuracy"), json_f64(&j, t->accuracy);
  metrics_write(&j, &t->metrics);
  confusion_write(&j, &(Confusion){0}, &t->metrics.confusion);
  json_close(&j, '}');
}

Status run_test_read(Arena *a, const JsonValue *record, RunTest *out, Err *e) {
  *out = (RunTest){.trial = integer(record, "trial"),
                   .rows = json_number(json_get(record, "rows"), 0),
                   .loss = json_number(json_get(record, "loss"), 0),
                   .accuracy = json_number(json_get(record, "accuracy"), 0)};
  metrics_read(a, record, &out->metrics);
  return confusion_read(a, record, "test", &out->metrics.confusion, e);
}

/* An identity without the number of trials of its search. */
static const char *without_trials(Arena *a, const char *identity) {
  static const char key[] = "\n  trials: ";
  const char *search = strstr(identity, "\nsearch:\n");
  const char *line = search ? strstr(search, key) : NULL;
  if (line == NULL) return identity;
  const char *end = line + 1 + strcspn(line + 1, "\n");
  return arena_printf(a, "%.*s%s", (int)(line - identity), identity, end);
}

/* The same search, but for the number of trials. */
static Status other_trials(const char *dir, const RunHead *there, const RunHead *now,
                           const Spec *spec, Err *e) {
  const Sampler *method = (const Sampler *)(const void *)spec->search.method.kind;
  const long long had = there->n_trials / there->repeats, asked = now->n_trials / now->repeats;
  CHECK(e, asked > had, E_SPEC,
        "%s holds this search with %lld trials, which cannot become %lld: choose another --out",
        dir, had, asked);
  CHECK(e, !method->whole, E_SPEC,
        "%s holds this search with %lld trials, and the points of %s depend on how many there are: "
        "choose another --out for %lld",
        dir, had, method->head.name, asked);
  const Kind *rule = spec->search.early_terminate.kind;
  CHECK(e, !rule || !((const Stopper *)(const void *)rule)->bracket, E_SPEC,
        "%s holds this search with %lld trials, and the brackets of %s depend on how many there "
        "are: choose another --out for %lld",
        dir, had, rule ? rule->name : "", asked);
  return OK;
}

Status run_head_same(Arena *a, const char *dir, const RunHead *there, const RunHead *now,
                     const Spec *spec, bool *more, Err *e) {
  *more = false;
  if (!str_eq(there->identity, now->identity)) {
    *more = spec->search.present &&
            str_eq(without_trials(a, there->identity), without_trials(a, now->identity));
    if (*more) TRY(other_trials(dir, there, now, spec, e));
  }
  if (!*more && !str_eq(there->identity, now->identity)) {
    Str lines = str_new(a);
    text_diff(a, there->identity, now->identity, 10, &lines);
    FAIL(e, E_SPEC,
         "%s holds another experiment; choose another --out, or remove it to start anew\n"
         "- what lies there, + what was asked for:\n%s",
         dir, str_text(&lines));
  }
  CHECK(e, str_eq(there->numerics, now->numerics), E_SPEC,
        "%s was trained by caviar %s (%s), and this one (%s) computes other bits; choose another "
        "--out, or finish it with that version",
        dir, there->caviar, there->numerics, now->numerics);
  CHECK(e, str_eq(there->data, now->data), E_SPEC,
        "%s was trained on other data (fingerprint %s, now %s); choose another --out, or remove it "
        "to start anew",
        dir, there->data, now->data);
  return OK;
}
