/* From graph to model: what there is and how large; then one block of memory for all of it. */
#include "model.h"

static int shards_of(const NnModel *m) {
  return m->options.team.n_local;
}

static bool is_trained(const NnModel *m) {
  return m->optimizer != NULL;
}

/* ---- plan ------------------------------------------------------------------------------------ */

static Status check_all_read(const NnGraph *g, Err *e) {
  for (int i = 0; i < g->n; ++i) {
    bool read = i == g->output;
    for (int j = i + 1; j < g->n && !read; ++j) {
      for (int k = 0; k < g->nodes[j].n_inputs; ++k) read = read || g->nodes[j].inputs[k] == i;
    }
    CHECK(e, read, E_SHAPE, "%s: no layer reads its output; remove it or connect it",
          g->nodes[i].path);
  }
  return OK;
}

static Status plan_nodes(Arena *a, NnModel *m, Err *e) {
  const NnGraph *g = m->graph;
  NnPlan p = {.n_shards = is_trained(m) ? shards_of(m) : 1,
              .gemm = m->gemm,
              .rows = m->train_rows > m->options.eval_rows ? m->train_rows : m->options.eval_rows,
              .batch_rows = is_trained(m) ? m->options.batch_rows : 0};
  m->n_nodes = g->n;
  m->eval = ARENA_ARRAY(a, NnNode, g->n);
  m->train = is_trained(m) ? ARENA_ARRAY(a, NnNode, g->n) : NULL;
  uint32_t key = 0;
  for (int i = 0; i < g->n; ++i) {
    NnNode *n = &m->eval[i];
    TRY(nn_graph_plan_node(g, i, &p, nn_layer_at(g->nodes[i].kind, m->options.cpu), n, e));
    n->key = key;
    key += ((uint32_t)n->d + 3) / 4;
    CHECK(e, key < 1u << 24, E_SHAPE, "%s: more than %u features in all layers together; use fewer",
          n->path, 4u << 24);
    for (int k = 0; k < n->n_inputs; ++k) {
      const int from = g->nodes[i].inputs[k];
      n->inputs[k] = from == NN_INPUT ? NULL : &m->eval[from];
    }
    if (n->scratch > m->scratch) m->scratch = n->scratch;
    m->n_blocks += n->n_weights + n->n_stats;
    if (!is_trained(m)) continue;
    m->train[i] = *n;
    for (int k = 0; k < n->n_inputs; ++k) {
      if (n->inputs[k]) m->train[i].inputs[k] = &m->train[n->inputs[k]->index];
    }
  }
  return OK;
}

static void plan_exact(Arena *a, NnModel *m) {
  m->exact = ARENA_ARRAY(a, int, m->n_nodes);
  for (int i = 0; i < m->n_nodes; ++i) {
    const NnNode *n = &m->eval[i];
    if (!n->kind->wants_exact || !n->kind->wants_exact(n->config)) continue;
    m->exact[m->n_exact++] = i;
    if (n->in[0] > m->exact_d) m->exact_d = n->in[0];
  }
}

/* Blocks in the order of the nodes, packed: the flat vectors hold nothing but parameters. */
static void plan_blocks(Arena *a, NnModel *m) {
  m->blocks = ARENA_ARRAY(a, NnBlock, m->n_blocks);
  NnBlock *b = m->blocks;
  for (int i = 0; i < m->n_nodes; ++i) {
    const NnNode *n = &m->eval[i];
    for (int k = 0; k < n->n_weights + n->n_stats; ++k, ++b) {
      const bool weight = k < n->n_weights;
      const NnTensor *t = weight ? &n->weights[k] : &n->stats[k - n->n_weights];
      size_t *total = weight ? &m->n_weights : &m->n_statistics;
      *b = (NnBlock){.path = n->path,
                     .name = t->name,
                     .vector = weight ? NN_WEIGHTS : NN_STATISTICS,
                     .rows = t->rows,
                     .cols = t->cols,
                     .decays = weight && t->decays,
                     .offset = *total};
      *total += (size_t)t->rows * (size_t)t->cols;
    }
  }
}

