/* op_check.c - tries an operation on the samples of its descriptor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/alloc.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/ops.h"

/* One sample made into tensors: floats in a dict, since they are what is differentiated. */
typedef struct sample {
    const tg_op *op;
    const char *attrs;
    int n;
    tg_tensor **inputs; /* borrowed from the dicts */
    tg_dict *floats, *others;
} sample;

/* ---- tensors from words: KIND[SHAPE]:RANGE -------------------------------------------------- */

typedef struct word {
    tg_dtype dtype;
    bool is_float, sign;
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    double lo, hi;
} word;

static bool read_word(const char **text, word *w)
{
    const char *p = *text;
    char *end;
    while (*p == ' ') p++;
    if (!*p || !strchr("fib", *p) || p[1] != '[') return false;
    *w = (word){.dtype = *p == 'f'   ? TG_F64
                         : *p == 'i' ? TG_I32
                                     : TG_U8,
                .is_float = *p == 'f',
                .lo = *p == 'f' ? -2 : 0,
                .hi = 2};
    for (p += 2; *p != ']'; p = *end == ',' ? end + 1 : end) {
        if (w->ndim == TG_MAX_NDIM) return false;
        w->shape[w->ndim++] = strtoll(p, &end, 10);
        if (end == p || (*end != ',' && *end != ']')) return false;
    }
    p++;
    if (*p == ':') {
        w->sign = p[1] == '~';
        p += w->sign ? 2 : 1;
        /* By hand: strtod would take the first point of ".." and follow the locale. */
        double *bounds[2] = {&w->lo, &w->hi};
        for (int b = 0; b < 2; b++) {
            const bool minus = *p == '-';
            double v = 0, unit = 1;
            for (p += minus; *p >= '0' && *p <= '9'; p++) v = 10 * v + (*p - '0');
            if (*p == '.' && p[1] != '.')
                for (p++; *p >= '0' && *p <= '9'; p++) v += (*p - '0') * (unit /= 10);
            *bounds[b] = minus ? -v : v;
            if (b == 0 && strncmp(p, "..", 2) != 0) return false;
            if (b == 0) p += 2;
        }
    }
    *text = p;
    return *p == '\0' || *p == ' ';
}

/* Strided: the axes in the order of Fortran, the first one backwards, every other element. */
static tg_tensor *strided(const tg_tensor *x, tg_error *err)
{
    const int64_t room = 2 * x->size + 1;
    int64_t strides[TG_MAX_NDIM], step = 2, offset = 0;
    tg_tensor *base = tg_tensor_new(x->dtype, 1, &room, err);
    for (int i = 0; i < x->ndim; i++) {
        strides[i] = i == 0 ? -step : step;
        if (i == 0 && x->shape[0] > 0) offset = (x->shape[0] - 1) * step;
        step *= x->shape[i] > 0 ? x->shape[i] : 1;
    }
    tg_tensor *y = base ? tg_tensor_view(base, x->ndim, x->shape, strides, offset, err) : NULL;
    tg_tensor_free(base);
    if (y) (void)tg_tensor_copy(y, x, err);
    return y;
}

static tg_tensor *draw(const word *w, tg_dtype dtype, bool with_strides, tg_rng *rng, tg_error *err)
{
    tg_tensor *x = tg_tensor_new(dtype, w->ndim, w->shape, err);
    for (int64_t i = 0; x && i < x->size; i++) {
        double v = tg_rng_next_uniform(rng, w->lo, w->hi);
        if (w->is_float)
            v = (double)(float)v; /* so that f32 and f64 start from the same */
        else
            v = floor(v);
        if (w->sign && tg_rng_next_below(rng, 2)) v = -v;
        (void)tg_tensor_set(x, i, v, NULL);
    }
    if (!x || !with_strides) return x;
    tg_tensor *y = strided(x, err);
    tg_tensor_free(x);
    return y;
}

/* ---- samples -------------------------------------------------------------------------------- */

static void sample_free(sample *s)
{
    tg_dict_free(s->floats);
    tg_dict_free(s->others);
    tg_free(s->inputs);
}

static tg_status sample_make(sample *s, const tg_op *op, int i, tg_dtype dtype, bool with_strides,
                             uint64_t seed, tg_error *err)
{
    tg_rng rng = tg_rng_make(seed, (uint64_t)i);
    const char *text = op->samples[i].inputs ? op->samples[i].inputs : "";
    *s = (sample){.op = op,
                  .attrs = op->samples[i].attrs,
                  .floats = tg_dict_new(),
                  .others = tg_dict_new(),
                  .inputs = tg_calloc(strlen(text) / 3 + 1, sizeof(tg_tensor *))};
    if (!s->floats || !s->others || !s->inputs)
        return tg_fail(err, TG_ENOMEM, "sample: out of memory");
    while (*text) {
        word w;
        char key[16];
        if (!read_word(&text, &w))
            return tg_fail(err, TG_EARG, "%s: cannot read the sample '%s'", op->name,
                           op->samples[i].inputs);
        tg_dict *d = w.is_float ? s->floats : s->others;
        (void)snprintf(key, sizeof key, "x%d", s->n);
        tg_tensor *x = draw(&w, w.is_float ? dtype : w.dtype, with_strides, &rng, err);
        const tg_status status = tg_dict_take(d, key, x, err);
        if (status) return status;
        s->inputs[s->n++] = tg_dict_get(d, key);
    }
    return TG_OK;
}

