/* caviar predict RUN[:TRIAL] DATA|--grid RANGES [-o FILE] [--json] */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "command.h"
#include "grid.h"
#include "io/files.h"
#include "plan.h"
#include "predict.h"
#include "run_dir.h"

extern const Command run_command_predict;

typedef struct {
  const char *run, *data, *file;
  const char *grid; /* in place of data */
  int64_t trial;    /* -1: the best */
  bool json, hardmax;
} Options;

/* "runs/digits:17" -> "runs/digits" and 17. A folder of that very name wins. */
static void split_run(Arena *a, const char *text, Options *o) {
  const char *colon = strrchr(text, ':');
  size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
  o->run = text;
  o->trial = -1;
  if (digits == 0 || digits > 15 || colon[1 + digits] != '\0' || file_exists(text)) return;
  o->run = arena_strndup(a, text, (size_t)(colon - text));
  o->trial = 0;
  for (const char *c = colon + 1; *c; c++) o->trial = o->trial * 10 + (*c - '0');
}

static Status parse(Arena *a, int argc, char **argv, Options *o, Err *e) {
  const char *words[2] = {NULL, NULL};
  int n = 0;
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--json")) {
      o->json = true;
    } else if (str_eq(argv[i], "--hardmax")) {
      o->hardmax = true;
    } else if (str_eq(argv[i], "-o")) {
      CHECK(e, i + 1 < argc, E_USAGE, "-o needs the name of a file");
      o->file = argv[++i];
    } else if (str_eq(argv[i], "--grid")) {
      CHECK(e, i + 1 < argc, E_USAGE, "--grid needs min:max:n for each feature");
      o->grid = argv[++i];
    } else {
      CHECK(e, argv[i][0] != '-', E_USAGE, "predict: unknown option %s", argv[i]);
      CHECK(e, n < 2, E_USAGE, "predict: one word too many: %s", argv[i]);
      words[n++] = argv[i];
    }
  }
  CHECK(e, n == (o->grid ? 1 : 2), E_USAGE, "usage: caviar %s", run_command_predict.usage);
  split_run(a, words[0], o);
  o->data = o->grid ? NULL : words[1];
  if (!o->file) return OK;
  TRY(command_keep(o->data, o->file, e));
  return predict_check_path(o->file, e);
}

static Status keep_run(Arena *a, const RunDir *run, const char *file, Err *e) {
  CHECK(e, !file_same(file_dir(a, file), run->checkpoint_dir), E_USAGE,
        "%s: that folder is the run's own: choose another -o", file);
  return command_keep(file_join(a, run->dir, "results.h5"), file, e);
}

static Status choose(const RunDir *run, const Options *o, const TrialResult **out, Err *e) {
  if (o->trial < 0) {
    *out = run_dir_best(run);
    CHECK(e, *out, E_TRIAL, "%s: no trial is completed, so there is no model to predict with",
          o->run);
    return OK;
  }
  CHECK(e, o->trial < run->head.n_trials, E_USAGE, "%s: no trial %lld; there are 0 to %lld", o->run,
        (long long)o->trial, (long long)run->head.n_trials - 1);
  *out = run_dir_trial(run, o->trial);
  CHECK(e, *out, E_TRIAL, "%s: trial %lld is not finished", o->run, (long long)o->trial);
  CHECK(e, (*out)->status == TRIAL_COMPLETED, E_TRIAL, "%s: trial %lld is %s and has no model",
        o->run, (long long)o->trial, trial_status_names[(*out)->status]);
  return OK;
}

/* Trains a trial whose checkpoint was not kept again. */
static Status train_again(Arena *a, const RunDir *run, const TrialResult *r, Err *e) {
  log_line(LOG_NOTE, "trial %lld: its checkpoint was not kept; training it again",
           (long long)r->number);
  RunData data;
  TRY(data_open(a, &run->spec->data, &data, e));
  Diag d = diag_new(a);
  TrialEnv env = {.data = &data, .cpu = cpu_level(), .checkpoint_dir = run->checkpoint_dir};
  TrialResult again;
  Status status = OK;
  Lineage line;
  TRY(run_dir_line(a, run, r->number, r->point, &line, e));
  env.stop_at = line.stop_at;
  const Spec *trial = lineage_trial(a, run_dir_trained(run), &line, &d);
  if (!str_eq(data.fingerprint, run->head.data))
    status = err_set(e, E_DATA, "%s: the data has changed since; its fingerprint was %s, now %s",
                     run->dir, run->head.data, data.fingerprint);
  else if (!trial)
    status = command_diagnostics(&d, e);
  else
    status = trial_run(a, &env, trial, r->number, &again, e);
  data_close(&data);
  if (status == OK && !str_eq(again.weights, r->weights))
    FAIL(e, E_TRIAL, "trial %lld: trained again, it has other weights (%s, recorded %s)",
         (long long)r->number, again.weights, r->weights);
  return status;
}

