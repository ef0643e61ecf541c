/*
 * Which buffers share memory. A step is played through once, node by node, with slots taken when a
 * buffer is first written and given back after its last use, as registers are in a compiler.
 *
 * In place, where the kind can: y over x[0], gx[0] over gy. Not over the
 * data, not where somebody else reads the producer's output, nor where the producer's backward
 * needs it.
 */
#include "model.h"

static int take(NnSlotPlan *p, int d) {
  int best = NN_NO_SLOT; /* the smallest that is large enough, else the largest */
  for (int i = 0; i < p->n_slots; ++i) {
    if (p->slots[i].users > 0) continue;
    if (best == NN_NO_SLOT) {
      best = i;
      continue;
    }
    const int old = p->slots[best].d, new = p->slots[i].d;
    if (old < d ? new > old : new >= d &&new < old) best = i;
  }
  if (best == NN_NO_SLOT) best = p->n_slots++;
  if (p->slots[best].d < d) p->slots[best].d = d;
  p->slots[best].users = 1;
  return best;
}

static int share(NnSlotPlan *p, int slot) {
  ++p->slots[slot].users;
  return slot;
}

static void release(NnSlotPlan *p, int slot) {
  if (slot != NN_NO_SLOT) --p->slots[slot].users;
}

static NnSlotPlan start_plan(Arena *a, const NnGraph *g) {
  NnSlotPlan p = {.nodes = ARENA_ARRAY(a, NnBuffers, g->n), .predictions = NN_NO_SLOT};
  /* at most y, saved_rows and gy of each node, its gx, and p */
  p.slots = ARENA_ARRAY(a, NnSlot, g->n * (3 + NN_MAX_INPUTS) + 1);
  for (int i = 0; i < g->n; ++i) {
    NnBuffers *b = &p.nodes[i];
    b->y = b->gy = b->saved_rows = NN_NO_SLOT;
    for (int k = 0; k < NN_MAX_INPUTS; ++k) b->gx[k] = NN_NO_SLOT;
  }
  return p;
}

/* Slots one after the other, each at a multiple of 64 bytes. */
static void finish_plan(NnSlotPlan *p, int rows) {
  const size_t line = 64 / sizeof(Real);
  for (int i = 0; i < p->n_slots; ++i) {
    p->slots[i].offset = p->size;
    p->size += ((size_t)rows * (size_t)p->slots[i].d + line - 1) / line * line;
  }
}

/* Readers of each node's output; the loss is one. */
static int *count_readers(Arena *a, const NnGraph *g) {
  int *readers = ARENA_ARRAY(a, int, g->n);
  for (int i = 0; i < g->n; ++i) {
    for (int k = 0; k < g->nodes[i].n_inputs; ++k) {
      if (g->nodes[i].inputs[k] != NN_INPUT) ++readers[g->nodes[i].inputs[k]];
    }
  }
  ++readers[g->output];
  return readers;
}

/* May node i overwrite its first input during the forward pass? */
static bool owns_input(const NnGraph *g, const int *readers, const NnNode *nodes, int i,
                       bool train) {
  if (g->nodes[i].n_inputs == 0) return false;
  const int from = g->nodes[i].inputs[0];
  return from != NN_INPUT && readers[from] == 1 && !(train && nodes[from].kind->needs_output);
}

static void forward_slots(NnSlotPlan *p, const NnGraph *g, const int *readers,
                          const NnNode *nodes) {
  for (int i = 0; i < g->n; ++i) {
    NnBuffers *b = &p->nodes[i];
    const NnLayerKind *kind = nodes[i].kind;
    const bool owns = owns_input(g, readers, nodes, i, true);
    const int x = owns ? p->nodes[g->nodes[i].inputs[0]].y : NN_NO_SLOT;
    b->wants_gradient = nodes[i].n_weights > 0;
    for (int k = 0; k < g->nodes[i].n_inputs; ++k) {
      const int from = g->nodes[i].inputs[k];
      if (from != NN_INPUT && p->nodes[from].wants_gradient) b->wants_gradient = true;
    }
    if (nodes[i].saved_per_row > 0) {
      b->saved_rows = take(p, (int)nodes[i].saved_per_row);
    }
    b->y = owns && kind->in_place ? share(p, x) : take(p, nodes[i].d);
  }
}

static void backward_slots(NnSlotPlan *p, const NnGraph *g, const NnNode *nodes) {
  for (int i = g->n - 1; i >= 0; --i) {
    NnBuffers *b = &p->nodes[i];
    const NnLayerKind *kind = nodes[i].kind;
    for (int k = 0; k < g->nodes[i].n_inputs && b->wants_gradient; ++k) {
      const int from = g->nodes[i].inputs[k];
      if (from == NN_INPUT || !p->nodes[from].wants_gradient) continue;
      NnBuffers *input = &p->nodes[from];
      b->adds[k] = input->gy != NN_NO_SLOT; /* a later reader wrote there already */
      if (b->adds[k]) {
        b->gx[k] = take(p, nodes[from].d);
        continue;
      }
      const bool over = k == 0 && (kind->in_place || kind->gx_over_gy) && b->gy != NN_NO_SLOT;
      b->gx[k] = input->gy = over ? share(p, b->gy) : take(p, nodes[from].d);
    }
    for (int k = 0; k < g->nodes[i].n_inputs; ++k) {
      if (b->adds[k]) release(p, b->gx[k]);
    }
    release(p, b->y);
    release(p, b->saved_rows);
    release(p, b->gy);
  }
}

NnSlotPlan nn_slots_train(Arena *a, const NnGraph *g, const NnNode *nodes, int rows) {
  NnSlotPlan p = start_plan(a, g);
  forward_slots(&p, g, count_readers(a, g), nodes);
  p.predictions = take(&p, nodes[g->output].d);
  p.nodes[g->output].gy = p.predictions; /* the loss writes gz over p */
  backward_slots(&p, g, nodes);
  finish_plan(&p, rows);
  return p;
}

NnSlotPlan nn_slots_eval(Arena *a, const NnGraph *g, const NnNode *nodes, int rows) {
  NnSlotPlan p = start_plan(a, g);
  const int *readers = count_readers(a, g);
  int *left = count_readers(a, g);
  for (int i = 0; i < g->n; ++i) {
    const bool over = nodes[i].kind->in_place && owns_input(g, readers, nodes, i, false);
    p.nodes[i].y = over ? share(&p, p.nodes[g->nodes[i].inputs[0]].y) : take(&p, nodes[i].d);
    for (int k = 0; k < g->nodes[i].n_inputs; ++k) {
      const int from = g->nodes[i].inputs[k];
      if (from != NN_INPUT && --left[from] == 0) release(&p, p.nodes[from].y);
    }
  }
  p.predictions = take(&p, nodes[g->output].d);
  finish_plan(&p, rows);
  return p;
}
