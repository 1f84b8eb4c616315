/* test_checkpoint.c - a checkpointed region gives what a direct call gives, bit for bit, in less
 * memory. */
#include "tapegrad.h"
#include "tests/support/tape.h"

/* ---- a deep network with dropout and batch normalisation ------------------------------------ */

enum { DEPTH = 12, ROWS = 16, WIDTH = 24 };

typedef struct layer {
    tg_tensor *W, *gamma, *beta, *mean, *var;
    int calls;
} layer;

typedef struct network {
    layer layers[DEPTH];
    tg_tensor *x;
} network;

static network network_make(tg_dtype dtype)
{
    network n = {.x = random_leaf(dtype, DIMS(ROWS, WIDTH), -1, 1, 5)};
    for (int i = 0; i < DEPTH; i++)
        n.layers[i] = (layer){.W = random_leaf(dtype, DIMS(WIDTH, WIDTH), -0.4, 0.4, (uint64_t)i),
                              .gamma = random_leaf(dtype, DIMS(WIDTH), 0.5, 1.5, 7),
                              .beta = random_leaf(dtype, DIMS(WIDTH), -1, 1, 8),
                              .mean = random_leaf(dtype, DIMS(WIDTH), -1, 1, 9),
                              .var = random_leaf(dtype, DIMS(WIDTH), 0.5, 1, 10)};
    return n;
}

static tg_tensor *layer_run(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    layer *l = user;
    const tg_batch_norm_options book = tg_batch_norm_book();
    (void)n;
    l->calls++;
    tg_tensor *h = tg_matmul(tape, xs[0], l->W);
    h = tg_batch_norm(tape, h, l->gamma, l->beta, l->mean, l->var, &book, true);
    return tg_dropout(tape, tg_tanh(tape, h), 0.3, TG_DROPOUT_INVERTED, rng, true);
}

/* Loss and gradients of one training pass, cloned; the bytes that the tape then has. */
static size_t pass(network *n, bool saves, tg_rng *rng, tg_tensor **kept)
{
    tg_tensor *h = n->x, *x[3 * DEPTH + 1], *dx[3 * DEPTH + 1];
    tg_tape_reset(t);
    for (int i = 0; i < DEPTH; i++)
        h = saves ? tg_checkpoint(t, layer_run, &n->layers[i], 1, &h, rng)
                  : layer_run(t, &h, 1, rng, &n->layers[i]);
    tg_tensor *loss = tg_mean(t, tg_square(t, h), TG_ALL, false);
    x[3 * DEPTH] = n->x;
    for (int i = 0; i < DEPTH; i++) {
        x[3 * i] = n->layers[i].W;
        x[3 * i + 1] = n->layers[i].gamma;
        x[3 * i + 2] = n->layers[i].beta;
    }
    (void)tg_vjp(t, 1, &loss, NULL, COUNT(x), x, dx);
    assert_fine(t, "pass");
    kept[0] = keep(tg_tensor_clone(loss, NULL));
    for (int i = 0; i < COUNT(x); i++) kept[i + 1] = keep(tg_tensor_clone(dx[i], NULL));
    return tg_tape_bytes(t);
}

static void assert_same_bits(const tg_tensor *a, const tg_tensor *b)
{
    ck_assert(tg_tensor_same_shape(a, b) && a->dtype == b->dtype);
    ck_assert_mem_eq(a->data, b->data, (size_t)a->size * tg_dtype_size(a->dtype));
}

START_TEST(gives_the_same_bits)
{
    const tg_dtype dtype = _i ? TG_F64 : TG_F32;
    tg_tensor *want[3 * DEPTH + 2], *got[3 * DEPTH + 2];
    network a = network_make(dtype), b = network_make(dtype);
    tg_rng rng_a = tg_rng_make(3, 1), rng_b = rng_a;
    const size_t bytes = pass(&a, false, &rng_a, want);
    tg_tape_free(t);
    t = tg_tape_new();
    const size_t saved = pass(&b, true, &rng_b, got);
    for (int i = 0; i < COUNT(want); i++) assert_same_bits(got[i], want[i]);
    ck_assert_uint_eq(rng_a.counter, rng_b.counter);
    for (int i = 0; i < DEPTH; i++) {
        assert_same_bits(a.layers[i].mean, b.layers[i].mean); /* written once */
        assert_same_bits(a.layers[i].var, b.layers[i].var);
        ck_assert_int_eq(b.layers[i].calls, 2); /* once more for all operands */
    }
    ck_assert_msg(2 * saved < bytes, "%zu bytes, %zu without checkpoints", saved, bytes);
}
END_TEST

