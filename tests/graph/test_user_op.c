/* test_user_op.c - operations that a program defines, with the same struct and the same calls as
 * those of the library. */
#include "tests/support/tape.h"

/* ---- y = scale * (x0 + x1 + ...), any number of operands, scratch memory, attributes ----------
 */

typedef struct total_attrs {
    double scale;
    tg_ints shape; /* used where there is no operand */
} total_attrs;

static const tg_attr_def total_defs[] = {
    {"scale", TG_ATTR_FLOAT, offsetof(total_attrs, scale), "1"},
    {"shape", TG_ATTR_INTS, offsetof(total_attrs, shape), "2"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status total_infer(tg_infer *c)
{
    if (c->n_inputs > 0) return tg_infer_same(c);
    const total_attrs *a = c->attrs;
    c->dtype = TG_F64;
    c->ndim = a->shape.n;
    memcpy(c->shape, a->shape.v, sizeof c->shape);
    return TG_OK;
}

static size_t total_work(const tg_node *n) { return (size_t)n->n_inputs * 64; }

static void total_forward(const tg_node *n, void *work)
{
    ck_assert((uintptr_t)work % 64 == 0 && (work != NULL) == (n->n_inputs > 0));
    if (work) memset(work, 0xA5, (size_t)n->n_inputs * 64);
    for (int64_t i = 0; i < n->output->size; i++) {
        double sum = 0;
        for (int k = 0; k < n->n_inputs; k++) sum += tg_tensor_get(n->inputs[k], i);
        ((double *)n->output->data)[i] = sum * ((const total_attrs *)n->attrs)->scale;
    }
}

static tg_tensor *total_vjp(tg_tape *tape, const tg_node *n, int i, tg_tensor *dy)
{
    if (i % 2) return NULL; /* stands for 0: wrong, but visibly so */
    return tg_mul(tape, dy, tg_scalar(tape, ((const total_attrs *)n->attrs)->scale));
}

static const tg_op total = {.name = "total",
                            .formula = "the sum of all, scaled",
                            .min_inputs = 0,
                            .max_inputs = -1,
                            .attrs = total_defs,
                            .attrs_size = sizeof(total_attrs),
                            .infer = total_infer,
                            .work_size = total_work,
                            .forward = total_forward,
                            .vjp = total_vjp};

START_TEST(any_number_of_operands)
{
    tg_tensor *x[40], *dx[40];
    total_attrs a;
    ck_assert_int_eq(tg_attrs_parse(t, &total, "scale=2", &a), TG_OK);
    for (int k = 0; k < 40; k++) x[k] = laid_out(tensor_of(t, "f64[2,2]"), k % LAYOUTS);
    for (int n = 0; n <= 40; n++) {
        tg_tensor *y = tg_apply(t, &total, x, n, &a);
        assert_fine(t, "total");
        ck_assert(y->node->n_inputs == n && y->node->op == &total);
        for (int64_t i = 0; i < y->size; i++) ck_assert(read_at(y, i) == 2.0 * n * (double)i);
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, n, x, dx), TG_OK);
        for (int k = 0; k < n; k++) ck_assert(read_at(dx[k], 3) == (k % 2 ? 0 : 2));
    }
    x[9] = NULL;
    ck_assert_ptr_null(tg_apply(t, &total, x, 12, &a));
    assert_error(t, TG_EARG, "total: operand 10 is NULL");
}
END_TEST

/* ---- elementwise: a b + c in f32 alone --------------------------------------------------------
 */

static void fma_f32(int64_t n, void *y, const void *const *x, const int64_t *s, const void *attrs)
{
    (void)attrs;
    for (int64_t i = 0; i < n; i++)
        ((float *)y)[i] = ((const float *)x[0])[i * s[0]] * ((const float *)x[1])[i * s[1]] +
                          ((const float *)x[2])[i * s[2]];
}

static tg_tensor *fma_vjp(tg_tape *tape, const tg_node *n, int i, tg_tensor *dy)
{
    return i == 2 ? dy : tg_mul(tape, dy, n->inputs[1 - i]); /* the sweep sums what was repeated */
}

static const tg_op fma_op = {.name = "fma",
                             .formula = "a b + c",
                             .min_inputs = 3,
                             .max_inputs = 3,
                             .infer = tg_infer_elementwise,
                             .map = {[TG_F32] = fma_f32},
                             .forward = tg_forward_elementwise,
                             .vjp = fma_vjp};

START_TEST(ready_made_parts)
{
    for (int layout = 0; layout < LAYOUTS; layout++) {
        tg_tensor *x[] = {laid_out(tensor_of(t, "f32[3]"), layout),
                          laid_out(tensor_of(t, "f32[2,1]: 10 20"), layout), tensor_of(t, "0.5")};
        tg_tensor *y = tg_apply(t, &fma_op, x, 3, NULL), *dx[2];
        assert_tensor(t, "fma", y, "f32[2,3]: 0.5 10.5 20.5 0.5 20.5 40.5", 0);
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 2, x, dx), TG_OK);
        assert_tensor(t, "da", dx[0], "f32[3]: 30 30 30", 0);
        assert_tensor(t, "db", dx[1], "f32[2,1]: 3 3", 0);
    }
    tg_tensor *x[] = {tensor_of(t, "f64[3]"), tensor_of(t, "f64[3]"), tensor_of(t, "f64[]")};
    ck_assert_ptr_null(tg_apply(t, &fma_op, x, 3, NULL));
    assert_error(t, TG_EDTYPE, "fma: f64[] is not supported, takes f32 (use tg_cast)");
    tg_op wide = fma_op;
    tg_tensor *nine[9] = {x[0], x[0], x[0], x[0], x[0], x[0], x[0], x[0], x[0]};
    wide.max_inputs = -1;
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_apply(t, &wide, nine, 9, NULL));
    assert_error(t, TG_EARG, "fma: elementwise operations take 1 to 8 operands");
}
END_TEST

/* ---- a view: the diagonal ---------------------------------------------------------------------
 */

static tg_status diagonal_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    if (x->ndim != 2 || x->shape[0] != x->shape[1]) return TG_ESHAPE; /* without a text */
    c->view = true;
    c->ndim = 1;
    c->shape[0] = x->shape[0];
    c->strides[0] = x->strides[0] - x->strides[1];
    c->offset = (x->shape[0] - 1) * x->strides[1]; /* the other one, from the top right */
    return TG_OK;
}

static const tg_op diagonal = {
    .name = "diagonal", .min_inputs = 1, .max_inputs = 1, .infer = diagonal_infer};

START_TEST(a_view_needs_no_forward)
{
    tg_tensor *x = tensor_of(t, "i32[3,3]"), *y;
    for (int layout = 0; layout < LAYOUTS; layout++) {
        tg_tensor *in = laid_out(x, layout);
        y = tg_apply(t, &diagonal, &in, 1, NULL);
        assert_tensor(t, "diagonal", y, "i32[3]: 2 4 6", 0);
        ck_assert_ptr_eq(y->storage, in->storage);
    }
    y = tensor_of(t, "f32[2,3]");
    ck_assert_ptr_null(tg_apply(t, &diagonal, &y, 1, NULL));
    assert_error(t, TG_ESHAPE, "diagonal: shapes do not fit together");
}
END_TEST

SUITE("user_op", .with = {TAPE},
      .tests = {
          {any_number_of_operands},
          {ready_made_parts},
          {a_view_needs_no_forward},
      })
