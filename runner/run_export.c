/* By overrides of the texts that the run has. */
#include "run_export.h"

#include "io/files.h"
#include "spec_path.h"
#include "spec_sections.h"

/* By search.early_terminate. */
static bool was_cut(const RunDir *r, const TrialResult *t) {
  const bool at_rung = r->rungs.stopper && t->status == TRIAL_COMPLETED && !t->stopped_early &&
                       t->curves.n_epochs < r->rungs.epochs;
  return t->terminated || at_rung;
}

Spec *run_export(Arena *a, const RunDir *r, const TrialResult *t, Diag *d) {
  const DataSpec *data = &r->spec->data;
  const char **overrides = ARENA_ARRAY(a, const char *, r->head.n_overrides + 5);
  int n = 0;
  for (; n < r->head.n_overrides; n++) overrides[n] = r->head.overrides[n];
  if (data->file && data->path)
    overrides[n++] = arena_printf(a, "data.file=%s", file_join(a, r->head.directory, data->file));
  if (data->test_file && data->test_path)
    overrides[n++] =
        arena_printf(a, "data.test_file=%s", file_join(a, r->head.directory, data->test_file));
  if (t && was_cut(r, t)) overrides[n++] = arena_printf(a, "train.stop_at=%d", t->curves.n_epochs);
  if (r->spec->command.node)
    overrides[n++] = arena_printf(a, "command.directory=%s",
                                  file_join(a, r->head.directory, r->spec->command.directory));
  if (r->spec->replay)
    overrides[n++] = arena_printf(a, "replay=%s", file_join(a, r->head.directory, r->spec->replay));
  Spec *base = spec_from_text(a, r->head.file, r->experiment, r->head.directory, overrides, n, d);
  return base ? spec_edited(a, base, run_dir_edits(a, r), d) : NULL;
}

Spec *run_export_until(Arena *a, Spec *s, int64_t stop_at, Diag *d) {
  if (stop_at == 0 || stop_at >= s->train.epochs) return s;
  YamlNode *tree = yaml_copy(a, s->source);
  const Mark mark = tree->mark;
  const char *text = arena_printf(a, "%lld", (long long)stop_at);
  if (!path_set(a, tree, "train.stop_at", yaml_new_scalar(a, text, false, mark), mark, d))
    return NULL;
  return resolve_tree(a, s, tree, d);
}