/* From the second step on the allocator is not called: the bytes stay what they are. */
START_TEST(memory_is_used_again)
{
    tg_tensor *kept[3 * DEPTH + 2];
    network n = network_make(TG_F32);
    tg_rng rng = tg_rng_make(1, 0);
    (void)pass(&n, true, &rng, kept);
    const size_t second = pass(&n, true, &rng, kept);
    for (int i = 0; i < 5; i++) ck_assert_uint_eq(pass(&n, true, &rng, kept), second);
}
END_TEST

/* ---- derivatives ---------------------------------------------------------------------------- */

static tg_tensor *product(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    const tg_dict *d = user;
    (void)n, (void)rng;
    tg_tensor *h = tg_tanh(tape, tg_matmul(tape, xs[0], tg_param(tape, d, "W")));
    return tg_mul(tape, h, tg_exp(tape, xs[1]));
}

static tg_tensor *nested(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    tg_tensor *in[] = {tg_sin(tape, xs[0]), xs[1]};
    (void)n;
    return tg_square(tape, tg_checkpoint(tape, product, user, 2, in, rng));
}

/* An operand depends on another, and W is used outside as well: only the region's own part of the
 * derivative may come from the region. */
static tg_tensor *entangled(tg_tape *tape, const tg_dict *d, void *user)
{
    tg_tensor *x = tg_param(tape, d, "x"), *W = tg_param(tape, d, "W");
    tg_tensor *xs[] = {tg_matmul(tape, x, W), tg_cos(tape, x)};
    const bool deep = user != NULL;
    tg_tensor *y = tg_checkpoint(tape, deep ? nested : product, (void *)(uintptr_t)d, 2, xs, NULL);
    return tg_add(tape, tg_mul(tape, y, y), tg_matmul(tape, x, W));
}

START_TEST(derivatives_are_right)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = tg_dict_new();
    (void)tg_dict_set(d, "x", random_leaf(TG_F64, DIMS(2, 3), -1, 1, 1), &err);
    (void)tg_dict_set(d, "W", random_leaf(TG_F64, DIMS(3, 3), -1, 1, 2), &err);
    if (tg_gradcheck(entangled, _i ? &err : NULL, d, NULL, NULL, &err) ||
        tg_gradgradcheck(entangled, _i ? &err : NULL, d, NULL, NULL, &err))
        ck_abort_msg("%s", err.text);
    tg_dict_free(d);
}
END_TEST

static tg_tensor *cube(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)n, (void)rng, (void)user;
    return tg_mul(tape, tg_square(tape, xs[0]), tg_square(tape, xs[0]));
}

START_TEST(fourth_order)
{
    const double want[] = {16, 32, 48, 48, 24, 0};
    tg_tensor *x = tensor_of(t, "f64[]: 2"), *y = tg_checkpoint(t, cube, NULL, 1, &x, NULL);
    for (int i = 0; i < COUNT(want); i++) {
        assert_fine(t, "fourth order");
        ck_assert_double_eq(tg_item(y), want[i]);
        (void)tg_vjp(t, 1, &y, NULL, 1, &x, &y);
    }
}
END_TEST

static tg_tensor *wave(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)n, (void)rng;
    return tg_mul(tape, tg_sin(tape, xs[0]), user ? (tg_tensor *)user : tg_exp(tape, xs[0]));
}

/* Where several terms add to a gradient, only their order may differ: regions one after the other,
 * x beside a region, a leaf that two regions use directly. */
START_TEST(gradients_of_several_parts)
{
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    const double near = dtype == TG_F32 ? 1e-4 : 1e-12;
    tg_tensor *x = random_leaf(dtype, DIMS(1000), -2, 2, 3);
    tg_tensor *w = random_leaf(dtype, DIMS(1000), -2, 2, 4), *leaves[] = {x, w};
    tg_tensor *got[2][5];
    for (int saves = 0; saves < 2; saves++) {
        tg_tensor *y = x, *g[2], *h[2];
        for (int k = 0; k < 3; k++) {
            void *user = k == 1 ? NULL : w;
            y = saves ? tg_checkpoint(t, wave, user, 1, &y, NULL) : wave(t, &y, 1, NULL, user);
        }
        y = tg_add(t, y, tg_square(t, x));
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 2, leaves, g), TG_OK);
        tg_tensor *both = tg_add(t, tg_square(t, g[0]), g[1]);
        ck_assert_int_eq(tg_vjp(t, 1, &both, NULL, 2, leaves, h), TG_OK);
        tg_tensor *all[] = {y, g[0], g[1], h[0], h[1]};
        for (int i = 0; i < 5; i++) got[saves][i] = all[i];
    }
    for (int i = 0; i < 5; i++)
        for (int64_t k = 0; k < x->size; k++) {
            const double a = read_at(got[0][i], k), b = read_at(got[1][i], k);
            if (i == 0)
                ck_assert(a == b);
            else
                assert_close("checkpoint", dtype, k, (uint64_t)i, b, a, near, near);
        }
}
END_TEST

