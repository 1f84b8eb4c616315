/* test_convnet_params.c - the parameters of the simple convolutional network, and what it
 * refuses. */
#include "tapegrad/alloc.h"
#include "tapegrad/model.h"
#include "tests/support/close.h"
#include "tests/support/memory.h"

typedef tg_simple_convnet_options shape;

/* ---- parameters ----------------------------------------------------------------------------- */

START_TEST(parameters_of_the_book)
{
    static const char *const want[] = {"W1 f32[30,1,5,5]", "b1 f32[30]",     "W2 f32[4320,100]",
                                       "b2 f32[100]",      "W3 f32[100,10]", "b3 f32[10]"};
    tg_rng rng = tg_rng_make(1, 0);
    tg_model *m = tg_simple_convnet_new(NULL, &rng, NULL);
    ck_assert(m && tg_dict_size(m->params) == COUNT(want) && !m->state);
    const uint64_t words[] = {750, 432000, 1000};
    tg_rng mirror = tg_rng_make(1, 0);
    for (int i = 0; i < COUNT(want); i++) {
        const tg_tensor *x = tg_dict_at(m->params, i);
        char text[64], described[TG_DESCRIBE_SIZE];
        (void)snprintf(text, sizeof text, "%s %s", tg_dict_key(m->params, i),
                       tg_tensor_describe(x, described, sizeof described));
        ck_assert_str_eq(text, want[i]);
        for (int64_t k = 0; k < x->size; k += 7) {
            const double z = i % 2 ? 0 : tg_rng_normal(tg_rng_word(&mirror, (uint64_t)k));
            ck_assert_double_eq_tol(read_at(x, k), 0.01 * z, 1e-8);
        }
        if (i % 2 == 0) tg_rng_skip(&mirror, words[i / 2]);
    }
    ck_assert(rng.counter == mirror.counter);
    ck_assert_int_eq(tg_simple_convnet_get_options(m)->hidden, 100);
    ck_assert_ptr_null(tg_mlp_get_options(m));
    tg_simple_convnet_free(m);
    tg_simple_convnet_free(NULL);
    ck_assert_ptr_null(tg_simple_convnet_get_options(NULL));
}
END_TEST

/* He: a filter of 5x5 over 4 channels has 100 inputs. */
START_TEST(spread_of_filters)
{
    shape o = tg_simple_convnet_defaults();
    o.init = tg_init_he();
    o.channels = 4, o.filters = 500, o.height = o.width = 6, o.hidden = 1;
    tg_rng rng = tg_rng_make(1, 0);
    tg_model *m = tg_simple_convnet_new(&o, &rng, NULL);
    const tg_tensor *w = tg_dict_get(m->params, "W1");
    double sum = 0;
    for (int64_t i = 0; i < w->size; i++) sum += read_at(w, i) * read_at(w, i);
    ck_assert_double_eq_tol(sqrt(sum / (double)w->size), sqrt(2.0 / 100), 0.002);
    tg_simple_convnet_free(m);
}
END_TEST

