/* test_attention.c - attention against plain loops and differences, and what a mask must hide. */
#include "tapegrad/attention.h"
#include "tapegrad/gradcheck.h"
#include "tests/support/tape.h"

enum { B = 2, L = 3, S = 4, D = 3, E = 2 };
enum { NONE, U8, ADDED, EMPTY_ROW, KINDS };

/* The mask of a kind, (L, S). In the last kind query 1 sees nothing. */
static tg_tensor *mask_of(tg_dtype dtype, int kind)
{
    if (kind == U8) return tensor_of(t, "u8[3,4]: 1 0 1 1  0 2 1 0  1 1 1 0");
    if (kind == EMPTY_ROW) return tensor_of(t, "u8[1,3,4]: 1 0 1 1  0 0 0 0  1 1 1 0");
    const char *const text = dtype == TG_F32 ? "f32[3,4]: 0 1 -inf 0  -1 2 0 0  0 0 -inf -inf"
                                             : "f64[3,4]: 0 1 -inf 0  -1 2 0 0  0 0 -inf -inf";
    return kind == ADDED ? tensor_of(t, text) : NULL;
}

/* The weight of key j for query i, (L, S), or 0. */
static double allowed_score(const tg_tensor *q, const tg_tensor *k, const tg_tensor *mask,
                            bool causal, int64_t b, int64_t i, int64_t j)
{
    double score = 0;
    for (int64_t d = 0; d < D; d++)
        score += read_at(q, (b * L + i) * D + d) * read_at(k, (b * S + j) * D + d);
    const double m = mask ? read_at(mask, i * S + j) : 0;
    if ((causal && j > i) || (mask && mask->dtype == TG_U8 && m == 0)) return -INFINITY;
    return score / sqrt(D) + (mask && mask->dtype != TG_U8 ? m : 0);
}

START_TEST(values)
{
    const tg_dtype dtype = _i % 2 ? TG_F32 : TG_F64;
    const bool causal = _i / 2 % 2;
    for (int layout = 0; layout < LAYOUTS; layout++, tg_tape_reset(t)) {
        tg_tensor *q = laid_out(random_leaf(dtype, DIMS(B, L, D), -2, 2, 1), layout),
                  *k = laid_out(random_leaf(dtype, DIMS(B, S, D), -2, 2, 2), layout),
                  *v = laid_out(random_leaf(dtype, DIMS(B, S, E), -2, 2, 3), layout),
                  *mask = mask_of(dtype, _i / 4);
        tg_tape_set_anomaly(t, _i / 4 != ADDED);
        const tg_tensor *y = tg_attention(t, q, k, v, mask, causal),
                        *p = tg_attention_weights(t, q, k, mask, causal);
        assert_fine(t, "attention");
        ck_assert(p->ndim == 3 && p->shape[1] == L && p->shape[2] == S && y->shape[2] == E);
        const double room = 32 * tolerance_of(dtype);
        for (int64_t r = 0; r < B * L; r++) {
            double e[S], sum = 0, rows = 0;
            for (int64_t j = 0; j < S; j++) {
                e[j] = exp(allowed_score(q, k, mask, causal, r / L, r % L, j));
                sum += e[j];
                rows += read_at(p, r * S + j);
            }
            assert_close("sum of a row", dtype, r, 1, rows, sum > 0, 0, room);
            for (int64_t j = 0; j < S; j++) {
                ck_assert(e[j] > 0 || read_at(p, r * S + j) == 0);
                if (sum > 0) e[j] /= sum;
                assert_close("weight", dtype, r * S + j, 1, read_at(p, r * S + j), e[j], 0, room);
            }
            for (int64_t c = 0; c < E; c++) {
                double want = 0;
                for (int64_t j = 0; j < S; j++) want += e[j] * read_at(v, (r / L * S + j) * E + c);
                assert_close("attention", dtype, r * E + c, 1, read_at(y, r * E + c), want, 0,
                             room);
            }
        }
    }
}
END_TEST

typedef struct how {
    tg_tensor *mask;
    bool causal;
} how;

static tg_tensor *of_dict(tg_tape *tape, const tg_dict *d, void *user)
{
    const how *h = user;
    tg_tensor *mask = h->mask ? h->mask : tg_dict_get(d, "mask");
    return tg_attention(tape, tg_dict_get(d, "q"), tg_dict_get(d, "k"), tg_dict_get(d, "v"), mask,
                        h->causal);
}

/* kind KINDS: a mask that is added, and that is differentiated too */
START_TEST(gradients)
{
    how h = {_i / 2 < KINDS ? mask_of(TG_F64, _i / 2) : NULL, _i % 2};
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = tg_dict_new();
    (void)tg_dict_set(d, "q", random_leaf(TG_F64, DIMS(B, L, D), -1, 1, 4), &err);
    (void)tg_dict_set(d, "k", random_leaf(TG_F64, DIMS(S, D), -1, 1, 5), &err);
    (void)tg_dict_set(d, "v", random_leaf(TG_F64, DIMS(B, S, E), -1, 1, 6), &err);
    if (_i / 2 == KINDS)
        (void)tg_dict_set(d, "mask", random_leaf(TG_F64, DIMS(L, S), -1, 1, 7), &err);
    if (tg_gradcheck(of_dict, &h, d, NULL, NULL, &err) ||
        tg_gradgradcheck(of_dict, &h, d, NULL, NULL, &err))
        ck_abort_msg("mask %d, causal %d: %s", _i / 2, _i % 2, err.text);
    tg_dict_free(d);
}
END_TEST

