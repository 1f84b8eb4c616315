/* test_flush.c - denormal results become 0 in what the library computes, on every thread, and stay
 * as they are in the program around it. */
#include "graph/flush.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"
#include "tests/support/threads.h"

/* The arithmetic of the program still has denormal numbers. */
static void assert_gradual(void)
{
    volatile float a = 0x1p-126f;
    volatile double b = 0x1p-1022;
    a = a / 4;
    b = b / 4;
    ck_assert(a > 0 && b > 0);
}

static void assert_zeros(const tg_tensor *y)
{
    int64_t others = 0;
    for (int64_t i = 0; i < y->size; i++) others += read_at(y, i) != 0;
    ck_assert_int_eq(others, 0);
}

static tg_tensor *product(tg_tensor *x) { return tg_mul(t, x, tg_scalar(t, 0.25)); }

/* Sizes large enough for the thread pool, and a few others. */
static const int64_t sizes[] = {1, 3, 1 << 18};

START_TEST(eager)
{
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    const double least = dtype == TG_F32 ? 0x1p-126 : 0x1p-1022;
    tg_tensor *x = random_leaf(dtype, DIMS(sizes[_i / 2]), 1, 2, 1);
    for (int64_t i = 0; i < x->size; i++) write_at(x, i, least);
    assert_gradual();
    for (int threads = 1; threads < 4; threads++) {
        ck_assert(tg_set_num_threads(threads) == TG_OK);
        tg_tensor *y = product(x);
        assert_fine(t, "product");
        assert_zeros(y);
        assert_gradual();
    }
}
END_TEST

START_TEST(planned)
{
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    const double least = dtype == TG_F32 ? 0x1p-126 : 0x1p-1022;
    tg_tensor *x = random_leaf(dtype, DIMS(sizes[_i / 2]), 1, 2, 1);
    tg_tensor *y = tg_sin(t, product(x));
    tg_plan *p = compiled(t, 1, &y);
    for (int64_t i = 0; i < x->size; i++) write_at(x, i, least);
    run_plan(p);
    assert_zeros(tg_plan_output(p, 0));
    assert_gradual();
    tg_plan_free(p);
}
END_TEST

static tg_tensor *look(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    int *calls = user;
    (void)tape, (void)x, (void)g;
    assert_gradual();
    ++*calls;
    return NULL;
}

/* Gradients are computed in the mode, hooks run in the mode of the program. */
START_TEST(swept)
{
    int calls = 0;
    tg_tensor *x = random_leaf(TG_F32, DIMS(5), 1, 2, 1),
              *small = random_leaf(TG_F32, DIMS(5), 1, 2, 1);
    for (int64_t i = 0; i < small->size; i++) write_at(small, i, 0x1p-126);
    tg_tensor *y = tg_sum(t, tg_mul(t, tg_mul(t, x, small), tg_scalar(t, 0.25)), TG_ALL, false),
              *dx;
    ck_assert_int_eq(tg_register_hook(t, y, look, &calls), TG_OK);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_zeros(dx);
    ck_assert_int_eq(calls, 1);
    assert_gradual();
}
END_TEST

/* Pairs of operands that are denormal or whose results are: small numbers, and exponents of powers
 * near the end of the range. */
static void fill_small(tg_tensor *a, tg_tensor *b, tg_dtype dtype)
{
    const double least = dtype == TG_F32 ? 0x1p-149 : 0x1p-1074;
    const double low = dtype == TG_F32 ? -104 : -746, step = -low / 1500;
    for (int64_t i = 0; i < a->size; i++) {
        const double size = least * pow(2, (double)(i % 37)), sign = i % 2 ? -1 : 1;
        write_at(a, i, i % 3 ? sign * size * (1 + 0.1 * (double)(i % 9)) : low + step * (double)i);
        write_at(b, i, i % 5 ? 1.5 * least * pow(2, (double)(i % 41)) : i % 7 ? 0.3 : 1);
    }
}

START_TEST(operations_without_denormal_results)
{
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    const double least = dtype == TG_F32 ? 0x1p-126 : 0x1p-1022;
    tg_tensor *x[] = {random_leaf(dtype, DIMS(3000), 1, 2, 1),
                      random_leaf(dtype, DIMS(3000), 1, 2, 2)};
    fill_small(x[0], x[1], dtype);
    int found = 0;
    for (int k = 0; k < tg_op_count(); k++) {
        const tg_op *op = tg_op_at(k);
        if (!(op->flags & TG_OP_NORMAL)) continue;
        const tg_tensor *y = tg_apply(t, op, x, op->min_inputs, NULL);
        assert_fine(t, op->name);
        for (int64_t i = 0; i < y->size; i++) {
            const double v = fabs(read_at(y, i));
            if (v > 0 && v < least)
                ck_abort_msg("%s of %g, %g: %g", op->name, read_at(x[0], i), read_at(x[1], i), v);
        }
        found++;
    }
    ck_assert_int_ge(found, 8); /* add to zdiv, exp */
}
END_TEST

/* Masks, where and copies are no arithmetic: a denormal operand stays what it is. */
START_TEST(operands_are_kept)
{
#if defined(__x86_64__) || defined(__i386__)
    tg_tensor *x = random_leaf(TG_F32, DIMS(40), 1, 2, 1);
    for (int64_t i = 0; i < x->size; i++) write_at(x, i, 0x1p-130);
    tg_tensor *y = tg_where(t, tg_greater(t, x, tg_scalar(t, 0)), x, tg_scalar(t, 1));
    tg_tensor *z = tg_relu(t, x);
    assert_fine(t, "where");
    for (int64_t i = 0; i < x->size; i++)
        ck_assert(read_at(y, i) == 0x1p-130 && read_at(z, i) == 0x1p-130);
#endif
    /* One i32 for all, whose bits are those of a denormal number. */
    tg_tensor *whole = random_leaf(TG_I32, DIMS(40), 3, 9, 1);
    tg_tensor *two = tg_where(t, tg_greater(t, whole, tg_scalar(t, 99)), whole, tg_scalar(t, 2));
    assert_fine(t, "where");
    for (int64_t i = 0; i < whole->size; i++) ck_assert(read_at(two, i) == 2);
}
END_TEST

/* Valgrind computes with denormal numbers whatever the mode. */
static bool has_mode(void)
{
    volatile float a = 0x1p-126f;
    const uint64_t mode = tgi_flush_begin();
    a = a / 4;
    tgi_flush_end(mode);
    return a == 0;
}

static void tell(void)
{
    if (has_mode()) return;
    puts("flush: this machine knows no mode that flushes; the rest is tested");
    (void)fflush(stdout);
}

SUITE("flush", .before = tell, .with = {DEFAULT_THREADS, TAPE},
      .tests = {
          {eager, 2 * COUNT(sizes), .skip = !has_mode()},
          {planned, 2 * COUNT(sizes), .skip = !has_mode()},
          {swept, .skip = !has_mode()},
          {operations_without_denormal_results, 2, .skip = !has_mode()},
          {operands_are_kept},
      })
