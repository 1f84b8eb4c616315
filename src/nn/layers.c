/* layers.c - the affine layer, the gated linear unit and dropout. */
#include "ops/compose.h"
#include "src/options.h"
#include "tapegrad/nn.h"

tg_tensor *tg_affine(tg_tape *t, tg_tensor *x, tg_tensor *W, tg_tensor *b)
{
    tg_tensor *y = tg_matmul(t, x, W);
    return b ? tg_add(t, y, b) : y;
}

tg_tensor *tg_glu(tg_tape *t, tg_tensor *x, int axis)
{
    const char *outer = tgi_enter(t, "glu");
    tg_tensor *half[2];
    (void)tg_split(t, x, 2, NULL, axis, half);
    return tgi_leave(t, outer, tg_zmul(t, tg_sigmoid(t, half[1]), half[0]));
}

/* ---- dropout -------------------------------------------------------------------------------- */

tg_status tgi_dropout_form_check(const char *who, tg_dropout_form form, tg_error *err)
{
    if ((int)form >= TG_DROPOUT_INVERTED && form <= TG_DROPOUT_BOOK) return TG_OK;
    return tg_fail(err, TG_EARG, "%s: there is no dropout form %d", who, (int)form);
}

static bool dropout_valid(tg_tape *t, const char *who, const tg_tensor *x, double p,
                          tg_dropout_form form)
{
    tg_error err = TG_ERROR_INIT;
    if (!x) (void)tg_fail(&err, TG_EARG, "%s: x is NULL", who);
    if (!(p >= 0 && p < 1)) (void)tg_fail(&err, TG_EARG, "%s: p is %g, must be in [0, 1)", who, p);
    (void)tgi_dropout_form_check(who, form, &err);
    if (err.status) (void)tg_tape_fail(t, err.status, "%s", err.text);
    return err.status == TG_OK;
}

tg_tensor *tg_dropout_mask(tg_tape *t, tg_tensor *x, tg_tensor *mask, double p,
                           tg_dropout_form form)
{
    if (!dropout_valid(t, "dropout_mask", x, p, form)) return NULL;
    const char *outer = tgi_enter(t, "dropout_mask");
    tg_tensor *y = tg_mul(t, x, mask);
    if (form != TG_DROPOUT_BOOK) y = tg_mul(t, y, tg_scalar(t, 1 / (1 - p)));
    return tgi_leave(t, outer, y);
}

tg_tensor *tg_dropout(tg_tape *t, tg_tensor *x, double p, tg_dropout_form form, tg_rng *rng,
                      bool train)
{
    if (!dropout_valid(t, "dropout", x, p, form)) return NULL;
    if (p == 0) return tgi_unchanged(t, x);
    if (train && !rng)
        return tg_tape_fail(t, TG_EARG,
                            "dropout: rng is NULL, but training needs it to draw a mask");
    if (!train && form != TG_DROPOUT_BOOK) return tgi_unchanged(t, x);
    const char *outer = tgi_enter(t, "dropout");
    if (!train) return tgi_leave(t, outer, tg_mul(t, x, tg_scalar(t, 1 - p)));
    tg_tensor *mask = tg_bernoulli(t, rng, x->dtype, x->ndim, x->shape, 1 - p);
    return tgi_leave(t, outer, tg_dropout_mask(t, x, mask, p, form));
}
