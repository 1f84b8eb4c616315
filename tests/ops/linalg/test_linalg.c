/* test_linalg.c - linear algebra by name: exact results, right sides, and what is refused. */
#include "tapegrad/gradcheck.h"
#include "tests/support/tape.h"

static const op_row rows[] = {
    {"cholesky",
     NULL,
     {"f64[3,3]: 25 15 -5 15 18 0 -5 0 11"},
     "f64[3,3]: 5 0 0 3 3 0 -1 1 3",
     TG_OK},
    {"cholesky", "upper=true", {"f32[2,2]: 4 2 2 5"}, "f32[2,2]: 2 1 0 2", TG_OK},
    {"cholesky", NULL, {"f64[2,2]: 4 3 1 5"}, "f64[2,2]: 2 0 1 2", TG_OK}, /* its symmetric part */
    {"cholesky", NULL, {"f32[2,1,1]: 9 0.25"}, "f32[2,1,1]: 3 0.5", TG_OK},
    {"cholesky", NULL, {"f32[0,3,3]"}, "f32[0,3,3]", TG_OK},
    {"cholesky", "upper=true", {"f32[2,0,0]"}, "f32[2,0,0]", TG_OK},
    {"solve_triangular",
     "upper=false",
     {"f64[2,2]: 2 nan 1 4", "f64[2,1]: 2 9"},
     "f64[2,1]: 1 2",
     TG_OK},
    {"solve_triangular",
     "upper=true",
     {"f32[2,2]: 2 1 nan 4", "f32[2,1]: 4 8"},
     "f32[2,1]: 1 2",
     TG_OK},
    {"solve_triangular",
     "upper=true unitriangular=true",
     {"f32[2,2]: nan 3 nan nan", "f32[2,2]: 7 3 2 1"},
     "f32[2,2]: 1 0 2 1",
     TG_OK},
    {"solve_triangular",
     "upper=false left=false",
     {"f32[2,2]: 2 nan 1 4", "f32[1,2]: 4 8"},
     "f32[1,2]: 1 2",
     TG_OK},
    {"solve_triangular",
     "upper=true",
     {"f64[1,1]: 0", "f64[1,2]: 1 0"},
     "f64[1,2]: inf nan",
     TG_OK},
    {"solve_triangular", "upper=true", {"f64[0,0]", "f64[0,2]"}, "f64[0,2]", TG_OK},
    {"solve", NULL, {"f64[2,2]: 0 2 4 0", "f64[2,2]: 2 4 8 4"}, "f64[2,2]: 2 1 1 2", TG_OK},
    {"solve", NULL, {"f32[1,1]: 4", "f32[3,1,1]: 4 8 -2"}, "f32[3,1,1]: 1 2 -0.5", TG_OK},
    {"solve", NULL, {"f64[1,1]: nan", "f64[1,1]: 1"}, "f64[1,1]: nan", TG_OK},
    {"solve", NULL, {"f32[0,2,2]", "f32[2,1]"}, "f32[0,2,1]", TG_OK},
    {"solve", NULL, {"f32[2,2]: 1 0 0 1", "f32[2,0]"}, "f32[2,0]", TG_OK},
    {"inv", NULL, {"f64[2,2]: 0 2 4 0"}, "f64[2,2]: 0 0.25 0.5 0", TG_OK},
    {"inv", NULL, {"f32[2,1,1]: 4 -0.5"}, "f32[2,1,1]: 0.25 -2", TG_OK},
    {"inv", NULL, {"f64[2,2]: nan 1 1 2"}, "f64[2,2]: nan nan nan nan", TG_OK},
    {"inv", NULL, {"f64[2,2]: nan 0 0 1"}, "f64[2,2]: nan nan nan nan", TG_OK},
    {"cofactor", NULL, {"f64[2,2]: 0 0 0 nan"}, "f64[2,2]: nan nan nan nan", TG_OK},
    {"inv", NULL, {"f64[0,0]"}, "f64[0,0]", TG_OK},
    {"det", NULL, {"f64[3,3]: 2 0 0 7 3 0 8 9 4"}, "f64[]: 24 ~1e-15", TG_OK},
    {"det", NULL, {"f32[2,2,2]: 1 2 3 4 0 1 1 0"}, "f32[2]: -2 -1", TG_OK},
    {"det", NULL, {"f64[3,3]: 0 1 2 3 4 5 0 0 0"}, "f64[]: 0", TG_OK},
    {"det", NULL, {"f64[2,0,0]"}, "f64[2]: 1 1", TG_OK},
    {"det", NULL, {"f64[2,2]: 1 nan 0 1"}, "f64[]: nan", TG_OK},
    {"det", NULL, {"f64[2,2]: nan 1 1 1"}, "f64[]: nan", TG_OK},
    {"det", NULL, {"f64[3,3]: 1e200 0 0 0 1e200 0 0 0 1e-300"}, "f64[]: 1e100 ~1e-14", TG_OK},
    {"det", NULL, {"f64[2,2]: 1e200 0 0 -1e200"}, "f64[]: -inf", TG_OK},
    {"cofactor", NULL, {"f64[2,2]: 1 2 3 5"}, "f64[2,2]: 5 -3 -2 1 ~1e-14", TG_OK},
    {"cofactor", NULL, {"f64[2,2]: 1 2 2 4"}, "f64[2,2]: 4 -2 -2 1", TG_OK},
    {"cofactor", NULL, {"f64[3,3]: 0 0 0 0 0 0 0 0 2"}, "f64[3,3]: 0 0 0 0 0 0 0 0 0", TG_OK},
    {"cofactor", NULL, {"f64[3,3]: 0 3 0 0 0 0 0 0 2"}, "f64[3,3]: 0 0 0 -6 0 0 0 0 0", TG_OK},
    {"cofactor", NULL, {"f32[2,1,1]: 0 7"}, "f32[2,1,1]: 1 1", TG_OK},
    {"cofactor", NULL, {"f32[0,0]"}, "f32[0,0]", TG_OK},
    {"logabsdet", NULL, {"f64[2,2]: 1e300 0 0 -1e300"}, "f64[]: 1381.5510557964274 ~1e-15", TG_OK},
    {"logabsdet", NULL, {"f32[2,1,1]: 0 -1"}, "f32[2]: -inf 0", TG_OK},
    {"logabsdet", NULL, {"f32[0,0]"}, "f32[]: 0", TG_OK},
    {"signdet", NULL, {"f32[4,1,1]: 0 -1e-30 1e30 nan"}, "f32[4]: 0 -1 1 nan", TG_OK},
    {"signdet", NULL, {"f64[2,2]: 1e300 0 0 -1e300"}, "f64[]: -1", TG_OK},
    {"signdet", NULL, {"f64[0,0]"}, "f64[]: 1", TG_OK},
    {"cholesky",
     NULL,
     {"f64[2,2]: 1 2 2 1"},
     "cholesky: f64[2,2] is not positive definite (pivot 1 is not positive)",
     TG_EARG},
    {"cholesky",
     NULL,
     {"f32[3,1,1,1]: 1 0 -1"},
     "cholesky: matrix 1 of f32[3,1,1,1] is not positive definite (pivot 0 is not positive)",
     TG_EARG},
    {"cholesky",
     NULL,
     {"f64[1,1]: nan"},
     "cholesky: f64[1,1] is not positive definite (pivot 0 is not positive)",
     TG_EARG},
    {"cholesky",
     NULL,
     {"f32[2,3]"},
     "cholesky: f32[2,3] is not a square matrix or a stack of them",
     TG_ESHAPE},
    {"cholesky",
     NULL,
     {"i32[2,2]"},
     "cholesky: i32[2,2] is not f32 or f64 (use tg_cast)",
     TG_EDTYPE},
    {"det", NULL, {"f32[3]"}, "det: f32[3] is not a square matrix or a stack of them", TG_ESHAPE},
    {"cofactor",
     NULL,
     {"f32[]"},
     "cofactor: f32[] is not a square matrix or a stack of them",
     TG_ESHAPE},
    {"inv",
     NULL,
     {"f64[3,3]: 1 2 3 2 4 6 1 1 1"},
     "inv: f64[3,3] is singular (pivot 2 is 0)",
     TG_EARG},
    {"inv",
     NULL,
     {"f64[2,2,1,1]: 1 2 0 0"},
     "inv: matrix 2 of f64[2,2,1,1] is singular (pivot 0 is 0)",
     TG_EARG},
    {"solve",
     NULL,
     {"f64[2,1,1]: 1 0", "f64[3,1,1,1]"},
     "solve: matrix 1 of f64[2,1,1] is singular (pivot 0 is 0)",
     TG_EARG},
    {"solve",
     NULL,
     {"f32[2,2]", "f64[2,2]"},
     "solve: the dtypes differ: f32[2,2] and f64[2,2] (use tg_cast)",
     TG_EDTYPE},
    {"solve",
     NULL,
     {"f32[2,2]", "f32[3,2]"},
     "solve: the sizes differ: f32[2,2] and the right side f32[3,2]",
     TG_ESHAPE},
    {"solve",
     NULL,
     {"f32[2,2]", "f32[2]"},
     "solve: the right side f32[2] has fewer than 2 dimensions",
     TG_ESHAPE},
    {"solve",
     NULL,
     {"f32[2,1,1]", "f32[3,1,1]"},
     "solve: shapes do not broadcast: [2] and [3]",
     TG_ESHAPE},
    {"solve_triangular",
     "upper=true left=false",
     {"f32[2,2]", "f32[2,3]"},
     "solve_triangular: the sizes differ: f32[2,2] and the right side f32[2,3]",
     TG_ESHAPE},
};

