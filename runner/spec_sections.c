#include "spec_sections.h"

#include "base/fmath.h"
#include "io/dataset.h"
#include "io/files.h"

MapSpec section_map(const Resolve *r, const Section *section, const YamlNode *in, Mark top,
                    const char *const *also) {
  (void)r;
  return (MapSpec){.where = section->head.name,
                   .mark = resolve_key_mark(in, top),
                   .params = section->head.params,
                   .n_params = section->head.n_params,
                   .also = also};
}

/* Keys that nobody knows were refused already. */
void resolve_alone(const Resolve *r, const YamlNode *source, const char *const *suit,
                   const char *what) {
  for (int i = 0; spec_experiment.sections[i]; i++) {
    const char *name = spec_experiment.sections[i]->head.name;
    const YamlNode *n = yaml_get(source, name);
    bool suits = n == NULL;
    for (int k = 0; suit[k]; k++) suits = suits || str_eq(name, suit[k]);
    if (suits) continue;
    if (str_eq(name, "model") || str_eq(name, "command"))
      diag_add(r->d, DIAG_ERROR, n->key_mark, "an experiment has a %s or %s, not both", name, what);
    else
      diag_add(r->d, DIAG_ERROR, n->key_mark, "%s has no meaning with %s", name, what);
  }
}

/* ---- data ------------------------------------------------------------------------------------ */

static void check_source(const Resolve *r, const YamlNode *in, Mark at, const DataSpec *d) {
  const YamlNode *source = yaml_get(in, "source"), *file = yaml_get(in, "file");
  if (source && file)
    diag_add(r->d, DIAG_ERROR, file->key_mark,
             "data comes from a file or from a generator (source), not from both");
  if (!source && !file) {
    Str s = str_new(r->a);
    for (int i = 0; i < io_generators.n; i++)
      str_addf(&s, "%s%s", i ? ", " : "", io_generators.kinds[i]->name);
    diag_add(r->d, DIAG_ERROR, at,
             "data: give a file (file: train.h5) or a built-in generator (source: one of %s)",
             str_text(&s));
  }
  static const char *const files[] = {"file", "test_file"};
  for (int i = 0; i < COUNT(files); i++) {
    const YamlNode *n = yaml_get(in, files[i]);
    if (n && n->type == YAML_SCALAR && n->text[0] == '\0' && n->quoted)
      diag_add(r->d, DIAG_ERROR, n->mark, "%s: expected the path of a dataset, found \"\"",
               files[i]);
  }
  static const char *const of_file[] = {"test_file", "sha256"};
  for (int i = 0; i < COUNT(of_file); i++) {
    const YamlNode *n = yaml_get(in, of_file[i]);
    if (n && !file)
      diag_add(r->d, DIAG_ERROR, n->key_mark, "%s goes with file, which is not given", of_file[i]);
  }
  if (d->sha256 == NULL) return;
  int n = 0;
  while ((d->sha256[n] >= '0' && d->sha256[n] <= '9') ||
         (d->sha256[n] >= 'a' && d->sha256[n] <= 'f'))
    n++;
  if (n != 64 || d->sha256[n] != '\0')
    diag_add(r->d, DIAG_ERROR, yaml_get(in, "sha256")->mark,
             "sha256: expected 64 hexadecimal digits in lower case");
}

static void check_split(const Resolve *r, const YamlNode *in, const DataSpec *d) {
  const double sum = d->train + d->validation + d->test;
  const YamlNode *test = yaml_get(in, "test");
  char a[32], b[32], c[32], all[32];
  if (d->train <= 0)
    diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, in->mark),
             "data.split: \"train\" is missing: the part to learn from (a number above 0)");
  else if (d->test_file && d->test > 0)
    diag_add(r->d, DIAG_ERROR, resolve_key_mark(test, in->mark),
             "the test part is test_file; leave test out of the split");
  else if (!(fm_fabs(sum - 1) <= 1e-9))
    diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, in->mark),
             "the parts of the split must sum to 1: train %s + validation %s + test %s = %s",
             str_f64(d->train, a), str_f64(d->validation, b), str_f64(d->test, c),
             str_f64(sum, all));
}

/* The default split where there is none; in a split, parts left out are 0. */
static YamlNode *resolve_split(const Resolve *r, const YamlNode *in, Mark top, DataSpec *d) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top),
           *said = yaml_new(r->a, YAML_MAP, top);
  const MapSpec m = section_map(r, &spec_split, in, top, NULL);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, d, said);
  const YamlNode *map = resolve_expect_map(r, in, m.where);
  if (map == NULL) {
    d->train = d->test_file ? 0.9 : 0.8;
    d->validation = 0.1;
    d->test = d->test_file ? 0 : 0.1;
  } else if (r->d->n_refusals == errors) {
    check_split(r, map, d);
  }
  for (int i = 0; i < m.n_params; i++) {
    const YamlNode *n = yaml_get(said, m.params[i].name);
    yaml_put(r->a, out, m.params[i].name,
             resolve_scalar(r, &m.params[i], d, n ? n->mark : out->mark));
  }
  return out;
}

YamlNode *resolve_data(const Resolve *r, const YamlNode *in, Mark top, const char *directory,
                       Spec *s) {
  static const char *const also[] = {"split", NULL};
  DataSpec *d = &s->data;
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  const MapSpec m = section_map(r, &spec_data, in, top, also);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, d, out);
  in = resolve_expect_map(r, in, m.where);
  const bool usable = in != NULL || r->d->n_refusals == errors;
  if (usable) check_source(r, in, m.mark, d);
  if (d->file) d->path = file_join(r->a, directory, d->file);
  if (d->test_file) d->test_path = file_join(r->a, directory, d->test_file);
  if (yaml_get(out, "seed") == NULL) {
    d->seed = s->seed;
    const Param *seed = param_find(m.params, m.n_params, "seed");
    yaml_put(r->a, out, "seed", resolve_scalar(r, seed, d, m.mark));
  }
  yaml_put(r->a, out, "split", resolve_split(r, yaml_get(in, "split"), m.mark, d));
  return out;
}

