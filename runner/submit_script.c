/*
 * The batch script. Its head says what is asked of Slurm and what is run; the rest is the same for
 * every job, and for slurm/caviar.sbatch, which a test compares with what is written here.
 */
#include <string.h>

#include "shell_word.h"
#include "submit.h"

static const char made_by[] = "# Written by `caviar submit`";

static const char rest[] =
    "\n"
    "# USR1 comes before the time limit. It goes on to the ranks, once (Slurm may send it twice);\n"
    "# they save what they train and end. TERM is an end for good (scancel), or a preemption, "
    "after\n"
    "# which Slurm itself puts the job back.\n"
    "launched='' ended=''\n"
    "trap 'trap \"\" USR1; kill -USR1 \"$launched\"' USR1\n"
    "trap 'ended=yes; kill -TERM \"$launched\"' TERM\n"
    "%s \"$caviar\" run \"$@\" --out \"$run\" &\n"
    "launched=$!\n"
    "while kill -0 \"$launched\" 2>/dev/null; do wait \"$launched\"; done\n"
    "wait \"$launched\"\n"
    "code=$?\n"
    "\n"
    "# What only a person can change: usage, the experiment, data and files.\n"
    "case $code in 2 | 3 | 4) exit \"$code\" ;; esac\n"
    "\n"
    "# Otherwise the exit code proves little (0 was seen after the loss of a node): the record "
    "does.\n"
    "\"$caviar\" status \"$run\"\n"
    "status=$?\n"
    "[ \"$status\" -eq 75 ] || exit \"$status\"\n"
    "if [ -n \"$ended\" ] || [ -e \"$run/stop\" ]; then exit 75; fi\n"
    "\n"
    "# Trials are missing: the job goes back to the queue, unless it has come to nothing twice.\n"
    "progress=$(\"$caviar\" status \"$run\" --progress)\n"
    "times=0 before=''\n"
    "if [ -e \"$run/requeued\" ]; then { read -r times && IFS= read -r before; } "
    "<\"$run/requeued\"; fi\n"
    "if [ \"$progress\" = \"$before\" ]; then times=$((times + 1)); else times=0; fi\n"
    "printf '%%s\\n' \"$times\" \"$progress\" >\"$run/requeued\"\n"
    "if [ \"$times\" -ge 2 ]; then\n"
    "  rm \"$run/requeued\"\n"
    "  echo \"caviar: nothing was achieved since the job went back to the queue twice: it does not "
    "go again\" >&2\n"
    "  exit 75\n"
    "fi\n"
    "# Slurm ends this script then; did it end by itself, its end might be taken for the next "
    "one's.\n"
    "trap - TERM\n"
    "if scontrol requeue \"$SLURM_JOB_ID\"; then exec sleep 300; fi\n"
    "# After the loss of a node Slurm itself may have put it back.\n"
    "state=$(squeue --noheader --jobs=\"$SLURM_JOB_ID\" --format=%%T)\n"
    "if [ \"$state\" = PENDING ]; then exec sleep 300; fi\n"
    "echo \"caviar: the job could not be put back into the queue: submit it again\" >&2\n"
    "exit 75\n";

/* ---- what is asked of Slurm ------------------------------------------------------------------ */

static void directive(const char *name, const char *value, Str *out) {
  str_addf(out, "#SBATCH %s=", name);
  shell_sbatch_word(value, out);
  str_add(out, "\n");
}

/* A job's name: without what squeue and file names would not like. */
static const char *tame(Arena *a, const char *name) {
  char *text = arena_strdup(a, name);
  for (char *c = text; *c; c++) {
    if (strchr("/\\%", *c) || (unsigned char)*c < 0x20 || *c == 0x7f) *c = '_';
  }
  return text;
}

static void directives(const Submit *s, Str *out) {
  if (!submit_option(s, "--job-name")) directive("--job-name", tame(out->arena, s->job_name), out);
  for (int i = 0; i < s->n_options; i++) directive(s->options[i].name, s->options[i].value, out);
  if (s->array_all) directive("--array", s->array_all, out);
  directive("--output", s->log ? s->log : "/dev/null", out);
  str_add(out, "#SBATCH --open-mode=append\n#SBATCH --requeue\n");
  str_addf(out, "#SBATCH --signal=B:USR1@%lld\n", (long long)s->signal_seconds);
  if (s->n_more == 0) return;
  str_add(out, "#SBATCH");
  for (int i = 0; i < s->n_more; i++) {
    str_add(out, " ");
    shell_sbatch_word(s->more[i], out);
  }
  str_add(out, "\n");
}