START_TEST(tables) { run_row(&rows[_i]); }
END_TEST

/* ---- right sides ---------------------------------------------------------------------------- */

START_TEST(vectors_and_broadcasting)
{
    tg_tensor *a = tensor_of(NULL, "f64[2,1,2,2]: 2 0 0 4 0 1 1 1"),
              *one = tensor_of(NULL, "f64[2,2]: 2 0 0 4");
    assert_tensor(t, "vector", tg_solve(t, one, tensor_of(NULL, "f64[2]: 2 4")), "f64[2]: 1 1", 0);
    assert_tensor(t, "one vector, two matrices", tg_solve(t, a, tensor_of(NULL, "f64[2]: 2 4")),
                  "f64[2,1,2]: 1 1 2 2", 0);
    assert_tensor(t, "columns", tg_solve(t, a, tensor_of(NULL, "f64[2,2]: 2 0 4 4")),
                  "f64[2,1,2,2]: 1 0 1 1 2 4 2 0", 0);
    assert_tensor(t, "stacks", tg_solve(t, a, tensor_of(NULL, "f64[3,2,1]: 2 4 0 4 1 1")),
                  "f64[2,3,2,1]: 1 1 0 1 0.5 0.25 2 2 4 0 0 1", 0);
    assert_tensor(
        t, "triangular",
        tg_solve_triangular(t, a, tensor_of(NULL, "f64[3,2,1]: 2 4 0 4 1 1"), false, true, false),
        "f64[2,3,2,1]: 1 1 0 1 0.5 0.25 inf -inf nan nan inf -inf", 0);
    assert_tensor(t, "no columns",
                  tg_solve(t, tensor_of(NULL, "f32[0,0]"), tensor_of(NULL, "f32[0]")), "f32[0]", 0);
}
END_TEST