static Status open_model(Arena *a, const RunDir *run, const TrialResult *r, TrialModel *out,
                         Err *e) {
  const char *path = trial_checkpoint_path(a, run->checkpoint_dir, r->number);
  if (!file_exists(path)) {
    TRY(file_make_dirs(run->checkpoint_dir, e));
    TRY(train_again(a, run, r, e));
  }
  TRY(trial_model_open(a, path, cpu_level(), out, e));
  if (str_eq(out->result.weights, r->weights)) return OK;
  trial_model_close(out);
  FAIL(e, E_DATA, "%s: not the model that the run recorded; remove the file to train it again",
       path);
}

static void print_json(Arena *a, const Options *o, int64_t trial, const Prediction *p) {
  Str text = str_new(a);
  JsonWriter j = json_writer(&text);
  json_open(&j, '{');
  json_key(&j, "schema_version");
  json_int(&j, 1);
  json_key(&j, "trial");
  json_int(&j, trial);
  json_key(&j, "rows");
  json_int(&j, p->n);
  json_key(&j, "accuracy");
  json_f64(&j, p->scored ? p->accuracy : NAN);
  json_key(&j, "loss");
  json_f64(&j, p->scored ? p->loss : NAN);
  metrics_write(&j, &p->metrics);
  confusion_write(&j, &(Confusion){0}, &p->metrics.confusion);
  json_key(&j, "file");
  if (o->file)
    json_str(&j, o->file);
  else
    json_none(&j);
  json_close(&j, '}');
  printf("%s\n", str_text(&text));
}

/* Behind the loss and the accuracy, which is always that of the predicted classes. */
static void print_metrics(Arena *a, const Metrics *m) {
  Str out = str_new(a);
  for (int i = 0; i < m->n; i++)
    if (!str_eq(m->names[i], "accuracy")) str_addf(&out, "%s %.4g\n", m->names[i], m->values[i]);
  if (m->confusion.n) confusion_print(&m->confusion, "these rows", &out);
  printf("%s", str_text(&out));
}

static void print_lines(Arena *a, const Options *o, int64_t trial, const Prediction *p) {
  printf("trial %lld: %lld %s\n", (long long)trial, (long long)p->n, p->n == 1 ? "row" : "rows");
  if (p->scored && !isnan(p->accuracy)) printf("accuracy %.4f\n", p->accuracy);
  if (p->scored) printf("loss     %.4g\n", p->loss);
  print_metrics(a, &p->metrics);
  if (o->file) printf("written to %s\n", o->file);
}

static Status predict_main(Arena *a, int argc, char **argv, Err *e) {
  Options o = {0};
  TRY(parse(a, argc, argv, &o, e));
  RunDir run;
  const TrialResult *r = NULL;
  TRY(run_dir_read(a, o.run, RUN_CURVES_NONE, &run, e));
  if (o.file) TRY(keep_run(a, &run, o.file, e));
  CHECK(e, run.spec->command.node == NULL, E_USAGE,
        "%s is of a command, and only its program knows what it trained", o.run);
  CHECK(
      e, run.spec->cost.text == NULL, E_USAGE,
      "%s minimises a cost, so there is no model to predict with; what it found: caviar show %s 0",
      o.run, o.run);
  TRY(choose(&run, &o, &r, e));
  IoDataset set;
  if (o.grid)
    TRY(grid_points(a, o.grid, &set, e));
  else
    TRY(io_dataset_open(a, o.data, &set, e));
  TrialModel m;
  Prediction p;
  Status status = open_model(a, &run, r, &m, e);
  if (status == OK) {
    status = predict_rows(a, &m, &set, &p, e);
    trial_model_close(&m);
  }
  if (status == OK && o.grid) {
    p.points = set.x; /* the arena's */
    p.d = set.d;
  }
  if (status == OK) status = io_dataset_unchanged(&set, e);
  io_dataset_close(&set);
  TRY(status);
  if (o.hardmax) TRY(predict_hardmax(&p, e));
  if (o.file) TRY(predict_write(a, &p, o.file, e));
  if (o.json)
    print_json(a, &o, r->number, &p);
  else
    print_lines(a, &o, r->number, &p);
  return OK;
}

const Command run_command_predict = {
    .name = "predict",
    .usage = "predict RUN[:TRIAL] DATA.h5|--grid MIN:MAX:N,.. [-o FILE.csv|FILE.h5] "
             "[--hardmax] [--json]",
    .doc = "apply a trained model to the rows of a dataset",
    .help =
        "The model is the run's best trial, or the one whose number is given. A trial whose\n"
        "checkpoint was not kept is trained again, which gives the same weights.\n"
        "The normalisation of the training data is applied; labels are not needed. If DATA has\n"
        "labels of the same classes, the accuracy, the mean loss and the metrics that the\n"
        "experiment lists are printed.\n\n"
        "  --grid    no DATA but points on a grid in the data's own units: min:max:n of each "
        "feature,\n"
        "            ends included, the first varies slowest; in the file x1, x2, .. (.h5: /x)\n"
        "  -o FILE   .csv: row, predicted, prob_<class> ..  .h5: /probabilities, /predicted\n"
        "  --hardmax one-hot in place of probabilities: hardmax_<class> .., /hardmax\n"
        "  --json    one line of JSON: rows, accuracy, loss, metrics\n\n"
        "  caviar predict runs/digits test.h5 -o predictions.csv\n"
        "  caviar predict runs/spirals --grid -3:3:200,-3:3:200 -o grid.csv\n",
    .main = predict_main,
};
