/* test_wrong_op.c - descriptors with mistakes: each is an error that names the mistake. */
#include "tapegrad/gradcheck.h"
#include "tests/support/tape.h"

static tg_status too_many(tg_infer *c) { return c->ndim = 9, TG_OK; }
static tg_status too_few(tg_infer *c) { return c->ndim = -1, TG_OK; }
static tg_status no_dtype(tg_infer *c) { return c->dtype = TG_DTYPE_COUNT, tg_infer_same(c); }
static tg_status below_zero(tg_infer *c) { return c->ndim = 1, c->shape[0] = -5, TG_OK; }
static tg_status endless(tg_infer *c) { return c->ndim = 1, c->shape[0] = INT64_MAX, TG_OK; }
static tg_status own_text(tg_infer *c) { return tg_fail(c->err, TG_EAXIS, "%s: no", c->op->name); }
static tg_status no_text(const tg_node *n, tg_error *err) { return (void)n, (void)err, TG_EINDEX; }
static tg_status no_result(const tg_node *n, const void *work, tg_error *err)
{
    const float found = *(const float *)work;
    return found == 0 ? tg_fail(err, TG_EARG, "%s: no result", n->op->name) : TG_OK;
}
static size_t some_work(const tg_node *n) { return (void)n, sizeof(float); }
static void copy_forward(const tg_node *n, void *work)
{
    (void)work;
    memcpy(n->output->data, n->inputs[0]->data, (size_t)n->output->size * sizeof(float));
}

static void note_forward(const tg_node *n, void *work)
{
    memcpy(work, n->inputs[0]->data, sizeof(float));
    copy_forward(n, work);
}

static const struct {
    tg_status (*infer)(tg_infer *);
    tg_status (*check)(const tg_node *, tg_error *);
    void (*forward)(const tg_node *, void *);
    tg_status status;
    const char *text;
} wrong[] = {
    {too_many, NULL, copy_forward, TG_ESHAPE, "mine: 9 dimensions, must be 0..8"},
    {too_few, NULL, copy_forward, TG_ESHAPE, "mine: -1 dimensions, must be 0..8"},
    {no_dtype, NULL, copy_forward, TG_EDTYPE, "mine: 4 is not a dtype"},
    {below_zero, NULL, copy_forward, TG_ESHAPE, "mine: size -5 of axis 0 is negative"},
    {endless, NULL, copy_forward, TG_ENOMEM,
     "mine: the size of f32[9223372036854775807] overflows"},
    {own_text, NULL, copy_forward, TG_EAXIS, "mine: no"},
    {tg_infer_same, no_text, copy_forward, TG_EINDEX, "mine: an index is out of range"},
    {tg_infer_same, NULL, NULL, TG_EARG, "mine: the descriptor has no forward"},
    {NULL, NULL, copy_forward, TG_EARG, "apply: the descriptor has no name or no infer"},
    {tg_infer_same, NULL, copy_forward, TG_OK, ""},
};

START_TEST(wrong_descriptors)
{
    const tg_op op = {.name = "mine",
                      .min_inputs = 1,
                      .max_inputs = 2,
                      .infer = wrong[_i].infer,
                      .check = wrong[_i].check,
                      .forward = wrong[_i].forward};
    tg_tensor *x[] = {tensor_of(t, "f32[3]"), tensor_of(t, "f32[3]"), tensor_of(t, "f32[3]")};
    ck_assert_int_eq(tg_apply(t, &op, x, 1, NULL) != NULL, wrong[_i].status == TG_OK);
    assert_error(t, wrong[_i].status, wrong[_i].text);
    tg_tape_reset(t);
    if (wrong[_i].status) return;
    ck_assert_ptr_null(tg_apply(t, &op, x, 3, NULL));
    assert_error(t, TG_EARG, "mine: 3 operands given, takes 1 to 2");
    tg_tape_reset(t);
    tg_tensor *y = tg_apply(t, &op, x, 1, NULL), *dx;
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, x, &dx), TG_EGRAD);
    assert_error(t, TG_EGRAD,
                 "grad: tensor 1, f32[3], reaches the result only through mine, "
                 "which has no derivative");
}
END_TEST

