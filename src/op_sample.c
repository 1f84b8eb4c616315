/* op_sample.c - makes tensors from the samples of a descriptor. */
#include "src/op_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/alloc.h"

/* ---- tensors from words: KIND[SHAPE]:RANGE -------------------------------------------------- */

bool tgi_word_read(const char **text, tgi_word *w)
{
    const char *p = *text;
    char *end;
    while (*p == ' ') p++;
    if (!*p || !strchr("fibd", *p) || p[1] != '[') return false;
    const bool is_float = *p == 'f' || *p == 'd';
    *w = (tgi_word){.dtype = is_float    ? TG_F64
                             : *p == 'i' ? TG_I32
                                         : TG_U8,
                    .is_float = is_float,
                    .dominant = *p == 'd',
                    .lo = is_float ? -2 : 0,
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
        /* Not by strtod, which would read the first point of ".." and follow the locale. */
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
    if (w->dominant && (w->ndim < 2 || w->shape[w->ndim - 1] != w->shape[w->ndim - 2]))
        return false;
    return *p == '\0' || *p == ' ';
}

/* A copy of x in which the axes are in Fortran order, the first axis runs backwards, and every
 * other element is unused. */
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

/* What is added to element i of square matrices so that they become diagonally dominant. */
static double weight(const tgi_word *w, int64_t i)
{
    const int64_t n = w->shape[w->ndim - 1];
    return i / n % n == i % n ? (double)n * fmax(fabs(w->lo), fabs(w->hi)) : 0;
}

tg_tensor *tgi_word_draw(const tgi_word *w, tg_dtype dtype, bool with_strides, tg_rng *rng,
                         tg_error *err)
{
    tg_tensor *x = tg_tensor_new(dtype, w->ndim, w->shape, err);
    for (int64_t i = 0; x && i < x->size; i++) {
        double v = tg_rng_next_uniform(rng, w->lo, w->hi);
        if (w->is_float)
            v = (double)(float)v; /* so that f32 and f64 have the same values */
        else
            v = floor(v);
        if (w->sign && tg_rng_next_below(rng, 2)) v = -v;
        if (w->dominant) v = (double)(float)(v + weight(w, i));
        (void)tg_tensor_set(x, i, v, NULL);
    }
    if (!x || !with_strides) return x;
    tg_tensor *y = strided(x, err);
    tg_tensor_free(x);
    return y;
}

/* ---- samples -------------------------------------------------------------------------------- */

void tgi_sample_free(tgi_sample *s)
{
    tg_dict_free(s->floats);
    tg_dict_free(s->others);
    tg_free(s->inputs);
}

tg_status tgi_sample_make(tgi_sample *s, const tg_op *op, int i, tg_dtype dtype, bool with_strides,
                          uint64_t seed, tg_error *err)
{
    tg_rng rng = tg_rng_make(seed, (uint64_t)i);
    const char *text = op->samples[i].inputs ? op->samples[i].inputs : "";
    *s = (tgi_sample){.op = op,
                      .attrs = op->samples[i].attrs,
                      .floats = tg_dict_new(),
                      .others = tg_dict_new(),
                      .inputs = tg_calloc(strlen(text) / 3 + 1, sizeof(tg_tensor *))};
    if (!s->floats || !s->others || !s->inputs)
        return tg_fail(err, TG_ENOMEM, "sample: out of memory");
    while (*text) {
        tgi_word w;
        char key[16];
        if (!tgi_word_read(&text, &w))
            return tg_fail(err, TG_EARG, "%s: cannot read the sample '%s'", op->name,
                           op->samples[i].inputs);
        tg_dict *d = w.is_float ? s->floats : s->others;
        (void)snprintf(key, sizeof key, "x%d", s->n);
        tg_tensor *x = tgi_word_draw(&w, w.is_float ? dtype : w.dtype, with_strides, &rng, err);
        const tg_status status = tg_dict_take(d, key, x, err);
        if (status) return status;
        s->inputs[s->n++] = tg_dict_get(d, key);
    }
    return TG_OK;
}

tg_tensor *tgi_sample_apply(tg_tape *t, const tg_dict *x, void *user)
{
    const tgi_sample *s = user;
    (void)x;
    void *attrs = tg_tape_alloc(t, s->op->attrs_size);
    if (!attrs || tg_attrs_parse(t, s->op, s->attrs, attrs)) return NULL;
    return tg_apply(t, s->op, s->inputs, s->n, s->op->attrs_size ? attrs : NULL);
}
