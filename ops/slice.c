/* slice.c - slice, which takes every step-th element along an axis, its transpose unslice, and
 * set_slice. */
#include <string.h>

#include "graph/storage.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"

/* ---- slice ---------------------------------------------------------------------------------- */

typedef struct slice_attrs {
    int64_t axis, start, stop, step;
} slice_attrs;

static const tg_attr_def slice_defs[] = {
    {"axis", TG_ATTR_INT, offsetof(slice_attrs, axis), "0"},
    {"start", TG_ATTR_INT, offsetof(slice_attrs, start), "0"},
    {"stop", TG_ATTR_INT, offsetof(slice_attrs, stop), "9223372036854775807"},
    {"step", TG_ATTR_INT, offsetof(slice_attrs, step), "1"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static int64_t clip(int64_t i, int64_t n, int64_t lo, int64_t hi)
{
    if (i < 0) i = i < -n ? lo : i + n;
    return i < lo ? lo : i > hi ? hi : i;
}

/* The first index and the count of start:stop:step in 0..n-1, by NumPy's rules. */
static void slice_range(const slice_attrs *a, int64_t n, int64_t *first, int64_t *count)
{
    const bool forward = a->step > 0;
    const int64_t lo = forward ? 0 : -1, hi = forward ? n : n - 1;
    const int64_t start = clip(a->start, n, lo, hi);
    const int64_t stop = a->stop == TG_END ? (forward ? n : -1) : clip(a->stop, n, lo, hi);
    const int64_t span = forward ? stop - start : start - stop;
    const int64_t step = forward ? a->step : a->step == INT64_MIN ? INT64_MAX : -a->step;
    *first = start;
    *count = span > 0 ? (span - 1) / step + 1 : 0;
}

static tg_status slice_infer(tg_infer *c)
{
    const slice_attrs *a = c->attrs;
    const tg_tensor *x = c->inputs[0];
    int64_t axis = a->axis, first, count;
    const tg_status status = tg_axis_normalise("slice", &axis, x->ndim, c->err);
    if (status) return status;
    if (a->step == 0) return tg_fail(c->err, TG_EARG, "slice: step is 0");
    slice_range(a, x->shape[axis], &first, &count);
    c->view = true;
    c->ndim = x->ndim;
    memcpy(c->shape, x->shape, (size_t)x->ndim * sizeof *c->shape);
    memcpy(c->strides, x->strides, (size_t)x->ndim * sizeof *c->strides);
    c->shape[axis] = count;
    if (count > 0) c->offset = first * x->strides[axis];
    c->strides[axis] *= count > 1 ? a->step : 1;
    return TG_OK;
}

static tg_tensor *unslice(tg_tape *t, tg_tensor *x, int64_t axis, int64_t start, int64_t step,
                          int64_t size);

static tg_tensor *slice_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const slice_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[i];
    const int64_t axis = a->axis < 0 ? a->axis + x->ndim : a->axis;
    int64_t first, count;
    slice_range(a, x->shape[axis], &first, &count);
    return unslice(t, dy, axis, first, count > 1 ? a->step : 1, x->shape[axis]);
}

static const tg_sample slice_samples[] = {{"f[5,3]", "axis=0 start=1 stop=4"},
                                          {"f[2,5]", "axis=1 step=2"},
                                          {"f[2,5]", "axis=-1 start=-1 step=-2"},
                                          {"f[2,5]", "axis=1 start=3 stop=0 step=-1"},
                                          {"f[4]", "start=2 stop=2"},
                                          {"f[3,0]", "axis=1"},
                                          {NULL, NULL}};

/* ---- unslice: y is 0 but for y[start + j step] = x[j] along the axis ------------------------ */

typedef struct unslice_attrs {
    int64_t axis, start, step, size;
} unslice_attrs;

static const tg_attr_def unslice_defs[] = {
    {"axis", TG_ATTR_INT, offsetof(unslice_attrs, axis), "0"},
    {"start", TG_ATTR_INT, offsetof(unslice_attrs, start), "0"},
    {"step", TG_ATTR_INT, offsetof(unslice_attrs, step), "1"},
    {"size", TG_ATTR_INT, offsetof(unslice_attrs, size), NULL},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status unslice_infer(tg_infer *c)
{
    unslice_attrs *a = (unslice_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    const tg_tensor *x = c->inputs[0];
    const tg_status status = tg_axis_normalise("unslice", &a->axis, x->ndim, c->err);
    if (status) return status;
    const int64_t n = x->shape[a->axis];
    bool fits = a->size >= 0 && a->step != 0;
    if (fits && n > 0) {
        fits = a->start >= 0 && a->start < a->size;
        const int64_t room = fits && a->step > 0 ? a->size - 1 - a->start : a->start;
        fits = fits && a->step != INT64_MIN && (n - 1) <= room / (a->step > 0 ? a->step : -a->step);
    }
    if (!fits)
        return tg_fail(c->err, TG_EINDEX,
                       "unslice: %lld elements from %lld by step %lld do not fit a size of %lld",
                       (long long)n, (long long)a->start, (long long)a->step, (long long)a->size);
    (void)tg_infer_same(c);
    c->shape[a->axis] = a->size;
    return TG_OK;
}

static void unslice_forward(const tg_node *n, void *work)
{
    const unslice_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[0], *y = n->output;
    const size_t width = tg_dtype_size(y->dtype);
    int64_t strides[TG_MAX_NDIM];
    (void)work;
    if (y->size > 0) memset(y->data, 0, (size_t)y->size * width);
    if (x->size == 0) return;
    memcpy(strides, y->strides, (size_t)y->ndim * sizeof *strides);
    char *first = (char *)y->data + a->start * strides[a->axis] * (int64_t)width;
    strides[a->axis] *= x->shape[a->axis] > 1 ? a->step : 1;
    tgi_strided_copy(width, x->ndim, x->shape, first, strides, x->data, x->strides);
}

static tg_tensor *unslice_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const unslice_attrs *a = n->attrs;
    const int64_t count = n->inputs[i]->shape[a->axis];
    if (count == 0) return tg_slice(t, dy, (int)a->axis, 0, 0, 1);
    const int64_t beyond = a->start + (count - 1) * a->step + (a->step > 0 ? 1 : -1);
    return tg_slice(t, dy, (int)a->axis, a->start, beyond < 0 ? TG_END : beyond, a->step);
}

static const tg_sample unslice_samples[] = {{"f[2,3]", "axis=1 start=1 size=5"},
                                            {"f[3]", "start=4 step=-2 size=6"},
                                            {"f[2,2]", "axis=0 start=0 step=2 size=3"},
                                            {"f[0,2]", "axis=0 size=2"},
                                            {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { SLICE, UNSLICE };

const tg_op tgi_slice_ops[] = {
    [SLICE] = {.name = "slice",
               .formula = "x[start:stop:step] along axis",
               .derivative = "unslice(dy)",
               .min_inputs = 1,
               .max_inputs = 1,
               .attrs = slice_defs,
               .attrs_size = sizeof(slice_attrs),
               .infer = slice_infer,
               .vjp = slice_vjp,
               .samples = slice_samples},
    [UNSLICE] = {.name = "unslice",
                 .formula = "0, but y[start + j step] = x[j] along axis",
                 .derivative = "slice(dy)",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .attrs = unslice_defs,
                 .attrs_size = sizeof(unslice_attrs),
                 .infer = unslice_infer,
                 .forward = unslice_forward,
                 .vjp = unslice_vjp,
                 .samples = unslice_samples},
};
TGI_FAMILY_COUNT(slice);

tg_tensor *tg_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step)
{
    return tg_record(t, &tgi_slice_ops[SLICE], &x, 1, &(slice_attrs){axis, start, stop, step});
}

static tg_tensor *unslice(tg_tape *t, tg_tensor *x, int64_t axis, int64_t start, int64_t step,
                          int64_t size)
{
    return tg_record(t, &tgi_slice_ops[UNSLICE], &x, 1, &(unslice_attrs){axis, start, step, size});
}

tg_tensor *tg_unslice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t step, int64_t size)
{
    return unslice(t, x, axis, start, step, size);
}

/* ---- replacement ---------------------------------------------------------------------------- */

/* The index in 0..n-1 that start means, by the rules of tg_slice. */
static int64_t first_index(int64_t start, int64_t n, int64_t step)
{
    if (start < 0) start = start < -n ? -1 : start + n;
    if (step < 0) return start < n ? start : n - 1;
    return start < 0 ? 0 : start;
}

tg_tensor *tg_set_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop,
                        int64_t step, tg_tensor *value)
{
    int64_t ones[TG_MAX_NDIM];
    if (!tgi_operand(t, "set_slice", x) || !tgi_operand(t, "set_slice", value) ||
        !tgi_axis(t, "set_slice", &axis, x->ndim))
        return NULL;
    const tg_tensor *const old = tg_slice(t, x, axis, start, stop, step);
    if (!old) return NULL;
    const char *outer = tgi_enter(t, "set_slice");
    if (old->shape[axis] == 0) step = 1;
    const int64_t count = old->shape[axis], n = x->shape[axis];
    const int64_t first = count ? first_index(start, n, step) : 0, by = count > 1 ? step : 1;
    if (value->weak) value = tgi_scalar_cast(t, value, x->dtype);
    value = tg_unslice(t, tg_expand(t, value, old->ndim, old->shape), axis, first, by, n);
    for (int i = 0; i < x->ndim; i++) ones[i] = i == axis ? count : 1;
    tg_tensor *const mask = tg_full(t, TG_U8, x->ndim, ones, 1);
    value = tg_where(t, tg_unslice(t, mask, axis, first, by, n), value, x);
    return tgi_leave(t, outer, value);
}
