/* test_convnet.c - the simple convolutional network: its layers against plain loops, its gradients
 * against differences, and that it learns. */
#include "tapegrad/data.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/train.h"
#include "tests/support/close.h"

typedef tg_simple_convnet_options shape;

/* Small networks: even and odd sizes, and remainders that stride and pool leave out. */
static const struct {
    int64_t channels, height, width, filters, kernel, stride, padding, pool, hidden, outputs;
    double weight_decay;
} rows[] = {
    {1, 6, 6, 2, 3, 1, 0, 2, 4, 3, 0},  {2, 7, 5, 3, 2, 1, 1, 2, 3, 2, 0.1},
    {3, 8, 9, 2, 3, 2, 1, 2, 5, 4, 0},  {1, 4, 3, 1, 1, 1, 0, 1, 1, 2, 0},
    {1, 5, 11, 2, 5, 3, 2, 1, 2, 3, 0},
};

static shape shape_of(int i)
{
    return (shape){.made = tg_simple_convnet_defaults().made,
                   .channels = rows[i].channels,
                   .height = rows[i].height,
                   .width = rows[i].width,
                   .filters = rows[i].filters,
                   .kernel = rows[i].kernel,
                   .stride = rows[i].stride,
                   .padding = rows[i].padding,
                   .pool = rows[i].pool,
                   .hidden = rows[i].hidden,
                   .outputs = rows[i].outputs,
                   .dtype = TG_F64,
                   .init = tg_init_he(),
                   .weight_decay = rows[i].weight_decay};
}

static tg_model *make(const shape *o, uint64_t seed)
{
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(seed, 0);
    tg_model *m = tg_simple_convnet_new(o, &rng, &err);
    ck_assert_msg(m != NULL, "%s", err.text);
    /* Biases other than 0, so that their place matters. */
    for (int i = 1; i < tg_dict_size(m->params); i += 2)
        for (int64_t k = 0; k < tg_dict_at(m->params, i)->size; k++)
            (void)tg_tensor_set(tg_dict_at(m->params, i), k, 0.01 * (double)(k + i), NULL);
    return m;
}

static tg_tensor *labels_of(int64_t n, int64_t classes)
{
    tg_tensor *x = keep(tg_tensor_new(TG_I32, 1, &n, NULL));
    for (int64_t i = 0; i < n; i++) write_at(x, i, (double)(i % classes));
    return x;
}

/* ---- the layers as loops -------------------------------------------------------------------- */

static double param(const tg_model *m, const char *key, int64_t i)
{
    return read_at(tg_dict_get(m->params, key), i);
}

/* ReLU of the convolution at filter f and position (i, j) of image n. */
static double convolved(const tg_model *m, const tg_tensor *x, int64_t n, int64_t f, int64_t i,
                        int64_t j)
{
    const shape *o = tg_simple_convnet_get_options(m);
    double y = param(m, "b1", f);
    for (int64_t c = 0; c < o->channels; c++)
        for (int64_t r = 0; r < o->kernel; r++)
            for (int64_t s = 0; s < o->kernel; s++) {
                const int64_t h = i * o->stride - o->padding + r;
                const int64_t w = j * o->stride - o->padding + s;
                if (h < 0 || h >= o->height || w < 0 || w >= o->width) continue;
                y += param(m, "W1", ((f * o->channels + c) * o->kernel + r) * o->kernel + s) *
                     read_at(x, ((n * o->channels + c) * o->height + h) * o->width + w);
            }
    return fmax(y, 0);
}

static int64_t pooled(const shape *o, int64_t size)
{
    return ((size + 2 * o->padding - o->kernel) / o->stride + 1) / o->pool;
}

static void by_hand(const tg_model *m, const tg_tensor *x, int64_t n, double *out)
{
    const shape *o = tg_simple_convnet_get_options(m);
    const int64_t P = pooled(o, o->height), Q = pooled(o, o->width);
    double hidden[8] = {0};
    for (int64_t k = 0; k < o->hidden; k++) hidden[k] = param(m, "b2", k);
    for (int64_t f = 0; f < o->filters; f++)
        for (int64_t p = 0; p < P; p++)
            for (int64_t q = 0; q < Q; q++) {
                double most = 0;
                for (int64_t v = 0; v < o->pool * o->pool; v++)
                    most = fmax(most, convolved(m, x, n, f, p * o->pool + v / o->pool,
                                                q * o->pool + v % o->pool));
                for (int64_t k = 0; k < o->hidden; k++)
                    hidden[k] += most * param(m, "W2", ((f * P + p) * Q + q) * o->hidden + k);
            }
    for (int64_t c = 0; c < o->outputs; c++) {
        out[c] = param(m, "b3", c);
        for (int64_t k = 0; k < o->hidden; k++)
            out[c] += fmax(hidden[k], 0) * param(m, "W3", k * o->outputs + c);
    }
}

