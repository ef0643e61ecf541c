/* resources: which ranks train a trial, and what that means for a job of so many ranks. */
#include "spec_sections.h"

static bool is_power_of_two(int64_t n) {
  return n > 0 && (n & (n - 1)) == 0;
}

/* The largest power of two up to n >= 1. */
static int64_t power_of_two_below(int64_t n) {
  int64_t p = 1;
  while (p <= n / 2) p *= 2;
  return p;
}

YamlNode *resolve_resources(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  const MapSpec m = section_map(r, &spec_resources, in, top, NULL);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &s->resources, out);
  if (s->replay) return out; /* one rank looks a trial up, whatever stands here */
  const int64_t n = s->resources.ranks_per_trial, shards = s->train.shards;
  if (n <= 1 || r->d->n_refusals > errors) return out;
  const Mark at = yaml_get(out, "ranks_per_trial")->mark;
  if (s->command.node)
    diag_add(r->d, DIAG_ERROR, at,
             "ranks_per_trial: a command is run by one rank; write 1 or auto, and give the program "
             "its own cores");
  else if (s->cost.text)
    diag_add(r->d, DIAG_ERROR, at,
             "ranks_per_trial: a cost is trained by one rank, for its data are one row; write 1 or "
             "auto");
  else if (!is_power_of_two(n))
    diag_add(r->d, DIAG_ERROR, at,
             "ranks_per_trial: expected a power of two or auto, found %lld; write %lld or %lld",
             (long long)n, (long long)power_of_two_below(n), 2 * (long long)power_of_two_below(n));
  else if (is_power_of_two(shards) && n > shards)
    diag_add(r->d, DIAG_ERROR, at,
             "ranks_per_trial: %lld ranks cannot share a batch that is computed as %lld part%s; "
             "write train.shards: %lld, or ranks_per_trial: %lld",
             (long long)n, (long long)shards, shards == 1 ? "" : "s", (long long)n,
             (long long)shards);
  return out;
}

/* ---- a job ----------------------------------------------------------------------------------- */

static const char *ranks_text(Arena *a, int64_t n) {
  return arena_printf(a, "%lld rank%s", (long long)n, n == 1 ? "" : "s");
}

/* "1 trial of 4 shards" */
static const char *work_text(Arena *a, int64_t trials, int64_t shards) {
  return arena_printf(a, "%lld trial%s of %lld shard%s", (long long)trials, trials == 1 ? "" : "s",
                      (long long)shards, shards == 1 ? "" : "s");
}

/* Ranks that n_trials teams of at most `most` ranks keep busy, when the first are the largest. */
static int64_t busy_ranks(int64_t n_ranks, int64_t n_trials, int64_t most) {
  int64_t busy = 0;
  for (int64_t i = 0; i < n_trials && busy < n_ranks; i++) {
    const int64_t size = power_of_two_below(n_ranks - busy);
    busy += size < most ? size : most;
  }
  return busy;
}

/* The shards with which n_trials keep as many of the ranks busy as can be. */
static int64_t useful_shards(int64_t n_ranks, int64_t n_trials) {
  const Param *p = param_find(spec_train.head.params, spec_train.head.n_params, "shards");
  const int64_t limit = power_of_two_below(n_ranks);
  int64_t shards = 1;
  while (shards < limit && 2 * (double)shards <= p->hi && n_trials * shards < n_ranks) shards *= 2;
  return shards;
}

/* auto: ranks that no shard is there for, even when all teams have grown. */
static void check_auto(const Spec *s, int n_ranks, int64_t n_trials, Diag *d) {
  const int64_t shards = s->train.shards, busy = n_trials * shards;
  if (busy >= n_ranks) return;
  const int64_t idle = n_ranks - busy;
  const char *job = ranks_text(d->arena, n_ranks), *left = ranks_text(d->arena, idle);
  if (s->cost.text || s->command.node) {
    diag_add(d, DIAG_WARNING, s->cost.text ? s->cost.node->mark : s->command.node->mark,
             "%s for %lld trial%s: %s will have nothing to do, for one rank %s", job,
             (long long)n_trials, n_trials == 1 ? "" : "s", left,
             s->cost.text ? "trains a cost" : "runs a command");
    return;
  }
  const int64_t more = useful_shards(n_ranks, n_trials);
  const int64_t used = busy_ranks(n_ranks, n_trials, more);
  diag_add(d, DIAG_WARNING, spec_find(s->tree, "train.shards")->mark,
           "%s for %s: %s will have nothing to do; train.shards: %lld would use %s (other sums, "
           "so other last bits)",
           job, work_text(d->arena, n_trials, shards), left, (long long)more,
           used == n_ranks ? "all of them" : arena_printf(d->arena, "%lld", (long long)used));
}

/* "4, 4 and 2"; sizes that repeat many times are counted: "5 of 4, then 2 and 1". */
static const char *teams_text(Arena *a, int64_t n_ranks, int64_t size) {
  Str s = str_new(a);
  str_addf(&s, "%lld of %lld", (long long)(n_ranks / size), (long long)size);
  for (int64_t left = n_ranks % size; left > 0; left -= power_of_two_below(left)) {
    const int64_t next = power_of_two_below(left);
    str_addf(&s, "%s 1 of %lld", next == left ? " and" : ",", (long long)next);
  }
  return str_text(&s);
}

static void check_given(const Spec *s, int n_ranks, int64_t n_trials, Diag *d) {
  const int64_t n = s->resources.ranks_per_trial;
  const Mark at = spec_find(s->tree, "resources.ranks_per_trial")->mark;
  if (n > n_ranks) {
    diag_add(d, DIAG_ERROR, at,
             "ranks_per_trial: %lld, but this job has %s; start it with mpirun -n %lld, or write "
             "auto",
             (long long)n, ranks_text(d->arena, n_ranks), (long long)n);
    return;
  }
  if (n_ranks % n != 0)
    diag_add(d, DIAG_WARNING, at, "%s are no whole number of teams of %lld: they make %s",
             ranks_text(d->arena, n_ranks), (long long)n, teams_text(d->arena, n_ranks, n));
  const int64_t busy = busy_ranks(n_ranks, n_trials, n);
  if (busy < n_ranks)
    diag_add(d, DIAG_WARNING, at,
             "%s in teams of %lld for %lld trial%s: %s will have nothing to do; with auto they "
             "would join where train.shards lets them",
             ranks_text(d->arena, n_ranks), (long long)n, (long long)n_trials,
             n_trials == 1 ? "" : "s", ranks_text(d->arena, n_ranks - busy));
}

void spec_check_ranks(const Spec *s, int n_ranks, int64_t n_trials, Diag *d) {
  if (s->replay) return;
  if (s->resources.ranks_per_trial == 0)
    check_auto(s, n_ranks, n_trials, d);
  else
    check_given(s, n_ranks, n_trials, d);
}