START_TEST(weight_decay)
{
    double loss[2], squares = 0;
    for (int k = 0; k < 2; k++) {
        tg_rng rng = tg_rng_make(5, 0);
        shape o = tg_simple_convnet_defaults();
        o.height = o.width = 7, o.hidden = 3, o.dtype = TG_F64;
        o.weight_decay = k;
        tg_model *m = tg_simple_convnet_new(&o, &rng, NULL);
        tg_tape *t = tg_tape_new();
        tg_tensor *y =
            tg_model_forward(t, m, random_leaf(TG_F64, 2, (int64_t[]){4, 49}, 0, 1, 2), NULL);
        loss[k] =
            tg_item(tg_model_loss(t, m, y, keep(tg_tensor_new(TG_I32, 1, (int64_t[]){4}, NULL))));
        for (int i = 0; k && i < 6; i += 2)
            for (int64_t j = 0; j < tg_dict_at(m->params, i)->size; j++)
                squares += pow(read_at(tg_dict_at(m->params, i), j), 2);
        tg_tape_free(t);
        tg_simple_convnet_free(m);
    }
    ck_assert_double_eq_tol(loss[1] - loss[0], squares / 2, 1e-10);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------- */

#define AT(field) offsetof(tg_simple_convnet_options, field)
static const struct {
    size_t field;
    int64_t value;
    tg_status status;
    const char *message;
} bad[] = {
    {AT(channels), 0, TG_EARG, "convnet: channels is 0, must be in 1..2147483647"},
    {AT(height), -1, TG_EARG, "convnet: height is -1, must be in 1..2147483647"},
    {AT(width), 1LL << 31, TG_EARG, "convnet: width is 2147483648, must be in 1..2147483647"},
    {AT(filters), 0, TG_EARG, "convnet: filters is 0, must be in 1..2147483647"},
    {AT(kernel), 0, TG_EARG, "convnet: kernel is 0, must be in 1..2147483647"},
    {AT(stride), 0, TG_EARG, "convnet: stride is 0, must be in 1..2147483647"},
    {AT(padding), -1, TG_EARG, "convnet: padding is -1, must be in 0..2147483647"},
    {AT(pool), 0, TG_EARG, "convnet: pool is 0, must be in 1..2147483647"},
    {AT(hidden), 0, TG_EARG, "convnet: hidden is 0, must be in 1..2147483647"},
    {AT(outputs), 0, TG_EARG, "convnet: outputs is 0, must be in 1..2147483647"},
    {AT(kernel), 29, TG_ESHAPE,
     "convnet: kernel 29 with padding 0, then pool 2, do not fit an image of (28,28)"},
    {AT(pool), 25, TG_ESHAPE,
     "convnet: kernel 5 with padding 0, then pool 25, do not fit an image of (28,28)"},
};

START_TEST(refusals)
{
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(1, 0);
    tg_simple_convnet_options o = tg_simple_convnet_defaults();
    memcpy((char *)&o + bad[_i].field, &bad[_i].value, sizeof bad[_i].value);
    ck_assert_ptr_null(tg_simple_convnet_new(&o, &rng, &err));
    ck_assert_str_eq(err.text, bad[_i].message);
    ck_assert_int_eq(err.status, bad[_i].status);
}
END_TEST

static void set_dtype(shape *o) { o->dtype = TG_I32; }
static void set_decay(shape *o) { o->weight_decay = -1; }
static void set_eps(shape *o) { o->loss_eps = NAN; }
static void set_std(shape *o) { o->init = tg_init_normal(-1); }
static void set_channels(shape *o) { o->channels = o->height = o->width = INT32_MAX; }
static void set_filters(shape *o) { o->filters = o->height = o->width = INT32_MAX; }

static void set_padding(shape *o) { o->height = o->width = o->padding = INT32_MAX, o->pool = 1; }

static const struct {
    void (*set)(shape *o);
    tg_status status;
    const char *message;
} worse[] = {
    {set_dtype, TG_EDTYPE, "convnet: dtype is i32, must be f32 or f64"},
    {set_decay, TG_EARG, "convnet: weight_decay is -1, must be at least 0"},
    {set_eps, TG_EARG, "convnet: loss_eps is nan, must be at least 0"},
    {set_std, TG_EARG, "init: std is -1, must be 0 or more"},
    {set_channels, TG_ENOMEM, "convnet: the images are too large"},
    {set_filters, TG_ENOMEM, "convnet: the images are too large"},
    {set_padding, TG_ENOMEM, "convnet: the images are too large"},
    {NULL, TG_EARG, "convnet: the generator is NULL"},
};

START_TEST(other_refusals)
{
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(1, 0);
    shape o = tg_simple_convnet_defaults();
    if (worse[_i].set) worse[_i].set(&o);
    ck_assert_ptr_null(tg_simple_convnet_new(&o, worse[_i].set ? &rng : NULL, &err));
    ck_assert_str_eq(err.text, worse[_i].message);
    ck_assert_int_eq(err.status, worse[_i].status);
}
END_TEST

/* Each allocation is refused in turn, with all later ones: an error, and nothing is lost. */
START_TEST(without_memory)
{
    shape o = tg_simple_convnet_defaults();
    o.hidden = 2;
    memory_setup();
    int n = 0;
    for (tg_model *m = NULL; !m; n++) {
        tg_error err = TG_ERROR_INIT;
        tg_rng rng = tg_rng_make(1, 0);
        memory_fails(n, LONG_MAX);
        m = tg_simple_convnet_new(&o, &rng, &err);
        ck_assert_int_eq(err.status, m ? TG_OK : TG_ENOMEM);
        tg_simple_convnet_free(m);
    }
    ck_assert_int_gt(n, 6);
    memory_teardown();
}
END_TEST

SUITE("convnet_params", .teardown = free_leaves,
      .tests = {
          {parameters_of_the_book},
          {spread_of_filters},
          {weight_decay},
          {refusals, COUNT(bad)},
          {other_refusals, COUNT(worse)},
          {without_memory},
      })