static void plan_runs(Arena *a, NnModel *m) {
  m->runs = ARENA_ARRAY(a, NnRun, m->n_blocks);
  for (int i = 0; i < m->n_blocks; ++i) {
    const NnBlock *b = &m->blocks[i];
    if (b->vector != NN_WEIGHTS) continue;
    if (m->n_runs == 0 || m->runs[m->n_runs - 1].decays != b->decays)
      m->runs[m->n_runs++] = (NnRun){.offset = b->offset, .decays = b->decays};
    m->runs[m->n_runs - 1].n += (size_t)b->rows * (size_t)b->cols;
  }
}

/* ---- layout: runs twice, on a measuring arena and on the real one ---------------------------- */

static void layout_tensors(NnModel *m) {
  size_t w = 0, v = 0;
  for (int i = 0; i < m->n_nodes; ++i) {
    NnNode *pair[2] = {&m->eval[i], m->train ? &m->train[i] : &m->eval[i]};
    for (int k = 0; k < pair[0]->n_weights; ++k) {
      const size_t n = (size_t)pair[0]->weights[k].rows * (size_t)pair[0]->weights[k].cols;
      for (int j = 0; j < 2; ++j) {
        pair[j]->weights[k].v = m->weights + w;
        pair[j]->weights[k].g = m->batch_gradient ? m->batch_gradient + w : NULL;
      }
      w += n;
    }
    for (int k = 0; k < pair[0]->n_stats; ++k) {
      const size_t n = (size_t)pair[0]->stats[k].rows * (size_t)pair[0]->stats[k].cols;
      for (int j = 0; j < 2; ++j) pair[j]->stats[k].v = m->statistics + v;
      v += n;
    }
  }
}

static Real *slot_memory(const NnSlotPlan *p, Real *region, int slot) {
  return slot == NN_NO_SLOT ? NULL : region + p->slots[slot].offset;
}

static void layout_buffers(const NnModel *m, NnNode *nodes, const NnSlotPlan *p, Real *region) {
  for (int i = 0; i < m->n_nodes; ++i) {
    const NnBuffers *b = &p->nodes[i];
    NnNode *n = &nodes[i];
    n->y = slot_memory(p, region, b->y);
    n->gy = slot_memory(p, region, b->gy);
    n->saved_rows = slot_memory(p, region, b->saved_rows);
    for (int k = 0; k < n->n_inputs; ++k) {
      n->x[k] = n->inputs[k] ? n->inputs[k]->y : m->x;
      n->gx[k] = slot_memory(p, region, b->gx[k]);
    }
  }
}

static void layout_batch(NnModel *m, Arena *a) {
  const NnGraph *g = m->graph;
  const int eval_rows = m->options.eval_rows;
  const size_t rows = (size_t)(m->train_rows > eval_rows ? m->train_rows : eval_rows);
  m->x = ARENA_ARRAY(a, Real, rows * (size_t)g->n_features);
  if (g->form == NN_TARGET_LABELS) {
    m->labels = ARENA_ARRAY(a, int32_t, rows);
  } else {
    m->values = ARENA_ARRAY(a, Real, rows * (size_t)g->n_values);
  }
}

/* A measuring arena answers NULL: the addresses are then meaningless and replaced by the second
 * run. */
static void layout(NnModel *m, Arena *a) {
  const bool trained = is_trained(m);
  m->weights = ARENA_ARRAY(a, Real, m->n_weights);
  m->statistics = ARENA_ARRAY(a, Real, m->n_statistics);
  layout_batch(m, a);
  const size_t train = trained ? m->train_slots.size : 0, eval = m->eval_slots.size;
  Real *region = ARENA_ARRAY(a, Real, train > eval ? train : eval);
  m->step_scratch = ARENA_ARRAY(a, Real, m->scratch);
  m->start = ARENA_ARRAY(a, int, shards_of(m) + 1);
  m->scores = ARENA_ARRAY(a, NnScore, shards_of(m));
  if (m->n_exact > 0) m->moments = ARENA_ARRAY(a, double, moments_size(m->exact_d));
  if (trained) {
    m->gradient = m->batch_gradient = ARENA_ARRAY(a, Real, m->n_weights);
    if (m->options.accumulate > 1) m->batch_gradient = ARENA_ARRAY(a, Real, m->n_weights);
    m->state = ARENA_ARRAY(a, Real, m->n_weights * (size_t)m->optimizer->n_state);
    for (int i = 0; i < m->n_nodes; ++i) {
      m->train[i].saved = ARENA_ARRAY(a, Real, m->train[i].saved_fixed);
    }
  }
  for (int i = 0; i < m->n_nodes; ++i) {
    m->eval[i].saved = trained ? m->train[i].saved : ARENA_ARRAY(a, Real, m->eval[i].saved_fixed);
  }
  if (a->kind == ARENA_MEASURING) return;
  layout_tensors(m);
  if (trained) layout_buffers(m, m->train, &m->train_slots, region);
  layout_buffers(m, m->eval, &m->eval_slots, region);
  m->predictions = slot_memory(&m->eval_slots, region, m->eval_slots.predictions);
}