static tg_tensor *apply(tg_tape *t, const tg_dict *x, void *user)
{
    const sample *s = user;
    (void)x;
    void *attrs = tg_tape_alloc(t, s->op->attrs_size);
    if (!attrs || tg_attrs_parse(t, s->op, s->attrs, attrs)) return NULL;
    return tg_apply(t, s->op, s->inputs, s->n, s->op->attrs_size ? attrs : NULL);
}

/* ---- the checks ----------------------------------------------------------------------------- */

/* The result of sample i as a leaf in f64; NULL on failure. */
static tg_tensor *result(const tg_op *op, int i, tg_dtype dtype, bool with_strides, uint64_t seed,
                         tg_error *err)
{
    sample s;
    tg_tape *t = tg_tape_new();
    tg_tensor *y = NULL;
    if (sample_make(&s, op, i, dtype, with_strides, seed, err) == TG_OK && t) {
        y = tg_cast(t, apply(t, s.floats, &s), TG_F64);
        if (!y) (void)tg_fail(err, tg_tape_status(t), "%s", tg_tape_message(t));
        y = y ? tg_tensor_clone(y, err) : NULL;
    }
    sample_free(&s);
    tg_tape_free(t);
    return y;
}

static tg_status same_result(const tg_op *op, int i, const tg_tensor *want, tg_dtype dtype,
                             bool with_strides, double tolerance, uint64_t seed, tg_error *err)
{
    tg_tensor *y = result(op, i, dtype, with_strides, seed, err);
    if (!y) return err->status ? err->status : TG_ENOMEM;
    tg_status status = TG_OK;
    if (!tg_tensor_same_shape(y, want))
        status = tg_fail(err, TG_ESHAPE, "%s: sample %d changes its shape", op->name, i);
    for (int64_t k = 0; !status && k < want->size; k++) {
        const double a = tg_tensor_get(want, k), b = tg_tensor_get(y, k);
        const bool alike = a == b || (isnan(a) && isnan(b)) ||
                           fabs(a - b) <= tolerance * fmax(fmax(fabs(a), fabs(b)), 1);
        if (!alike)
            status =
                tg_fail(err, TG_EGRAD, "%s: sample %d[%lld] is %.10g, in %s%s %.10g", op->name, i,
                        (long long)k, a, with_strides ? "strided " : "", tg_dtype_name(dtype), b);
    }
    tg_tensor_free(y);
    return status;
}

/* First and second order on sample i, where it has a derivative. */
static tg_status check_gradients(const tg_op *op, int i, bool with_strides,
                                 const tg_gradcheck_options *o, tg_gradcheck_report *worst,
                                 tg_error *err)
{
    sample s;
    tg_gradcheck_report r;
    tg_status status = sample_make(&s, op, i, TG_F64, with_strides, o->seed, err);
    for (int order = 1; !status && order <= 2 && op->vjp && tg_dict_size(s.floats) > 0; order++) {
        tg_error e = TG_ERROR_INIT;
        status = order == 1 ? tg_gradcheck(apply, &s, s.floats, o, &r, &e)
                            : tg_gradgradcheck(apply, &s, s.floats, o, &r, &e);
        const int64_t checked = worst->checked + r.checked;
        if (r.error >= worst->error) *worst = r;
        worst->checked = checked;
        if (status)
            (void)tg_fail(err, status, "%s, sample %d (%s; %s)%s, order %d: %s", op->name, i,
                          op->samples[i].inputs ? op->samples[i].inputs : "",
                          op->samples[i].attrs ? op->samples[i].attrs : "",
                          with_strides ? " strided" : "", order, e.text);
    }
    sample_free(&s);
    return status;
}

/* A cast to integer has a VJP, but this result has no derivative. */
static bool differentiable(const tg_op *op, int i, tg_error *err)
{
    sample s;
    tg_tape *t = tg_tape_new();
    bool yes = false;
    if (sample_make(&s, op, i, TG_F64, false, 1, err) == TG_OK && t) {
        const tg_tensor *y = apply(t, s.floats, &s);
        yes = y && tg_dtype_is_float(y->dtype);
    }
    sample_free(&s);
    tg_tape_free(t);
    return yes;
}

tg_status tg_op_check(const tg_op *op, const tg_gradcheck_options *options,
                      tg_gradcheck_report *report, tg_error *err)
{
    tg_gradcheck_report own;
    tg_gradcheck_report *worst = report ? report : &own;
    tg_error e = TG_ERROR_INIT;
    const tg_gradcheck_options o = options ? *options : tg_gradcheck_defaults();
    *worst = (tg_gradcheck_report){0};
    if (!op || !op->samples || (!op->samples[0].inputs && !op->samples[0].attrs))
        return tg_fail(err, TG_EARG, "%s: no samples", op && op->name ? op->name : "op_check");
    tg_status status = TG_OK;
    for (int i = 0; !status && (op->samples[i].inputs || op->samples[i].attrs); i++) {
        tg_tensor *y = result(op, i, TG_F64, false, o.seed, &e);
        status = e.status;
        if (!status) status = same_result(op, i, y, TG_F64, true, 1e-14, o.seed, &e);
        if (!status && !(op->flags & TG_OP_RANDOM))
            status = same_result(op, i, y, TG_F32, false, 1e-5, o.seed, &e);
        tg_tensor_free(y);
        for (int k = 0; !status && k < 2 && differentiable(op, i, &e); k++)
            status = check_gradients(op, i, k == 1, &o, worst, &e);
    }
    return status ? tg_fail(err, status, "%s", e.text) : TG_OK;
}
