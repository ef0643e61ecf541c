/* The boxes of coarse_to_fine in values: an example by hand. */
#include "runner/search_boxes.h"
#include "spec_rig.h"

/*
 * Four trials, two stages, one at a time: the box of the second is about the better of trials 0 and
 * 1, which stand in the file. A quarter of the whole at least (zoom 4), no margin.
 *   learning_rate 1 .. 5, at 2: u 0.25; the box 0.125 .. 0.375: 1.5 .. 2.5
 *   beta1 one_minus_log, 0 .. 1 - 1/16, at 0.75 (half of the scale): the box 0.375 .. 0.625 of
 *     1 - x = 16^-u: 1 - 2^-1.5 .. 1 - 2^-2.5
 *   units 1 .. 8, at 3: cell 0.25 .. 0.375, widened to 0.1875 .. 0.4375, which is drawn as 2 .. 4
 *   batch_size: 16 alone
 */
static Spec *by_hand(Arena *a, const char *more) {
  return rig_load(
      a, arena_printf(a,
                      "%ssearch:\n"
                      "  method: {name: coarse_to_fine, stages: 2, keep: 0.5, margin: 0, zoom: 4}\n"
                      "  trials: 4\n  max_concurrent: 1\n%s"
                      "  parameters:\n"
                      "    train.optimizer.learning_rate: {min: 1, max: 5}\n"
                      "    train.optimizer.beta1: {min: 0, max: 0.9375, scale: one_minus_log}\n"
                      "    model.hidden.dense.units: {min: 1, max: 8}\n"
                      "    train.batch_size: {values: [8, 16, 32]}\n"
                      "  try:\n"
                      "    - {train.optimizer.learning_rate: 2, train.optimizer.beta1: 0.75,\n"
                      "       model.hidden.dense.units: 3, train.batch_size: 16}\n"
                      "    - {train.optimizer.learning_rate: 4, train.optimizer.beta1: 0,\n"
                      "       model.hidden.dense.units: 8, train.batch_size: 8}\n",
                      RIG_SMALL, more));
}

static double number(const YamlNode *v) {
  return yaml_scalar(v).real;
}

static bool near(double x, double y) {
  return x - y < 1e-12 && y - x < 1e-12;
}

static void check_second(Arena *a, const SearchBox *b) {
  assert_true(b->n_best == 1 && b->stage == 1);
  assert_true(near(number(b->low[0]), 1.5) && near(number(b->high[0]), 2.5));
  assert_true(near(number(b->low[1]), 1 - 0.35355339059327376));
  assert_true(near(number(b->high[1]), 1 - 0.17677669529663688));
  assert_true(number(b->low[2]) == 2 && number(b->high[2]) == 4);
  assert_true(b->low[3] == NULL && b->kept[0] == NULL);
  Str kept = str_new(a);
  yaml_write_flow(b->kept[3], &kept);
  assert_string_equal(str_text(&kept), "[16]");
}

static void boxes_by_hand(void **state) {
  Arena *a = *state;
  History h;
  int n;
  history_init(&h, a, by_hand(a, ""));
  const SearchBox *b = search_boxes(a, &h, &n);
  assert_int_equal(n, 1); /* the second waits for results */
  assert_true(b[0].stage == 0 && b[0].first == 0 && b[0].n_best == 0);
  assert_true(number(b[0].low[0]) == 1 && near(number(b[0].high[0]), 5));
  assert_true(number(b[0].low[2]) == 1 && number(b[0].high[2]) == 8);
  assert_int_equal(b[0].kept[3]->n_children, 3);
  history_tell(&h, 0, history_point(a, &h, 0), 0.25);
  history_tell(&h, 1, history_point(a, &h, 1), 0.5);
  b = search_boxes(a, &h, &n);
  assert_int_equal(n, 2);
  assert_int_equal(b[1].first, 2);
  check_second(a, &b[1]);
}

/* Of points that are trained three times the means count: trial 2 alone would mislead. */
static void boxes_follow_means(void **state) {
  Arena *a = *state;
  History h;
  int n;
  static const double losses[] = {0.25, 0.25, 0.75, 0.5, 0.5, 0.5};
  history_init(&h, a, by_hand(a, "  repeats: 3\n"));
  for (int i = 0; i < 6; i++) history_tell(&h, i, history_point(a, &h, i), losses[i]);
  const SearchBox *b = search_boxes(a, &h, &n);
  assert_int_equal(n, 2);
  assert_int_equal(b[1].first, 6);
  check_second(a, &b[1]);
}

/* A box that ends where a cell does: zoom 8 leaves units the cell of 3 alone. */
static void the_end_of_a_box_is_not_drawn(void **state) {
  Arena *a = *state;
  Spec *s = by_hand(a, "");
  History h;
  int n;
  Diag d = diag_new(a);
  const char *zoom =
      "search.method={name: coarse_to_fine, stages: 2, keep: 0.5, margin: 0, zoom: 8}";
  s = spec_from_text(a, "e.yaml", s->file->text, ".", &zoom, 1, &d);
  assert_non_null(s);
  history_init(&h, a, s);
  history_tell(&h, 0, history_point(a, &h, 0), 0.25);
  history_tell(&h, 1, history_point(a, &h, 1), 0.5);
  const SearchBox *b = search_boxes(a, &h, &n);
  assert_true(n == 2 && number(b[1].low[2]) == 3 && number(b[1].high[2]) == 3);
  assert_true(near(number(b[1].low[0]), 1.75) && near(number(b[1].high[0]), 2.25));
}

static void others_have_none(void **state) {
  Arena *a = *state;
  History h;
  int n = 7;
  history_init(&h, a, rig_load(a, RIG_SMALL));
  assert_null(search_boxes(a, &h, &n));
  assert_int_equal(n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(boxes_by_hand),
      cmocka_unit_test(boxes_follow_means),
      cmocka_unit_test(the_end_of_a_box_is_not_drawn),
      cmocka_unit_test(others_have_none),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