START_TEST(forward_as_loops)
{
    enum { N = 3 };
    const shape made = shape_of(_i), *o = &made;
    tg_model *m = make(o, 3);
    tg_tape *t = tg_tape_new();
    const int64_t pixels = o->channels * o->height * o->width;
    tg_tensor *x = random_leaf(TG_F64, 2, (int64_t[]){N, pixels}, -1, 2, 7);
    tg_tensor *y = tg_model_forward(t, m, x, NULL);
    assert_fine(t, "forward");
    ck_assert(y->ndim == 2 && y->shape[0] == N && y->shape[1] == o->outputs);
    for (int64_t n = 0; n < N; n++) {
        double want[8];
        by_hand(m, x, n, want);
        for (int64_t c = 0; c < o->outputs; c++)
            assert_close("convnet", TG_F64, c, 7, read_at(y, n * o->outputs + c), want[c], 1e-12,
                         1e-12);
    }
    /* The same numbers as images, and no image at all. */
    tg_tensor *images = tg_reshape(t, x, DIMS(N, o->channels, o->height, o->width));
    tg_tensor *again = tg_model_forward(t, m, images, NULL);
    for (int64_t i = 0; i < y->size; i++) ck_assert(read_at(again, i) == read_at(y, i));
    y = tg_model_forward(t, m, tg_slice(t, x, 0, 0, 0, 1), NULL);
    assert_fine(t, "no image");
    ck_assert(y->ndim == 2 && y->shape[0] == 0 && y->shape[1] == o->outputs);
    ck_assert_ptr_null(tg_model_forward(t, m, tg_slice(t, images, 3, 1, TG_END, 1), NULL));
    ck_assert_int_eq(tg_tape_status(t), TG_ESHAPE);
    ck_assert_msg(strstr(tg_tape_message(t), "convnet: x is f64[3,"), "%s", tg_tape_message(t));
    tg_tape_free(t);
    tg_simple_convnet_free(m);
}
END_TEST

/* ---- gradients ------------------------------------------------------------------------------ */

typedef struct job {
    tg_model *m;
    tg_tensor *labels;
} job;

static tg_tensor *loss_of(tg_tape *t, const tg_dict *d, void *user)
{
    const job *j = user;
    tg_tensor *y = tg_model_forward(t, j->m, tg_param(t, d, "x"), NULL);
    return tg_model_loss(t, j->m, y, j->labels);
}

/* By every parameter and by the images, element by element. */
START_TEST(gradients)
{
    const shape made = shape_of(_i), *o = &made;
    tg_error err = TG_ERROR_INIT;
    tg_gradcheck_report r = {0};
    job j = {make(o, 5), labels_of(4, o->outputs)};
    const int64_t pixels = o->channels * o->height * o->width;
    tg_tensor *x = random_leaf(TG_F64, 2, (int64_t[]){4, pixels}, -1, 2, 9);
    ck_assert_int_eq(tg_dict_set(j.m->params, "x", x, &err), TG_OK);
    if (tg_gradcheck(loss_of, &j, j.m->params, NULL, &r, &err)) ck_abort_msg("1: %s", err.text);
    ck_assert_int_eq(r.checked, tg_dict_count(j.m->params));
    tg_gradcheck_options some = tg_gradcheck_defaults();
    if (getenv("TG_TEST_QUICK")) some.samples = 5;
    if (tg_gradgradcheck(loss_of, &j, j.m->params, &some, &r, &err))
        ck_abort_msg("2: %s", err.text);
    some.directions = 5;
    if (tg_gradcheck(loss_of, &j, j.m->params, &some, &r, &err)) ck_abort_msg("v: %s", err.text);
    tg_simple_convnet_free(j.m);
}
END_TEST

/* ---- it learns ------------------------------------------------------------------------------ */

START_TEST(overfits_drawn_digits)
{
    const bool quick = getenv("TG_TEST_QUICK") != NULL; /* under valgrind: only that it runs */
    tg_error err = TG_ERROR_INIT;
    tg_dataset train, test;
    ck_assert_int_eq(tg_digits_load(1, 20, 0, &train, &test, &err), TG_OK);
    tg_rng rng = tg_rng_make(1, 0);
    tg_model *m = tg_simple_convnet_new(NULL, &rng, &err);
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), &err);
    tg_trainer_options o = tg_trainer_defaults();
    o.batch = 20;
    o.steps = quick ? 2 : 80;
    tg_trainer *tr = tg_trainer_new(m, adam, &train, NULL, &o, NULL, NULL, &err);
    double before = 0, after = 0;
    (void)tg_accuracy(m, &train, 0, &before, &err);
    (void)tg_trainer_fit(tr, &err);
    (void)tg_accuracy(m, &train, 0, &after, &err);
    ck_assert_msg(err.status == TG_OK, "%s", err.text);
    ck_assert_msg(quick || (before < 0.5 && after == 1), "accuracy %g, then %g", before, after);
    tg_trainer_free(tr);
    tg_optimizer_free(adam);
    tg_simple_convnet_free(m);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
}
END_TEST

SUITE("convnet", .teardown = free_leaves, .timeout = 120,
      .tests = {
          {forward_as_loops, COUNT(rows)},
          {gradients, COUNT(rows)},
          {overfits_drawn_digits},
      })