/* Two sweeps for different gradients, and the second order of each, do not disturb each other. */
START_TEST(sweeps_do_not_meet)
{
    tg_tensor *a = tensor_of(t, "f64[]: 3"), *b = tensor_of(t, "f64[2]: 1 2"), *dx[2];
    tg_dict *d = tg_dict_new();
    (void)tg_dict_set(d, "W", tensor_of(t, "f64[1,1]: 1"), NULL);
    tg_tensor *xs[] = {tg_reshape(t, a, DIMS(1, 1)), b};
    tg_tensor *y = tg_checkpoint(t, product, d, 2, xs, NULL), *dy = tg_ones_like(t, y);
    (void)tg_vjp(t, 1, &y, &dy, 1, &b, dx);
    (void)tg_vjp(t, 1, &y, &dy, 1, &a, dx + 1);
    tg_tensor *da = tg_sum(t, dx[1], TG_ALL, false), *second[2];
    (void)tg_vjp(t, 1, dx, NULL, 1, &b, second);
    (void)tg_vjp(t, 1, &da, NULL, 1, &b, second + 1);
    const double h = tanh(3), slope = 1 - h * h;
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq_tol(tg_tensor_get(second[0], i), h * exp(i + 1), 1e-12);
        ck_assert_double_eq_tol(tg_tensor_get(second[1], i), slope * exp(i + 1), 1e-12);
    }
    tg_dict_free(d);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------- */

static tg_tensor *outside(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)n, (void)rng;
    return tg_add(tape, xs[0], user);
}

static tg_tensor *nothing(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)tape, (void)xs, (void)n, (void)rng, (void)user;
    return NULL;
}

static tg_tensor *stranger(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)tape, (void)xs, (void)n, (void)rng;
    return user;
}

START_TEST(refusals)
{
    tg_tape *other = tg_tape_new();
    tg_tensor *x = tensor_of(t, "f64[2]"), *y = tg_exp(t, x), *weak = tg_scalar(t, 1);
    const struct {
        tg_region fn;
        void *user;
        int n;
        tg_tensor *x;
        tg_status status;
        const char *message;
    } rows[] = {
        {NULL, NULL, 1, x, TG_EARG, "checkpoint: the function is NULL"},
        {cube, NULL, -1, x, TG_EARG, "checkpoint: n is negative or xs is NULL"},
        {cube, NULL, 1, NULL, TG_EARG, "checkpoint: input 1 is NULL"},
        {cube, NULL, 1, weak, TG_EARG, "checkpoint: input 1 is a weak scalar (use tg_full)"},
        {nothing, NULL, 1, x, TG_EARG, "checkpoint: the function returned NULL"},
        {outside, y, 1, x, TG_ETAPE,
         "add: operand 2 belongs to another tape or was dropped by a reset (in block)"},
        {stranger, y, 1, x, TG_ETAPE,
         "checkpoint: the function returned a value of another tape (in block)"},
        {cube, NULL, 1, tg_full(other, TG_F64, 0, NULL, 1), TG_ETAPE,
         "checkpoint: input 1 belongs to another tape or was dropped by a reset"}};
    for (int i = 0; i < COUNT(rows); i++) {
        tg_tensor *in = rows[i].x;
        if (strstr(rows[i].message, "block")) tg_scope_push(t, "block");
        ck_assert_ptr_null(tg_checkpoint(t, rows[i].fn, rows[i].user, rows[i].n, &in, NULL));
        assert_error(t, rows[i].status, rows[i].message);
        tg_tape_error(t)->status = TG_OK;
        tg_scope_pop(t);
    }
    ck_assert_ptr_null(tg_checkpoint(NULL, cube, NULL, 1, &x, NULL));
    tg_tape_free(other);
}
END_TEST

/* A region may return its input, or a leaf. */
START_TEST(trivial_regions)
{
    tg_tensor *x = tensor_of(t, "f64[2]: 1 2"), *w = tensor_of(t, "f32[]: 3"), *dx[2];
    tg_tensor *ys[] = {tg_checkpoint(t, stranger, w, 0, NULL, NULL),
                       tg_cast(t, tg_checkpoint(t, cube, NULL, 1, &x, NULL), TG_F32)};
    tg_tensor *y = tg_sum(t, tg_mul(t, ys[0], ys[1]), TG_ALL, false);
    (void)tg_vjp(t, 1, &y, NULL, 2, (tg_tensor *[]){w, x}, dx);
    assert_tensor(t, "dw", dx[0], "f32[]: 17", 0);
    assert_tensor(t, "dx", dx[1], "f64[2]: 12 96", 0);
}
END_TEST

SUITE("checkpoint", .with = {TAPE},
      .tests = {
          {gives_the_same_bits, 2},
          {memory_is_used_again},
          {derivatives_are_right, 2},
          {fourth_order},
          {gradients_of_several_parts, 2},
          {sweeps_do_not_meet},
          {refusals},
          {trivial_regions},
      })