/* A node that its verdict refuses is not recorded. */
START_TEST(refused_results)
{
    const tg_op op = {.name = "mine",
                      .min_inputs = 1,
                      .max_inputs = 1,
                      .infer = tg_infer_same,
                      .work_size = some_work,
                      .forward = note_forward,
                      .verdict = no_result};
    tg_tensor *zero = tensor_of(t, "f32[3]"), *x = tensor_of(t, "f32[2]: 5 7");
    for (int i = 0; i < 3; i++, tg_tape_reset(t)) {
        assert_tensor(t, "mine", tg_apply(t, &op, &x, 1, NULL), "f32[2]: 5 7", 0);
        (void)tg_neg(t, zero); /* which uses memory in between */
        const int32_t before = tg_tape_size(t);
        ck_assert_ptr_null(tg_apply(t, &op, &zero, 1, NULL));
        assert_error(t, TG_EARG, "mine: no result");
        ck_assert_int_eq(tg_tape_size(t), before);
    }
}
END_TEST

static tg_tensor *wrong_dtype(tg_tape *tape, const tg_node *n, int i, tg_tensor *dy)
{
    (void)n, (void)i;
    return tg_cast(tape, dy, TG_F64);
}
static tg_tensor *wrong_shape(tg_tape *tape, const tg_node *n, int i, tg_tensor *dy)
{
    (void)n, (void)i;
    return tg_reshape(tape, dy, DIMS(3, 1));
}
static tg_tensor *failing(tg_tape *tape, const tg_node *n, int i, tg_tensor *dy)
{
    (void)n, (void)i, (void)dy;
    return tg_tape_fail(tape, TG_ESTOP, "mine: not today");
}

START_TEST(wrong_derivatives)
{
    static const struct {
        tg_tensor *(*vjp)(tg_tape *, const tg_node *, int, tg_tensor *);
        tg_status status;
        const char *text;
    } rows[] = {{wrong_dtype, TG_EDTYPE,
                 "grad: the VJP of mine gives f64[3] for operand 1, which is f32[3]"},
                {wrong_shape, TG_ESHAPE,
                 "grad: the VJP of mine gives f32[3,1] for operand 1, which is f32[3]"},
                {failing, TG_ESTOP, "mine: not today"}};
    for (int i = 0; i < COUNT(rows); i++, tg_tape_reset(t)) {
        const tg_op op = {.name = "mine",
                          .min_inputs = 1,
                          .max_inputs = 1,
                          .infer = tg_infer_same,
                          .forward = copy_forward,
                          .vjp = rows[i].vjp};
        tg_tensor *x = tensor_of(t, "f32[3]"), *y = tg_apply(t, &op, &x, 1, NULL), *dx = NULL;
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), rows[i].status);
        assert_error(t, rows[i].status, rows[i].text);
        ck_assert_ptr_null(dx);
    }
}
END_TEST

START_TEST(attributes_without_room)
{
    static const tg_attr_def defs[] = {{"n", TG_ATTR_INT, 8, "3"}, {NULL, TG_ATTR_INT, 0, NULL}};
    static const tg_sample samples[] = {{"f[2]", NULL}, {NULL, NULL}};
    tg_op op = {.name = "mine",
                .min_inputs = 1,
                .max_inputs = 1,
                .infer = tg_infer_same,
                .forward = copy_forward,
                .attrs = defs,
                .samples = samples};
    tg_tensor *x = tensor_of(t, "f32[3]");
    const int64_t n[2] = {1, 2};
    tg_error err = TG_ERROR_INIT;
    ck_assert_ptr_null(tg_record(t, &op, &x, 1, n));
    assert_error(t, TG_EARG, "mine: its attrs_size is 0, but it has attributes");
    op.attrs_size = 15;
    ck_assert_int_eq(tg_op_check(&op, NULL, NULL, &err), TG_EARG);
    ck_assert_str_eq(err.text, "mine: attribute 'n' lies outside of attrs_size, 15 bytes");
}
END_TEST

SUITE("wrong_op", .with = {TAPE},
      .tests = {
          {wrong_descriptors, COUNT(wrong)},
          {refused_results},
          {wrong_derivatives},
          {attributes_without_room},
      })
