/* diagnose_gradients.c - how large each gradient is relative to its weights. */
#include <math.h>
#include <string.h>

#include "src/file/number.h"
#include "src/options.h"
#include "tapegrad/alloc.h"
#include "tapegrad/diagnose.h"

const char *tg_gradient_state_name(tg_gradient_state state)
{
    static const char *const names[] = {"fine", "zero", "vanishing", "exploding", "not finite"};
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : "?";
}

tg_gradient_options tg_gradient_defaults(void)
{
    return (tg_gradient_options){.made = TGI_MADE_GRADIENT, .vanishing = 1e-5, .exploding = 100};
}

typedef struct magnitude {
    double norm, mean_abs, max_abs;
} magnitude;

/* The norm is computed from x / max|x|, so that squares do not overflow. */
static magnitude measure(const tg_tensor *x)
{
    magnitude s = {0, 0, 0};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < x->size; i++) {
        const double v = fabs(tg_tensor_get(x, i));
        sum += v;
        if (!(v <= s.max_abs)) s.max_abs = v; /* also if v is NaN */
        if (isnan(v)) break;
    }
    if (x->size > 0) s.mean_abs = sum / (double)x->size;
    if (s.max_abs == 0 || !isfinite(s.max_abs)) {
        s.norm = s.max_abs;
        return s;
    }
    for (int64_t i = 0; i < x->size; i++) {
        const double v = tg_tensor_get(x, i) / s.max_abs;
        squares += v * v;
    }
    s.norm = s.max_abs * sqrt(squares);
    return s;
}

static tg_gradient_state classify(const tg_gradient_stats *s, const tg_gradient_options *o)
{
    if (!isfinite(s->max_abs) || !isfinite(s->weight_norm)) return TG_GRADIENT_NOT_FINITE;
    if (s->max_abs == 0) return TG_GRADIENT_ZERO;
    if (s->ratio < o->vanishing) return TG_GRADIENT_VANISHING;
    return s->ratio > o->exploding ? TG_GRADIENT_EXPLODING : TG_GRADIENT_FINE;
}

tg_status tg_gradient_measure(const tg_dict *params, const tg_dict *grads,
                              const tg_gradient_options *options, tg_gradient_stats *stats,
                              tg_error *err)
{
    const tg_gradient_options o = options ? *options : tg_gradient_defaults();
    if (!params || !grads || !stats)
        return tg_fail(err, TG_EARG, "gradient_measure: %s is NULL",
                       !params  ? "params"
                       : !grads ? "grads"
                                : "stats");
    tg_status status = tgi_options_check("gradient_measure", o.made, TGI_MADE_GRADIENT, err);
    if (!status && !(o.vanishing >= 0 && o.exploding >= 0))
        status = tg_fail(err, TG_EARG, "gradient_measure: %s is %g, must be at least 0",
                         o.vanishing >= 0 ? "exploding" : "vanishing",
                         o.vanishing >= 0 ? o.exploding : o.vanishing);
    if (!status) status = tg_dict_match(params, "params", grads, "grads", err);
    if (status) return status;
    for (int i = 0; i < tg_dict_size(params); i++) {
        const tg_tensor *w = tg_dict_at(params, i);
        tg_gradient_stats *s = &stats[i];
        const magnitude g = measure(tg_dict_get(grads, tg_dict_key(params, i)));
        *s = (tg_gradient_stats){.key = tg_dict_key(params, i),
                                 .norm = g.norm,
                                 .weight_norm = measure(w).norm,
                                 .mean_abs = g.mean_abs,
                                 .max_abs = g.max_abs};
        s->ratio = s->weight_norm != 0 ? s->norm / s->weight_norm
                   : w->size > 0       ? s->norm / sqrt((double)w->size)
                                       : 0;
        s->state = classify(s, &o);
    }
    return TG_OK;
}

/* Writes "   1.23e-05", with a point in every locale. */
static void print_number(FILE *out, double value)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%.2e", value);
    if (isfinite(value)) (void)tgi_number_point(text);
    (void)fprintf(out, " %10s", text);
}

tg_status tg_gradient_print(const tg_dict *params, const tg_dict *grads,
                            const tg_gradient_options *options, FILE *out)
{
    if (!params || !grads || !out) return TG_EARG;
    const int n = tg_dict_size(params);
    tg_gradient_stats *stats = tg_calloc((size_t)n + 1, sizeof *stats);
    if (!stats) return TG_ENOMEM;
    const tg_status status = tg_gradient_measure(params, grads, options, stats, NULL);
    if (!status) (void)fprintf(out, "parameter         |gradient|   |weight|      ratio\n");
    for (int i = 0; i < n && !status; i++) {
        (void)fprintf(out, "%-17s", stats[i].key);
        print_number(out, stats[i].norm);
        print_number(out, stats[i].weight_norm);
        print_number(out, stats[i].ratio);
        (void)fprintf(out, "  %s\n", tg_gradient_state_name(stats[i].state));
    }
    tg_free(stats);
    if (status) return status;
    return fflush(out) || ferror(out) ? TG_EIO : TG_OK;
}