/* ---- public ---------------------------------------------------------------------------------- */

static Status check_options(const NnGraph *g, const NnOptions *o, Err *e) {
  CHECK(e, g->loss, E_SHAPE, "model: there is no loss");
  CHECK(e, o->eval_rows > 0, E_INTERNAL, "model: evaluation chunks of %d rows", o->eval_rows);
  CHECK(e, nn_gemm_find(o->gemm, CPU_PORTABLE), E_INTERNAL, "model: no matrix engine \"%s\"",
        o->gemm);
  if (!o->optimizer.kind) return OK;
  const NnTeam *t = &o->team;
  CHECK(e, o->batch_rows > 0, E_SHAPE, "model: a training batch of %d rows", o->batch_rows);
  CHECK(e, t->n_local > 0 && (t->n_local & (t->n_local - 1)) == 0, E_INTERNAL,
        "model: %d shards on a rank; must be a power of two", t->n_local);
  CHECK(e, t->first_shard % t->n_local == 0 && t->n_shards % t->n_local == 0, E_INTERNAL,
        "model: shards from %d of %d are no aligned subtree of %d", t->first_shard, t->n_local,
        t->n_shards);
  return OK;
}

Status nn_model_new(Arena *a, const NnGraph *g, const NnOptions *options, NnModel **model, Err *e) {
  TRY(check_options(g, options, e));
  TRY(check_all_read(g, e));
  NnModel *m = ARENA_NEW(a, NnModel);
  m->graph = g;
  m->options = *options;
  if (m->options.cpu > cpu_level()) m->options.cpu = cpu_level();
  m->solo = nn_team_solo(1);
  if (!options->optimizer.kind) m->options.team = m->solo;
  m->gemm = nn_gemm_find(options->gemm, m->options.cpu);
  m->vector = nn_vector_kernel(m->options.cpu);
  m->loss = nn_loss_at(g->loss, m->options.cpu);
  if (options->optimizer.kind)
    m->optimizer = nn_optimizer_at(options->optimizer.kind, m->options.cpu);
  TRY(nn_model_plan_loss(a, m, e));
  if (is_trained(m)) {
    /* whatever the number of rows, no rank has more than its share rounded up */
    const NnTeam *t = &m->options.team;
    const int64_t share = (int64_t)options->batch_rows * t->n_local;
    m->train_rows = (int)((share + t->n_shards - 1) / t->n_shards);
  }
  TRY(plan_nodes(a, m, e));
  plan_blocks(a, m);
  plan_exact(a, m);
  plan_runs(a, m);
  m->own = (NnRun){.n = m->n_weights};
  if (is_trained(m)) m->train_slots = nn_slots_train(a, g, m->train, m->train_rows);
  m->eval_slots = nn_slots_eval(a, g, m->eval, options->eval_rows);

  Arena measuring;
  arena_init_measuring(&measuring);
  layout(m, &measuring);
  m->bytes = measuring.used;
  *model = m;
  return OK;
}

size_t nn_model_bytes(const NnModel *m) {
  return m->bytes;
}

Status nn_model_open(NnModel *m, Arena *numbers, Err *e) {
  TRY(arena_init_fixed(numbers, m->bytes, "the model", e));
  layout(m, numbers);
  return OK;
}
