/* close.h - what the tests of tensors and operations share: tensors from text and in odd memory
 * layouts, and comparisons that name what differs. */
#ifndef TESTS_CLOSE_H
#define TESTS_CLOSE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/grad.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tests/support/suite.h"

/* ---- leaves that the test program frees at its end ------------------------------------------ */

enum { MOST_LEAVES = 1 << 12 };
static tg_tensor *close_leaves[MOST_LEAVES];
static int close_count;

static inline tg_tensor *keep(tg_tensor *x)
{
    if (!x || close_count == MOST_LEAVES) ck_abort_msg("a leaf is NULL, or there are too many");
    return close_leaves[close_count++] = x;
}

static inline void free_leaves(void)
{
    while (close_count > 0) tg_tensor_free(close_leaves[--close_count]);
}

/* ---- single elements, by a walk of the test's own ------------------------------------------- */

static inline int64_t offset_at(const tg_tensor *x, int64_t i)
{
    int64_t at = 0;
    for (int a = x->ndim - 1; a >= 0; i /= x->shape[a--]) at += i % x->shape[a] * x->strides[a];
    return at;
}

static inline double read_at(const tg_tensor *x, int64_t i)
{
    const int64_t at = offset_at(x, i);
    return x->dtype == TG_F32   ? (double)((const float *)x->data)[at]
           : x->dtype == TG_F64 ? ((const double *)x->data)[at]
           : x->dtype == TG_I32 ? ((const int32_t *)x->data)[at]
                                : ((const uint8_t *)x->data)[at];
}

static inline void write_at(tg_tensor *x, int64_t i, double v)
{
    const int64_t at = offset_at(x, i);
    if (x->dtype == TG_F32) ((float *)x->data)[at] = (float)v;
    if (x->dtype == TG_F64) ((double *)x->data)[at] = v;
    if (x->dtype == TG_I32) ((int32_t *)x->data)[at] = (int32_t)v;
    if (x->dtype == TG_U8) ((uint8_t *)x->data)[at] = (uint8_t)v;
}

/* ---- tensors -------------------------------------------------------------------------------- */

/* Reads "f32[2,3]" and advances text past it. */
static inline tg_tensor *read_layout(const char **text)
{
    int64_t shape[TG_MAX_NDIM + 1];
    int ndim = 0, dtype = 0;
    char *p = (char *)(uintptr_t)strchr(*text, '[');
    while (p && dtype < TG_DTYPE_COUNT &&
           strncmp(tg_dtype_name((tg_dtype)dtype), *text, (size_t)(p - *text)) != 0)
        dtype++;
    if (!p || dtype == TG_DTYPE_COUNT) ck_abort_msg("'%s' is no tensor", *text);
    while (*p != ']' && ndim <= TG_MAX_NDIM)
        if (*++p != ']') shape[ndim++] = strtoll(p, &p, 10);
    *text = p + 1;
    return keep(tg_tensor_new((tg_dtype)dtype, ndim, shape, NULL));
}

/* "f32[2,2]: 1 nan -inf 0" a leaf with these values; "f32[2,2]" with 0, 1, 2, ...
 * "0.5" a weak scalar on t; "NULL" no tensor at all. */
static inline tg_tensor *tensor_of(tg_tape *t, const char *text)
{
    if (strcmp(text, "NULL") == 0) return NULL;
    if (!strchr(text, '[')) return tg_scalar(t, strtod(text, NULL));
    tg_tensor *x = read_layout(&text);
    const bool given = *text == ':';
    char *end = (char *)(uintptr_t)text + given;
    for (int64_t i = 0; i < x->size; i++) {
        if (given && !*end) ck_abort_msg("too few values in '%s'", text);
        write_at(x, i, given ? strtod(end, &end) : (double)i);
    }
    return x;
}

/* Values in lo..hi, integers if the dtype is one. */
static inline tg_tensor *random_leaf(tg_dtype dtype, int ndim, const int64_t *shape, double lo,
                                     double hi, uint64_t seed)
{
    tg_rng rng = tg_rng_make(seed, 0);
    tg_tensor *x = keep(tg_tensor_new(dtype, ndim, shape, NULL));
    for (int64_t i = 0; i < x->size; i++) {
        const double v = tg_rng_next_uniform(&rng, lo, hi);
        write_at(x, i, tg_dtype_is_float(dtype) ? v : floor(v));
    }
    return x;
}