/* Backslash and percent mean something else in a pattern of file names. */
const char *submit_log(Arena *a, const char *directory, const char *file, bool array) {
  Str text = str_new(a);
  if (shell_has_control(directory) || strchr(directory, '\\')) return NULL;
  for (const char *c = directory; *c; c++) {
    const bool task = array && str_starts(c, "%a");
    str_add(&text, *c == '%' && !task ? "%" : "");
    str_addn(&text, c, 1);
  }
  str_addf(&text, "/%s", file);
  return str_text(&text);
}

/* ---- what is run ----------------------------------------------------------------------------- */

typedef void Word(const char *text, Str *out);

static void task_lines(const SubmitTask *t, const char *indent, Word *word, Str *out) {
  str_addf(out, "%srun=", indent);
  word(t->out, out);
  str_addf(out, "\n%sset -- ", indent);
  word(t->file, out);
  for (int i = 0; i < t->n_overrides; i++) {
    str_add(out, " ");
    word(t->overrides[i], out);
  }
  str_add(out, " --submitted \"$run/submitted.yaml\"\n");
}

static void tasks(const Submit *s, Str *out) {
  if (s->by_seed || s->n_tasks == 1) {
    task_lines(&s->tasks[0], "", s->by_seed ? shell_array_word : shell_word, out);
    return;
  }
  str_add(out, "case $SLURM_ARRAY_TASK_ID in\n");
  for (int i = 0; i < s->n_tasks; i++) {
    str_addf(out, "  %lld)\n", (long long)s->tasks[i].number);
    task_lines(&s->tasks[i], "    ", shell_word, out);
    str_add(out, "    ;;\n");
  }
  str_add(out, "  *) exit 2 ;;\nesac\n");
}

static void head(const Submit *s, Str *out) {
  str_add(out, "#!/usr/bin/env bash\n");
  directives(s, out);
  str_addf(out, "#\n%s. Sent again with sbatch, the run goes on where it was.\n", made_by);
  str_add(out, "set -u\ncaviar=");
  shell_word(s->program, out);
  str_add(out, "\n");
  tasks(s, out);
  if (!s->log) str_add(out, "exec >>\"$run/slurm-$SLURM_JOB_ID.log\" 2>&1\n");
}

static void template_head(const Submit *s, Str *out) {
  str_add(out, "#!/usr/bin/env bash\n"
               "#SBATCH --job-name=caviar\n"
               "#SBATCH --nodes=1\n"
               "#SBATCH --ntasks-per-node=16\n"
               "#SBATCH --time=04:00:00\n"
               "#SBATCH --output=%x-%j.log\n"
               "#SBATCH --open-mode=append\n"
               "#SBATCH --requeue\n");
  str_addf(out, "#SBATCH --signal=B:USR1@%lld\n", (long long)s->signal_seconds);
  str_add(
      out,
      "#\n"
      "# Runs an experiment on every task of the job, and goes on after the time limit, a\n"
      "# preemption or the loss of a node until all trials are done:\n"
      "#\n"
      "#   sbatch slurm/caviar.sbatch runs/digits experiments/digits/digits.yaml train.epochs=20\n"
      "#\n"
      "# `caviar submit` writes such a script for you, and checks the experiment before.\n"
      "set -u\n"
      "caviar=${CAVIAR:-caviar}\n"
      "run=${1:?usage: sbatch slurm/caviar.sbatch RUN EXPERIMENT.yaml [path=value ...]}\n"
      "shift\n");
}

void submit_script(const Submit *s, Str *out) {
  if (s->template)
    template_head(s, out);
  else
    head(s, out);
  str_addf(out, rest, s->srun ? "srun --mpi=pmix" : "mpirun -q");
}

bool submit_script_is_ours(const char *text) {
  return strstr(text, made_by) != NULL;
}
