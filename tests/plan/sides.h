/* sides.h - what the tests of planned training share: two networks that begin alike, each with all
 * that its training holds; one is trained by plans, the other by recording every step. */
#ifndef TESTS_SIDES_H
#define TESTS_SIDES_H

#include "tapegrad.h"
#include "tests/support/plans.h"

enum { ROWS = 12, CLASSES = 4 };

typedef struct side {
    tg_tape *t;
    tg_model *model;
    tg_optimizer *opt;
    tg_batches *batches;
    tg_rng masks;
    tg_plan *plan;
    double max_norm; /* 0: not clipped */
    double loss, after;
} side;

/* Five batches, for both sides. */
static tg_tensor *images, *labels;

static inline void draw_images(int64_t features)
{
    images = random_leaf(TG_F64, DIMS(5 * ROWS, features), -1, 1, 1);
    labels = random_leaf(TG_I32, DIMS(5 * ROWS), 0, CLASSES, 2);
}

/* The side takes the optimizer; the model stays the caller's. */
static inline void side_start(side *s, tg_model *model, tg_optimizer *opt)
{
    tg_batches_options o = tg_batches_defaults();
    o.batch = ROWS;
    *s = (side){.t = tg_tape_new(), .model = model, .opt = opt, .masks = tg_rng_make(4, 1)};
    s->batches = tg_batches_new(5 * ROWS, o, tg_rng_make(5, 0), NULL);
    ck_assert(s->t && s->model && s->opt && s->batches);
}

static inline void side_end(side *s)
{
    tg_plan_free(s->plan);
    tg_batches_free(s->batches);
    tg_optimizer_free(s->opt);
    tg_tape_free(s->t);
}

static inline tg_tensor *side_loss(side *s, tg_tensor *rows, bool train)
{
    const tg_pass pass = {.train = train, .rng = &s->masks};
    tg_tensor *x = tg_cast(s->t, tg_take(s->t, images, rows, 0), s->model->dtype);
    tg_tensor *y = tg_model_forward(s->t, s->model, x, &pass);
    return tg_model_loss(s->t, s->model, y, tg_take(s->t, labels, rows, 0));
}

static inline void assert_dicts(const tg_dict *a, const tg_dict *b)
{
    ck_assert_int_eq(tg_dict_size(a), tg_dict_size(b));
    for (int i = 0; i < tg_dict_size(a); i++)
        assert_bits(tg_dict_key(a, i), tg_dict_at(a, i), tg_dict_at(b, i));
}

#endif
