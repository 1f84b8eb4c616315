/* test_recurrent.c - GRU and LSTM cells against their formulas in plain loops, and differences. */
#include "tapegrad/gradcheck.h"
#include "tapegrad/recurrent.h"
#include "tests/support/tape.h"

enum { N = 2, IN = 3, H = 4 };

static double sigma(double a) { return 1 / (1 + exp(-a)); }

/* Column j of row r of x W + b. */
static double affine_at(const tg_tensor *x, const tg_tensor *W, const tg_tensor *b, int64_t r,
                        int64_t j)
{
    double y = b ? read_at(b, j) : 0;
    for (int64_t k = 0; k < W->shape[0]; k++)
        y += read_at(x, r * W->shape[0] + k) * read_at(W, k * W->shape[1] + j);
    return y;
}

typedef struct operands {
    tg_tensor *x, *h, *c, *Wx, *Wh, *bx, *bh;
} operands;

static operands draw(tg_dtype dtype, int gates, bool biased, int layout)
{
    operands o = {0};
    o.x = laid_out(random_leaf(dtype, DIMS(N, IN), -2, 2, 1), layout);
    o.h = laid_out(random_leaf(dtype, DIMS(N, H), -2, 2, 2), layout);
    o.c = laid_out(random_leaf(dtype, DIMS(N, H), -2, 2, 3), layout);
    o.Wx = laid_out(random_leaf(dtype, DIMS(IN, gates * H), -1, 1, 4), layout);
    o.Wh = laid_out(random_leaf(dtype, DIMS(H, gates * H), -1, 1, 5), layout);
    if (biased) o.bx = random_leaf(dtype, DIMS(gates * H), -1, 1, 6);
    if (biased) o.bh = random_leaf(dtype, DIMS(gates * H), -1, 1, 7);
    return o;
}

START_TEST(gru_values)
{
    const tg_dtype dtype = _i % 2 ? TG_F32 : TG_F64;
    const operands o = draw(dtype, 3, _i % 4 < 2, _i / 4);
    const tg_tensor *y = tg_gru_cell(t, o.x, o.h, o.Wx, o.Wh, o.bx, o.bh);
    assert_fine(t, "gru_cell");
    ck_assert(y->dtype == dtype && tg_tensor_same_shape(y, o.h));
    for (int64_t i = 0; i < y->size; i++) {
        double u[3], v[3];
        for (int g = 0; g < 3; g++) u[g] = affine_at(o.x, o.Wx, o.bx, i / H, g * H + i % H);
        for (int g = 0; g < 3; g++) v[g] = affine_at(o.h, o.Wh, o.bh, i / H, g * H + i % H);
        const double r = sigma(u[0] + v[0]), z = sigma(u[1] + v[1]), n = tanh(u[2] + r * v[2]);
        assert_close("gru_cell", dtype, i, 1, read_at(y, i), (1 - z) * n + z * read_at(o.h, i), 0,
                     16 * tolerance_of(dtype));
    }
}
END_TEST

START_TEST(lstm_values)
{
    const tg_dtype dtype = _i % 2 ? TG_F32 : TG_F64;
    const operands o = draw(dtype, 4, _i % 4 < 2, _i / 4);
    tg_tensor *c = NULL;
    const tg_tensor *y = tg_lstm_cell(t, o.x, o.h, o.c, o.Wx, o.Wh, o.bx, o.bh, &c);
    assert_fine(t, "lstm_cell");
    ck_assert(y->dtype == dtype && tg_tensor_same_shape(y, o.h) && tg_tensor_same_shape(c, o.h));
    for (int64_t i = 0; i < y->size; i++) {
        double u[4];
        for (int g = 0; g < 4; g++)
            u[g] = affine_at(o.x, o.Wx, o.bx, i / H, g * H + i % H) +
                   affine_at(o.h, o.Wh, o.bh, i / H, g * H + i % H);
        const double cell = sigma(u[1]) * read_at(o.c, i) + sigma(u[0]) * tanh(u[2]);
        const double room = 16 * tolerance_of(dtype);
        assert_close("c", dtype, i, 1, read_at(c, i), cell, 0, room);
        assert_close("h", dtype, i, 1, read_at(y, i), sigma(u[3]) * tanh(cell), 0, room);
    }
}
END_TEST

/* Three steps; the inputs of all share the weights. */
static tg_tensor *unrolled(tg_tape *tape, const tg_dict *d, void *user)
{
    const bool lstm = *(const bool *)user;
    tg_tensor *h = tg_dict_get(d, "h"), *c = tg_dict_get(d, "c");
    for (int step = 0; step < 3; step++) {
        tg_tensor *x = tg_take(tape, tg_dict_get(d, "x"), tg_full(tape, TG_I32, 0, NULL, step), 0);
        tg_tensor *Wx = tg_dict_get(d, "Wx"), *Wh = tg_dict_get(d, "Wh");
        tg_tensor *bx = tg_dict_get(d, "bx"), *bh = tg_dict_get(d, "bh");
        h = lstm ? tg_lstm_cell(tape, x, h, c, Wx, Wh, bx, bh, &c)
                 : tg_gru_cell(tape, x, h, Wx, Wh, bx, bh);
    }
    return lstm ? tg_add(tape, h, c) : h;
}