/* The derivative of output i by k_j and v_j is 0 for j > i, and by q_j for j != i, and not nearly
 * but exactly. It is not 0 for what the query sees. */
START_TEST(nothing_leaks_from_the_future)
{
    enum { T = 5 };
    const tg_dtype dtype = _i ? TG_F32 : TG_F64;
    tg_tensor *in[3], *d[3];
    for (int k = 0; k < 3; k++) in[k] = random_leaf(dtype, DIMS(T, D), -2, 2, 8 + (uint64_t)k);
    tg_tensor *y = tg_attention(t, in[0], in[1], in[2], NULL, true);
    for (int64_t i = 0; i < T; i++) {
        tg_tensor *row = tg_slice(t, y, 0, i, i + 1, 1);
        ck_assert_int_eq(tg_vjp(t, 1, &row, NULL, 3, in, d), TG_OK);
        for (int64_t e = 0; e < T * D; e++) {
            const int64_t j = e / D;
            ck_assert(j == i || read_at(d[0], e) == 0);
            if (j > i) ck_assert(read_at(d[1], e) == 0 && read_at(d[2], e) == 0);
            if (j <= i) ck_assert(read_at(d[2], e) != 0);
            if (j <= i && i > 0) ck_assert(read_at(d[1], e) != 0);
        }
    }
}
END_TEST

/* Query 0 sees nothing: its output is 0, and its first and second derivatives have no NaN. */
START_TEST(a_query_that_sees_nothing)
{
    tg_tensor *q = random_leaf(TG_F32, DIMS(2, D), -2, 2, 1);
    tg_tensor *k = random_leaf(TG_F32, DIMS(S, D), -2, 2, 2);
    tg_tensor *v = random_leaf(TG_F32, DIMS(S, E), -2, 2, 3);
    tg_tensor *mask =
        tensor_of(t, _i ? "f32[2,4]: -inf -inf -inf -inf 0 0 -inf 0" : "u8[2,4]: 0 0 0 0 1 1 0 1");
    tg_tensor *in[] = {q, k, v}, *d[3], *dd[3];
    tg_tensor *y = tg_attention(t, q, k, v, mask, false);
    ck_assert(read_at(y, 0) == 0 && read_at(y, 1) == 0);
    tg_tensor *loss = tg_sum(t, tg_square(t, y), TG_ALL, false);
    ck_assert_int_eq(tg_vjp(t, 1, &loss, NULL, 3, in, d), TG_OK);
    tg_tensor *norm = tg_sum(t, tg_square(t, d[0]), TG_ALL, false);
    for (int j = 1; j < 3; j++)
        norm = tg_add(t, norm, tg_sum(t, tg_square(t, d[j]), TG_ALL, false));
    ck_assert_int_eq(tg_vjp(t, 1, &norm, NULL, 3, in, dd), TG_OK);
    ck_assert(tg_item(norm) > 0);
    for (int j = 0; j < 3; j++)
        for (int64_t i = 0; i < in[j]->size; i++) {
            ck_assert(isfinite(read_at(d[j], i)) && isfinite(read_at(dd[j], i)));
            if (j == 0 && i < D) ck_assert(read_at(d[j], i) == 0 && read_at(dd[j], i) == 0);
        }
    /* no keys at all: the same */
    y = tg_attention(t, q, tensor_of(t, "f32[0,3]"), tensor_of(t, "f32[0,2]"), NULL, _i);
    assert_tensor(t, "no keys", y, "f32[2,2]: 0 0 0 0", 0);
}
END_TEST

static const struct {
    const char *q, *k, *v, *mask, *message;
    tg_status status;
} refused[] = {
    {"NULL", "f32[2,3]", "f32[2,3]", "NULL", "attention: an operand is NULL", TG_EARG},
    {"f32[2,3]", "f32[2,3]", "NULL", "NULL", "attention: v is NULL", TG_EARG},
    {"f32[2,3]", "f32[2,4]", "f32[2,3]", "NULL",
     "attention: q f32[2,3], k f32[2,4], v f32[2,3], must be (..., L, d), (..., S, d) and (..., S, "
     "e)",
     TG_ESHAPE},
    {"f32[2,3]", "f32[2,3]", "f32[4,3]", "NULL",
     "attention: q f32[2,3], k f32[2,3], v f32[4,3], must be (..., L, d), (..., S, d) and (..., S, "
     "e)",
     TG_ESHAPE},
    {"f32[3]", "f32[2,3]", "f32[2,3]", "NULL",
     "attention: q f32[3], k f32[2,3], v f32[2,3], must be (..., L, d), (..., S, d) and (..., S, "
     "e)",
     TG_ESHAPE},
    {"f32[2,3]", "f32[2,3]", "f32[2,3]", "u8[3,2]",
     "attention: where: shapes do not broadcast: [3,2] and [2,2]", TG_ESHAPE},
};

START_TEST(refusals)
{
    ck_assert_ptr_null(tg_attention(t, tensor_of(t, refused[_i].q), tensor_of(t, refused[_i].k),
                                    tensor_of(t, refused[_i].v), tensor_of(t, refused[_i].mask),
                                    false));
    assert_error(t, refused[_i].status, refused[_i].message);
}
END_TEST

SUITE("attention", .with = {TAPE}, .timeout = 60,
      .tests = {
          {values, 4 * KINDS},
          {gradients, 2 * (KINDS + 1)},
          {nothing_leaks_from_the_future, 2},
          {a_query_that_sees_nothing, 2},
          {refusals, COUNT(refused)},
      })
