/* diagnose_activations.c - how activations are distributed: mean, standard deviation, histogram,
 * dead and saturated units. */
#include "tapegrad/diagnose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/file/number.h"
#include "src/options.h"
#include "tapegrad/alloc.h"
#include "tapegrad/op.h"

tg_activation_options tg_activation_defaults(void)
{
    return (tg_activation_options){.made = TGI_MADE_ACTIVATION,
                                   .lo = 0,
                                   .hi = 1,
                                   .bins = 30,
                                   .low = 0.05,
                                   .high = 0.95,
                                   .axis = 1};
}

/* ---- one tensor ----------------------------------------------------------------------------- */

/* The values of x in row-major order; NULL when out of memory. */
static double *values_of(const tg_tensor *x)
{
    double *v = tg_realloc_array(NULL, (size_t)x->size + 1, sizeof *v);
    int64_t at[TG_MAX_NDIM] = {0}, offset = 0;
    for (int64_t i = 0; v && i < x->size; i++) {
        v[i] = x->dtype == TG_F32 ? (double)((const float *)x->data)[offset]
                                  : ((const double *)x->data)[offset];
        for (int a = x->ndim - 1; a >= 0; a--) {
            offset += x->strides[a];
            if (++at[a] < x->shape[a]) break;
            offset -= x->shape[a] * x->strides[a];
            at[a] = 0;
        }
    }
    return v;
}

/* The bin of v in [lo, hi]. The quotient may round across an edge, so v is compared with the
 * edges. */
static int bin_of(const tg_activation_options *o, double v)
{
    const double width = (o->hi - o->lo) / o->bins;
    int b = (int)((v - o->lo) / (o->hi - o->lo) * o->bins);
    if (b >= o->bins) b = o->bins - 1;
    if (b > 0 && v < o->lo + b * width) b--;
    if (b + 1 < o->bins && v >= o->lo + (b + 1) * width) b++;
    return b;
}

/* Counts the units that are 0 in all rows. inner: the distance from one unit to the next. */
static int64_t count_dead(const double *v, int64_t size, int64_t units, int64_t inner)
{
    int64_t dead = 0;
    for (int64_t u = 0; u < units && size > 0; u++) {
        bool zero = true;
        for (int64_t row = u * inner; row < size && zero; row += units * inner)
            for (int64_t k = 0; k < inner && zero; k++) zero = v[row + k] == 0;
        dead += zero;
    }
    return dead;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Computes everything except units and dead; sorts v. */
static void measure(double *v, const tg_activation_options *o, tg_activation_stats *s,
                    int64_t *counts)
{
    int64_t n = 0, zeros = 0, inside = 0, saturated = 0;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < s->size; i++) {
        if (!isfinite(v[i])) continue;
        const double x = v[n++] = v[i];
        sum += x;
        zeros += x == 0;
        saturated += x < o->low || x > o->high;
        if (x < o->lo || x > o->hi) continue;
        inside++;
        if (counts) counts[bin_of(o, x)]++;
    }
    s->not_finite = s->size - n;
    s->mean = s->std = s->min = s->median = s->max = NAN;
    if (s->size > 0) {
        s->zeros = (double)zeros / (double)s->size;
        s->inside = (double)inside / (double)s->size;
        s->saturated = (double)saturated / (double)s->size;
    }
    if (n == 0) return;
    s->mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) squares += (v[i] - s->mean) * (v[i] - s->mean);
    s->std = sqrt(squares / (double)n);
    qsort(v, (size_t)n, sizeof *v, ascending);
    s->min = v[0];
    s->max = v[n - 1];
    s->median = v[(n - 1) / 2] / 2 + v[n / 2] / 2;
}

tg_status tg_activation_measure(const tg_tensor *x, const tg_activation_options *options,
                                tg_activation_stats *stats, int64_t *counts, tg_error *err)
{
    const tg_activation_options o = options ? *options : tg_activation_defaults();
    if (!x || !stats)
        return tg_fail(err, TG_EARG, "activation_measure: %s is NULL", x ? "stats" : "x");
    const tg_status made =
        tgi_options_check("activation_measure", o.made, TGI_MADE_ACTIVATION, err);
    if (made) return made;
    if (o.bins < 1 || !(o.lo < o.hi) || !isfinite(o.lo) || !isfinite(o.hi))
        return tg_fail(
            err, TG_EARG,
            "activation_measure: %d bins from lo %g to hi %g; bins must be at least 1, lo < hi",
            o.bins, o.lo, o.hi);
    if (!tg_dtype_is_float(x->dtype))
        return tg_fail(err, TG_EDTYPE, "activation_measure: x is %s, must be f32 or f64",
                       tg_dtype_name(x->dtype));
    double *v = values_of(x);
    if (!v) return tg_fail(err, TG_ENOMEM, "activation_measure: out of memory");
    int axis = o.axis < 0 ? o.axis + x->ndim : o.axis;
    if (axis >= x->ndim) axis = x->ndim - 1;
    int64_t inner = 1;
    for (int a = (axis < 0 ? 0 : axis + 1); a < x->ndim; a++) inner *= x->shape[a];
    *stats = (tg_activation_stats){.size = x->size, .units = axis < 0 ? 1 : x->shape[axis]};
    stats->dead = count_dead(v, x->size, stats->units, inner);
    if (counts) memset(counts, 0, (size_t)o.bins * sizeof *counts);
    measure(v, &o, stats, counts);
    tg_free(v);
    return TG_OK;
}

/* ---- many of them --------------------------------------------------------------------------- */

/* Writes "    0.1234", with a point in every locale. */
static void print_number(FILE *out, double value)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%.4g", value);
    if (isfinite(value)) (void)tgi_number_point(text);
    (void)fprintf(out, " %9s", text);
}

tg_status tg_activation_print(const tg_tape *t, const char *op, const char *scope,
                              const tg_activation_options *options, FILE *out)
{
    if (!t || !out) return TG_EARG;
    (void)fprintf(out, "%-24s      mean       std     zeros saturated  dead units\n", "activation");
    for (int32_t i = -1; (i = tg_tape_find(t, op, scope, i + 1)) >= 0;) {
        const tg_tensor *x = tg_tape_value(t, i);
        tg_activation_stats s;
        const tg_status status = tg_activation_measure(x, options, &s, NULL, NULL);
        if (status) return status;
        (void)fprintf(out, "%-24s", *x->node->scope ? x->node->scope : x->node->op->name);
        print_number(out, s.mean);
        print_number(out, s.std);
        print_number(out, s.zeros);
        print_number(out, s.saturated);
        (void)fprintf(out, "  %lld of %lld%s\n", (long long)s.dead, (long long)s.units,
                      s.not_finite > 0 ? ", with NaN or Inf" : "");
    }
    return fflush(out) || ferror(out) ? TG_EIO : TG_OK;
}