/* ---- model ----------------------------------------------------------------------------------- */

YamlNode *resolve_model(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  static const char *const also[] = {"layers", NULL};
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  YamlNode *list = yaml_new(r->a, YAML_LIST, out->mark), *rows = yaml_new(r->a, YAML_MAP, top);
  const MapSpec m = section_map(r, &spec_model, in, top, also);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &s->model, rows);
  const YamlNode *map = resolve_expect_map(r, in, m.where);
  const YamlNode *layers = yaml_get(map, "layers");
  if (layers) {
    const LayerList written = resolve_layers(r, layers, m.where, "layers", list);
    if (r->d->n_refusals == errors) spec_layers_expand(r, written, layers->key_mark, &s->model);
  } else if (map || r->d->n_refusals == errors) {
    diag_add(r->d, DIAG_ERROR, m.mark,
             "model: \"layers\" is missing: a list such as [{dense: {units: 64}}, relu, {dense: "
             "{units: classes}}]");
  }
  yaml_put(r->a, out, "layers", list);
  YamlNode *loss = yaml_get(rows, "loss");
  if (loss) yaml_put(r->a, out, "loss", loss);
  return out;
}

/* ---- train, checkpoint ----------------------------------------------------------------------- */

static void check_train(const Resolve *r, const YamlNode *in, Mark at, const Spec *s) {
  const YamlNode *steps = yaml_get(in, "steps"), *shards = yaml_get(in, "shards");
  const YamlNode *batch = yaml_get(in, "batch_size");
  const TrainSpec *t = &s->train;
  if (steps && steps->type == YAML_SCALAR && yaml_scalar(steps).type == SCALAR_INT && t->steps == 0)
    diag_add(
        r->d, DIAG_ERROR, steps->mark,
        "steps: expected an integer from 1 to 1000000000000, found %s; only a cost has a value "
        "without training",
        steps->text);
  if (steps && yaml_get(in, "epochs"))
    diag_add(r->d, DIAG_ERROR, steps->key_mark, "give epochs or steps, not both");
  const MapSpec m = section_map(r, &spec_train, in, at, NULL);
  const bool meant = resolve_was_meant(&m, in, "epochs") || resolve_was_meant(&m, in, "steps");
  if (!steps && !yaml_get(in, "epochs") && !meant)
    diag_add(r->d, DIAG_ERROR, at, "train: how long? give epochs (passes over the data) or steps");
  if (shards && t->shards > 0 && (t->shards & (t->shards - 1)) != 0)
    diag_add(r->d, DIAG_ERROR, shards->mark, "shards: expected a power of two, found %lld",
             (long long)t->shards);
  const YamlNode *rate = yaml_get(yaml_get(in, "optimizer"), "learning_rate");
  if (rate && t->schedule.kind && nn_schedule_is_absolute(t->schedule.kind))
    diag_add(r->d, DIAG_WARNING, rate->key_mark,
             "learning_rate is not used: the schedule (%s) gives the rates itself",
             t->schedule.kind->name);
  const YamlNode *base = yaml_get(in, "base_batch_size");
  if (base && t->schedule.kind && nn_schedule_is_absolute(t->schedule.kind))
    diag_add(r->d, DIAG_ERROR, base->key_mark,
             "base_batch_size scales learning_rate, but the schedule (%s) gives the rates itself: "
             "scale them there",
             t->schedule.kind->name);
  if (batch && t->batch_size == 1 && spec_couples_rows(s))
    diag_add(r->d, DIAG_ERROR, batch->mark,
             "batch_norm cannot train on batches of 1 row: its variance over one row is 0, so its "
             "output would not depend on its input; use at least 2");
}

/* `early_stopping:` alone asks for it with its defaults; `early_stopping: null` too. */
static YamlNode *resolve_early_stopping(const Resolve *r, const YamlNode *in, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  const MapSpec m = section_map(r, &spec_early_stopping, in, in->mark, NULL);
  resolve_map(r, in, &m, &s->train.early_stopping, out);
  return out;
}

YamlNode *resolve_train(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  static const char *const also[] = {"early_stopping", NULL};
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  const MapSpec m = section_map(r, &spec_train, in, top, also);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &s->train, out);
  const YamlNode *map = resolve_expect_map(r, in, m.where);
  const YamlNode *stopping = yaml_get(map, "early_stopping");
  if (stopping) yaml_put(r->a, out, "early_stopping", resolve_early_stopping(r, stopping, s));
  if (map || r->d->n_refusals == errors) check_train(r, map, m.mark, s);
  return out;
}

YamlNode *resolve_checkpoint(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  const MapSpec m = section_map(r, &spec_checkpoint, in, top, NULL);
  resolve_map(r, in, &m, &s->checkpoint, out);
  return out;
}

YamlNode *resolve_records(const Resolve *r, const YamlNode *in, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  const MapSpec m = section_map(r, &spec_records, in, in->mark, NULL);
  resolve_map(r, in, &m, &s->records, out);
  const YamlNode *activations = yaml_get(out, "activations");
  if ((s->cost.text || s->command.node) && s->records.activations != ACTIVATIONS_NONE)
    diag_add(r->d, DIAG_ERROR, activations->mark,
             "a %s has no layers, so there are no activations to record",
             s->cost.text ? "cost" : "command");
  return out;
}