START_TEST(refused)
{
    tg_tensor *a = tensor_of(NULL, "f64[2,2]: 1 2 2 4"), *sign = a;
#define REFUSED(call, status, text)                                                                \
    ck_assert(!(call)), assert_error(t, status, text), tg_tape_reset(t)
    REFUSED(tg_solve(t, a, tensor_of(NULL, "f64[2]")), TG_EARG,
            "solve: f64[2,2] is singular (pivot 1 is 0)");
    REFUSED(tg_solve(t, a, tensor_of(NULL, "f64[3]")), TG_ESHAPE,
            "solve: the sizes differ: f64[2,2] and the right side f64[3]");
    REFUSED(tg_solve(t, a, tensor_of(NULL, "f64[]")), TG_ESHAPE,
            "solve: the right side f64[] has fewer than 2 dimensions");
    REFUSED(tg_solve(t, a, NULL), TG_EARG, "solve: an operand is NULL");
    REFUSED(tg_cholesky(t, NULL, false), TG_EARG, "cholesky: operand 1 is NULL");
    REFUSED(tg_slogdet(t, NULL, &sign), TG_EARG, "slogdet: logabsdet: operand 1 is NULL");
    ck_assert_ptr_null(sign);
    /* A matrix that repeats one element and would fit in no memory. */
    tg_tensor *wide = tg_expand(t, tensor_of(NULL, "f32[1,1]"), DIMS(1 << 29, 1 << 29));
    REFUSED(tg_det(t, wide), TG_ENOMEM, "det: out of memory");
    /* What was refused is not on the tape, and the tape works after a reset. */
    (void)tg_neg(t, a);
    const int32_t before = tg_tape_size(t);
    ck_assert(!tg_inv(t, a) && tg_tape_size(t) == before);
    tg_tape_reset(t);
    ck_assert(!tg_solve(NULL, a, a) && tg_item(tg_det(t, a)) == 0);
}
END_TEST

/* The kind of sample that these operations need. */
START_TEST(samples)
{
    const char *const wrong[] = {"d[2,3]", "d[2]", "d[]"};
    for (int i = 0; i < COUNT(wrong); i++) {
        tg_op op = *tg_op_find("det");
        tg_error err = TG_ERROR_INIT;
        const tg_sample list[] = {{wrong[i], NULL}, {NULL, NULL}};
        char text[64];
        op.samples = list;
        ck_assert_int_eq(tg_op_check(&op, NULL, NULL, &err), TG_EARG);
        (void)snprintf(text, sizeof text, "det: cannot read the sample '%s'", wrong[i]);
        ck_assert_str_eq(err.text, text);
    }
}
END_TEST

SUITE("linalg", .with = {TAPE},
      .tests = {
          {tables, COUNT(rows)},
          {vectors_and_broadcasting},
          {refused},
          {samples},
      })
