/* init.c - initial weights. */
#include "tapegrad/init.h"

#include <math.h>

#include "ops/random/random.h"
#include "src/options.h"

tg_init tg_init_he(void) { return (tg_init){.made = TGI_MADE_INIT, .scheme = TG_INIT_HE}; }
tg_init tg_init_xavier(void) { return (tg_init){.made = TGI_MADE_INIT, .scheme = TG_INIT_XAVIER}; }
tg_init tg_init_glorot(void) { return (tg_init){.made = TGI_MADE_INIT, .scheme = TG_INIT_GLOROT}; }
tg_init tg_init_normal(double std)
{
    return (tg_init){.made = TGI_MADE_INIT, .scheme = TG_INIT_NORMAL, .std = std};
}
tg_init tg_init_zeros(void) { return tg_init_constant(0); }
tg_init tg_init_constant(double value)
{
    return (tg_init){.made = TGI_MADE_INIT, .scheme = TG_INIT_CONSTANT, .value = value};
}

double tg_init_std(tg_init init, int64_t fan_in, int64_t fan_out)
{
    if (fan_in < 1 || fan_out < 1) return 0;
    switch (init.scheme) {
    case TG_INIT_NORMAL:
        return init.std;
    case TG_INIT_XAVIER:
        return sqrt(1 / (double)fan_in);
    case TG_INIT_GLOROT:
        return sqrt(2 / ((double)fan_in + (double)fan_out));
    case TG_INIT_HE:
        return sqrt(2 / (double)fan_in);
    case TG_INIT_CONSTANT:
        return 0;
    default:
        return NAN;
    }
}

/* Uniform in [-b, b), with the numbers that tg_rng_uniform would give one by one. */
#define WITHIN (r->b * (2 * ((double)(int64_t)(word >> 11) * 0x1p-53) - 1))
TGI_RANDOM_FILL(uniform_f32, float, WITHIN)
TGI_RANDOM_FILL(uniform_f64, double, WITHIN)

static const tgi_random_fill uniform[TG_DTYPE_COUNT] = {
    [TG_F32] = uniform_f32, [TG_F64] = uniform_f64};

tg_status tgi_init_check(const char *who, const tg_init *init, tg_error *err)
{
    const tg_status status = tgi_options_check(who, init->made, TGI_MADE_INIT, err);
    if (status) return status;
    if ((int)init->scheme < TG_INIT_NORMAL || init->scheme > TG_INIT_CONSTANT)
        return tg_fail(err, TG_EARG, "%s: there is no scheme %d", who, (int)init->scheme);
    return TG_OK;
}

tg_status tg_init_fill(tg_tensor *w, tg_init init, tg_rng *rng, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    if (!w || !rng) return tg_fail(err, TG_EARG, "init: no tensor or no generator");
    if (!tg_dtype_is_float(w->dtype))
        return tg_fail(err, TG_EDTYPE, "init: %s is not a float tensor",
                       tg_tensor_describe(w, text, sizeof text));
    if (w->tape)
        return tg_fail(err, TG_EARG, "init: %s is a recorded value, no leaf",
                       tg_tensor_describe(w, text, sizeof text));
    const tg_status valid = tgi_init_check("init", &init, err);
    if (valid) return valid;
    const bool fans = init.scheme != TG_INIT_NORMAL && init.scheme != TG_INIT_CONSTANT;
    if (fans && w->ndim != 2)
        return tg_fail(err, TG_ESHAPE, "init: %s is not a matrix (in, out)",
                       tg_tensor_describe(w, text, sizeof text));
    const double std = fans ? tg_init_std(init, w->shape[0], w->shape[1]) : tg_init_std(init, 1, 1);
    const tg_status wrong = tgi_random_normal_check("init", w->dtype, 0, std, err);
    if (wrong) return wrong;
    if (init.scheme == TG_INIT_CONSTANT) {
        tg_rng_skip(rng, (uint64_t)w->size); /* later weights must not depend on it */
        return tg_tensor_fill(w, init.value, err);
    }
    const double half = sqrt(3.0) * std;
    if (tg_tensor_is_contiguous(w)) {
        const tgi_random_attrs r = {rng->seed, rng->stream, rng->counter,
                                    .b = init.uniform ? half : std, .dtype = w->dtype};
        tgi_random_run(&r, w->size, w->data,
                       (init.uniform ? uniform : tgi_random_normal)[w->dtype]);
        tg_tensor_touch(w);
        tg_rng_skip(rng, (uint64_t)w->size);
        return TG_OK;
    }
    for (int64_t i = 0; i < w->size; i++) {
        const uint64_t word = tg_rng_word(rng, (uint64_t)i);
        const double v =
            init.uniform ? half * (2 * tg_rng_unit(word) - 1) : std * tg_rng_normal(word);
        const tg_status status = tg_tensor_set(w, i, v, err);
        if (status) return status;
    }
    tg_rng_skip(rng, (uint64_t)w->size);
    return TG_OK;
}
