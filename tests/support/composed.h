/* composed.h - tables of compositions of one tensor: values or message in every memory layout,
 * and both orders of the gradient where the result is a float. */
#ifndef TESTS_COMPOSED_H
#define TESTS_COMPOSED_H

#include "tapegrad/gradcheck.h"
#include "tests/support/close.h"

typedef tg_tensor *(*composed)(tg_tape *t, tg_tensor *x);

/* COMPOSED(name, expression of t and x) */
#define COMPOSED(name, ...)                                                                        \
    static tg_tensor *name(tg_tape *t, tg_tensor *x) { return __VA_ARGS__; }

typedef struct composed_row {
    const char *name;
    composed f;
    const char *in, *want; /* as in op_row */
    tg_status status;
} composed_row;

static inline tg_tensor *call_composed(tg_tape *t, const tg_dict *d, void *user)
{
    return (*(const composed *)user)(t, tg_dict_get(d, "x"));
}

static inline bool has_nan(composed f, tg_tensor *x)
{
    tg_tape *t = tg_tape_new();
    const tg_tensor *y = f(t, x);
    bool found = false;
    for (int64_t i = 0; y && i < y->size; i++) found = found || isnan(read_at(y, i));
    tg_tape_free(t);
    return found;
}

/* Checks first and second order at x, which it releases. Differences of NaN are not compared. */
static inline void check_gradients(const char *name, composed f, tg_tensor *x)
{
    tg_error err = TG_ERROR_INIT;
    if (has_nan(f, x)) return;
    tg_dict *d = tg_dict_new();
    ck_assert_int_eq(tg_dict_take(d, "x", tg_tensor_ref(x), &err), TG_OK);
    if (tg_gradcheck(call_composed, &f, d, NULL, NULL, &err))
        ck_abort_msg("%s, order 1: %s", name, err.text);
    if (tg_gradgradcheck(call_composed, &f, d, NULL, NULL, &err))
        ck_abort_msg("%s, order 2: %s", name, err.text);
    tg_dict_free(d);
}

static inline void run_composed(const composed_row *row)
{
    for (int layout = 0; layout < LAYOUTS; layout++) {
        tg_tape *t = tg_tape_new();
        const char *about = strchr(row->want, '~');
        tg_tensor *x = tensor_of(t, row->in);
        if (x && !x->tape) x = laid_out(x, layout);
        const tg_tensor *y = row->f(t, x);
        const bool differs = y && tg_dtype_is_float(y->dtype) && !x->tape;
        if (row->status) {
            ck_assert_ptr_null(y);
            assert_error(t, row->status, row->want);
        } else
            assert_tensor(t, row->name, y, row->want, about ? strtod(about + 1, NULL) : 0);
        if (differs && tg_dtype_is_float(x->dtype))
            check_gradients(row->name, row->f,
                            laid_out(random_leaf(TG_F64, x->ndim, x->shape, -2, 2, 5), layout));
        tg_tape_free(t);
        free_leaves();
    }
}

#endif