START_TEST(gradients)
{
    bool lstm = _i;
    const int gates = lstm ? 4 : 3;
    const operands o = draw(TG_F64, gates, true, PLAIN);
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = tg_dict_new();
    (void)tg_dict_set(d, "x", random_leaf(TG_F64, DIMS(3, N, IN), -1, 1, 8), &err);
    (void)tg_dict_set(d, "h", o.h, &err);
    if (lstm) (void)tg_dict_set(d, "c", o.c, &err);
    (void)tg_dict_set(d, "Wx", o.Wx, &err);
    (void)tg_dict_set(d, "Wh", o.Wh, &err);
    (void)tg_dict_set(d, "bx", o.bx, &err);
    (void)tg_dict_set(d, "bh", o.bh, &err);
    if (tg_gradcheck(unrolled, &lstm, d, NULL, NULL, &err) ||
        tg_gradgradcheck(unrolled, &lstm, d, NULL, NULL, &err))
        ck_abort_msg("%s: %s", lstm ? "lstm" : "gru", err.text);
    tg_dict_free(d);
}
END_TEST

/* A closed gate keeps the state, an open one replaces it. */
START_TEST(gates)
{
    tg_tensor *x = tensor_of(t, "f64[1]: 1"), *h = tensor_of(t, "f64[1]: 0.25");
    tg_tensor *W = tensor_of(t, "f64[1,3]: 0 0 0"), *keeps = tensor_of(t, "f64[3]: 0 800 5"),
              *takes = tensor_of(t, "f64[3]: 0 -800 0.5");
    assert_tensor(t, "keeps", tg_gru_cell(t, x, h, W, W, keeps, NULL), "f64[1]: 0.25", 0);
    assert_tensor(t, "takes", tg_gru_cell(t, x, h, W, W, takes, NULL),
                  "f64[1]: 0.46211715726000975", 1e-15);
    tg_tensor *V = tensor_of(t, "f64[1,4]: 0 0 0 0"), *c = tensor_of(t, "f64[1]: 3"), *next;
    tg_tensor *holds = tensor_of(t, "f64[4]: -800 800 9 -800");
    assert_tensor(t, "hidden", tg_lstm_cell(t, x, h, c, V, V, NULL, holds, &next), "f64[1]: 0", 0);
    assert_tensor(t, "held", next, "f64[1]: 3", 0);
}
END_TEST

static const struct {
    int gates;
    const char *x, *h, *c, *Wx, *Wh, *bx, *bh, *message;
    tg_status status;
} refused[] = {
    {3, "f32[2,3]", "NULL", "NULL", "f32[3,6]", "f32[2,6]", "NULL", "NULL",
     "gru_cell: an operand is NULL", TG_EARG},
    {3, "f32[2,3]", "f32[2,2]", "NULL", "NULL", "f32[2,6]", "NULL", "NULL",
     "gru_cell: an operand is NULL", TG_EARG},
    {3, "f32[2,3]", "f32[2,2]", "NULL", "f32[4,6]", "f32[2,6]", "NULL", "NULL",
     "gru_cell: Wx is f32[4,6], must be (3, 3 x 2)", TG_ESHAPE},
    {3, "f32[2,3]", "f32[2,2]", "NULL", "f32[3,6]", "f32[2,8]", "NULL", "NULL",
     "gru_cell: Wh is f32[2,8], must be (2, 3 x 2)", TG_ESHAPE},
    {3, "f32[2,3]", "f32[2,2]", "NULL", "f32[3,6]", "f32[2,6]", "f32[1]", "NULL",
     "gru_cell: bx is f32[1], must be (3 x 2)", TG_ESHAPE},
    {3, "f32[2,3]", "f32[]", "NULL", "f32[3,6]", "f32[2,6]", "NULL", "NULL",
     "gru_cell: h is f32[], must be (..., features)", TG_ESHAPE},
    {4, "f32[2,3]", "f32[2,2]", "f32[2,1]", "f32[3,8]", "f32[2,8]", "NULL", "NULL",
     "lstm_cell: c is f32[2,1], must be f32[2,2]", TG_ESHAPE},
    {4, "f32[2,3]", "f32[2,2]", "NULL", "f32[3,8]", "f32[2,8]", "NULL", "NULL",
     "lstm_cell: an operand is NULL", TG_EARG},
    {4, "f32[2,3]", "f32[2,2]", "f32[2,2]", "f32[3,8]", "f32[2,8]", "NULL", "f32[8,1]",
     "lstm_cell: bh is f32[8,1], must be (4 x 2)", TG_ESHAPE},
    {4, "f32[2,3]", "f32[2,2]", "f64[2,2]", "f32[3,8]", "f32[2,8]", "NULL", "NULL",
     "lstm_cell: mul: dtypes differ: f32[2,2] and f64[2,2] (use tg_cast)", TG_EDTYPE},
};

START_TEST(refusals)
{
    tg_tensor *x = tensor_of(t, refused[_i].x), *h = tensor_of(t, refused[_i].h),
              *c = tensor_of(t, refused[_i].c), *Wx = tensor_of(t, refused[_i].Wx),
              *Wh = tensor_of(t, refused[_i].Wh), *bx = tensor_of(t, refused[_i].bx),
              *bh = tensor_of(t, refused[_i].bh), *next = x;
    if (refused[_i].gates == 3)
        ck_assert_ptr_null(tg_gru_cell(t, x, h, Wx, Wh, bx, bh));
    else {
        ck_assert_ptr_null(tg_lstm_cell(t, x, h, c, Wx, Wh, bx, bh, &next));
        ck_assert_ptr_null(next);
    }
    assert_error(t, refused[_i].status, refused[_i].message);
}
END_TEST

SUITE("recurrent", .with = {TAPE}, .timeout = 60,
      .tests = {
          {gru_values, 4 * LAYOUTS},
          {lstm_values, 4 * LAYOUTS},
          {gradients, 2},
          {gates},
          {refusals, COUNT(refused)},
      })