/* A leaf with the values of x in another memory layout. */
enum { PLAIN, FORTRAN, BACKWARDS, GAPS, PADDED, LAYOUTS };
static inline tg_tensor *laid_out(tg_tensor *x, int layout)
{
    int64_t strides[TG_MAX_NDIM], step = layout == GAPS ? 3 : 1, offset = 0;
    for (int k = 0; k < x->ndim; k++) {
        const int a = layout == FORTRAN ? k : x->ndim - 1 - k;
        strides[a] = layout == BACKWARDS ? -step : step;
        if (layout == BACKWARDS && x->shape[a] > 0) offset += (x->shape[a] - 1) * step;
        step *= x->shape[a] + (layout == GAPS || (layout == PADDED && k == 0));
    }
    const int64_t room = step > x->size ? step : x->size;
    tg_tensor *base = keep(tg_tensor_new(x->dtype, 1, &room, NULL));
    tg_tensor *y =
        keep(tg_tensor_view(base, x->ndim, x->shape, strides, x->size ? offset : 0, NULL));
    for (int64_t i = 0; i < x->size; i++) write_at(y, i, read_at(x, i));
    return y;
}

/* ---- comparisons ---------------------------------------------------------------------------- */

/* The error that a correct rounding or a good libm may have. */
static inline double tolerance_of(tg_dtype dtype)
{
    return dtype == TG_F32 ? 5e-7 : dtype == TG_F64 ? 1e-15 : 0;
}

static inline bool is_close(double got, double want, double relative, double absolute)
{
    if (isnan(want) || isinf(want)) return isnan(want) ? isnan(got) : got == want;
    return fabs(got - want) <= absolute + relative * fabs(want);
}

/* seed: of the inputs, to repeat what failed; 0 where there is none. */
static inline void assert_close(const char *op, tg_dtype dtype, int64_t i, uint64_t seed,
                                double got, double want, double relative, double absolute)
{
    if (!is_close(got, want, relative, absolute))
        ck_abort_msg("%s %s, element %lld, seed %llu: %.17g, expected %.17g", op,
                     tg_dtype_name(dtype), (long long)i, (unsigned long long)seed, got, want);
}

static inline void assert_fine(const tg_tape *t, const char *what)
{
    if (t && tg_tape_status(t)) ck_abort_msg("%s: %s", what, tg_tape_message(t));
}

/* y has the dtype, shape and values of the text, up to a relative error. If a zero in the text has
 * a sign, y must have it. */
static inline void assert_tensor(const tg_tape *t, const char *what, const tg_tensor *y,
                                 const char *text, double relative)
{
    char got[TG_DESCRIBE_SIZE], expected[TG_DESCRIBE_SIZE];
    assert_fine(t, what);
    const tg_tensor *want = tensor_of(NULL, text);
    if (!y || y->dtype != want->dtype || !tg_tensor_same_shape(y, want))
        ck_abort_msg("%s: %s, expected %s", what, tg_tensor_describe(y, got, sizeof got),
                     tg_tensor_describe(want, expected, sizeof expected));
    const bool signs = strstr(text, " -0") || strstr(text, " +0");
    for (int64_t i = 0; i < y->size; i++) {
        const double v = read_at(y, i), w = read_at(want, i);
        assert_close(what, y->dtype, i, 0, v, w, relative, 0);
        if (signs && w == 0 && signbit(v) != signbit(w))
            ck_abort_msg("%s, element %lld: the sign of 0 is wrong", what, (long long)i);
    }
}

/* The tape holds this error, word for word. */
static inline void assert_error(const tg_tape *t, tg_status status, const char *message)
{
    ck_assert_str_eq(tg_tape_message(t), message);
    ck_assert_int_eq(tg_tape_status(t), status);
}

/* ---- one application of an operation by name, as a row of a table --------------------------- */

typedef struct op_row {
    const char *op, *attrs;
    const char *in[3]; /* as for tensor_of; NULL ends the list */
    const char *want;  /* the message, or the result as for assert_tensor, followed by "~1e-6" if it
                          is not exact */
    tg_status status;
} op_row;

/* In every memory layout of the inputs. */
static inline void run_row(const op_row *row)
{
    for (int layout = 0; layout < LAYOUTS; layout++) {
        tg_tape *t = tg_tape_new();
        tg_tensor *in[3] = {NULL};
        const char *about = strchr(row->want, '~');
        int n = 0;
        for (; n < 3 && row->in[n]; n++) {
            in[n] = tensor_of(t, row->in[n]);
            if (in[n] && !in[n]->tape) in[n] = laid_out(in[n], layout);
        }
        const tg_tensor *y = tg_apply_text(t, row->op, in, n, row->attrs);
        if (row->status) {
            ck_assert_ptr_null(y);
            assert_error(t, row->status, row->want);
        } else
            assert_tensor(t, row->op, y, row->want, about ? strtod(about + 1, NULL) : 0);
        tg_tape_free(t);
        free_leaves();
    }
}

#endif
