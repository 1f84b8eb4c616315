/* window.c - the attributes of operations on windows, and where the positions of a window are. */
#include "ops/window/window.h"

enum {
    AXES = TGI_WINDOW_AXES,
    CHUNK = 1 << 15, /* elements worth handing to a thread */
    MAX_CHUNKS = 64
};

typedef tgi_window_attrs window_attrs;

/* ---- attributes ----------------------------------------------------------------------------- */

tg_ints tgi_window_ints(int n, const int64_t *v, int64_t otherwise)
{
    tg_ints a = {.n = v ? n : 1, .v = {otherwise}};
    for (int i = 0; v && i < n && i < AXES; i++) a.v[i] = v[i];
    return a;
}

bool tgi_window_options(tg_tape *t, const char *name, int n, const int64_t *kernel,
                        const int64_t *stride, const int64_t *padding, const int64_t *dilation,
                        tgi_window_attrs *a)
{
    if (n < 1 || n > AXES || !kernel) {
        (void)tg_tape_fail(t, TG_EARG, "%s: %s", name,
                           kernel ? "the window must have 1, 2 or 3 axes" : "kernel is NULL");
        return false;
    }
    *a = (window_attrs){.kernel = tgi_window_ints(n, kernel, 1),
                        .stride = tgi_window_ints(n, stride, 1),
                        .padding = tgi_window_ints(n, padding, 0),
                        .dilation = tgi_window_ints(n, dilation, 1)};
    return true;
}

tg_status tgi_window_numbers(const char *who, const char *name, tg_ints *a, int axes, int64_t least,
                             tg_error *err)
{
    if (a->n == 1)
        for (a->n = axes; axes > 1; axes--) a->v[axes - 1] = a->v[0];
    else if (a->n != axes)
        return tg_fail(err, TG_EARG, "%s: %s has %d numbers, must have %s%d", who, name, a->n,
                       axes > 1 ? "1 or " : "", axes);
    for (int i = 0; i < a->n; i++)
        if (a->v[i] < least || a->v[i] > TGI_WINDOW_MOST)
            return tg_fail(err, TG_EARG, "%s: %s is %lld, must be in %lld..%lld", who, name,
                           (long long)a->v[i], (long long)least, (long long)TGI_WINDOW_MOST);
    return TG_OK;
}

/* ---- shape rules ---------------------------------------------------------------------------- */

int64_t tgi_window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation)
{
    const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

bool tgi_window_times(int64_t *product, int64_t factor)
{
    if (factor != 0 && *product > INT64_MAX / factor) return false;
    *product *= factor;
    return true;
}

static tg_status does_not_fit(const tg_infer *c, const window_attrs *a, const int64_t *size)
{
    char kernel[TG_DESCRIBE_SIZE], dilation[TG_DESCRIBE_SIZE], padding[TG_DESCRIBE_SIZE],
        image[TG_DESCRIBE_SIZE];
    return tg_fail(c->err, TG_ESHAPE,
                   "%s: kernel %s with dilation %s does not fit %s with padding %s", c->op->name,
                   tg_shape_describe(a->kernel.n, a->kernel.v, kernel, sizeof kernel),
                   tg_shape_describe(a->dilation.n, a->dilation.v, dilation, sizeof dilation),
                   tg_shape_describe(a->kernel.n, size, image, sizeof image),
                   tg_shape_describe(a->padding.n, a->padding.v, padding, sizeof padding));
}

tg_status tgi_window_measure(const tg_infer *c, int axes, const int64_t *size, int64_t *volume,
                             int64_t *positions)
{
    window_attrs *a = (window_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    tg_status status = tgi_window_numbers(c->op->name, "kernel", &a->kernel, axes, 1, c->err);
    if (!status) status = tgi_window_numbers(c->op->name, "stride", &a->stride, axes, 1, c->err);
    if (!status) status = tgi_window_numbers(c->op->name, "padding", &a->padding, axes, 0, c->err);
    if (!status)
        status = tgi_window_numbers(c->op->name, "dilation", &a->dilation, axes, 1, c->err);
    if (status) return status;
    *volume = *positions = 1;
    for (int i = 0; i < axes; i++) {
        if (size[i] > TGI_WINDOW_MOST)
            return tg_fail(c->err, TG_ESHAPE, "%s: an axis of %lld elements is too long",
                           c->op->name, (long long)size[i]);
        const int64_t count = tgi_window_count(size[i], a->kernel.v[i], a->stride.v[i],
                                               a->padding.v[i], a->dilation.v[i]);
        if (count < 1) return does_not_fit(c, a, size);
        if (!tgi_window_times(volume, a->kernel.v[i]) || !tgi_window_times(positions, count))
            return tg_fail(c->err, TG_ENOMEM, "%s: the result is too large", c->op->name);
    }
    return TG_OK;
}

tg_status tgi_window_input(const tg_infer *c, bool shape_fits, const char *must)
{
    char text[TG_DESCRIBE_SIZE];
    const tg_tensor *x = c->inputs[0];
    if (!tg_dtype_is_float(x->dtype))
        return tg_fail(c->err, TG_EDTYPE, "%s: %s is not a float tensor (use tg_cast)", c->op->name,
                       tg_tensor_describe(x, text, sizeof text));
    if (shape_fits) return TG_OK;
    return tg_fail(c->err, TG_ESHAPE, "%s: x is %s, must be %s", c->op->name,
                   tg_tensor_describe(x, text, sizeof text), must);
}

tg_status tgi_window_image(const tg_infer *c)
{
    const int axes = c->inputs[0]->ndim - 2;
    return tgi_window_input(c, axes >= 1 && axes <= AXES, "(N, C, ...) with 1 to 3 further axes");
}

/* ---- positions ------------------------------------------------------------------------------ */

tgi_windows tgi_windows_of(const tgi_window_attrs *a, const int64_t *size)
{
    tgi_windows w;
    for (int i = 0; i < AXES; i++) {
        const int k = i - (AXES - a->kernel.n);
        w.in[i] = k < 0 ? 1 : size[k];
        w.kernel[i] = k < 0 ? 1 : a->kernel.v[k];
        w.stride[i] = k < 0 ? 1 : a->stride.v[k];
        w.padding[i] = k < 0 ? 0 : a->padding.v[k];
        w.dilation[i] = k < 0 ? 1 : a->dilation.v[k];
        w.out[i] = tgi_window_count(w.in[i], w.kernel[i], w.stride[i], w.padding[i], w.dilation[i]);
    }
    return w;
}

tgi_span tgi_window_span(const tgi_windows *w, int axis, int64_t k)
{
    const int64_t step = w->stride[axis];
    tgi_span s = {.first = k * w->dilation[axis] - w->padding[axis]};
    const int64_t room = w->in[axis] - s.first;
    s.lo = s.first >= 0 ? 0 : (-s.first - 1) / step + 1;
    s.hi = room <= 0 ? 0 : (room - 1) / step + 1;
    if (s.hi > w->out[axis]) s.hi = w->out[axis];
    if (s.lo > s.hi) s.lo = s.hi;
    return s;
}

int64_t tgi_window_chunks(int64_t elements, int64_t planes)
{
    const int64_t worth = elements / CHUNK;
    const int64_t chunks = worth < 1 ? 1 : worth > MAX_CHUNKS ? MAX_CHUNKS : worth;
    return chunks < planes ? chunks : planes;
}
