/* recurrent.c - GRU and LSTM cells as compositions. */
#include "tapegrad/recurrent.h"

#include <stdio.h>

#include "ops/compose.h"
#include "tapegrad/nn.h"

static bool no_fit(tg_tape *t, const char *who, const char *name, const tg_tensor *x,
                   const char *must)
{
    char text[TG_DESCRIBE_SIZE];
    (void)tg_tape_fail(t, TG_ESHAPE, "%s: %s is %s, must be %s", who, name,
                       tg_tensor_describe(x, text, sizeof text), must);
    return false;
}

/* Checks that x W + b can be computed and has gates * H columns. */
static bool product_valid(tg_tape *t, const char *who, int gates, int64_t H, const tg_tensor *x,
                          const char *x_name, const tg_tensor *W, const char *W_name,
                          const tg_tensor *b, const char *b_name)
{
    char must[96];
    if (!tgi_operand(t, who, x) || !tgi_operand(t, who, W)) return false;
    if (b && !tgi_operand(t, who, b)) return false;
    if (x->ndim < 1) return no_fit(t, who, x_name, x, "(..., features)");
    const int64_t features = x->shape[x->ndim - 1];
    (void)snprintf(must, sizeof must, "(%lld, %d x %lld)", (long long)features, gates,
                   (long long)H);
    if (W->ndim != 2 || W->shape[0] != features || W->shape[1] / gates != H ||
        W->shape[1] % gates != 0)
        return no_fit(t, who, W_name, W, must);
    (void)snprintf(must, sizeof must, "(%d x %lld)", gates, (long long)H);
    if (b && (b->ndim != 1 || b->size != W->shape[1])) return no_fit(t, who, b_name, b, must);
    return true;
}

static bool cell_valid(tg_tape *t, const char *who, int gates, const tg_tensor *x,
                       const tg_tensor *h, const tg_tensor *Wx, const tg_tensor *Wh,
                       const tg_tensor *bx, const tg_tensor *bh)
{
    if (!tgi_operand(t, who, h)) return false;
    const int64_t H = h->ndim ? h->shape[h->ndim - 1] : 0;
    return product_valid(t, who, gates, H, h, "h", Wh, "Wh", bh, "bh") &&
           product_valid(t, who, gates, H, x, "x", Wx, "Wx", bx, "bx");
}

tg_tensor *tg_gru_cell(tg_tape *t, tg_tensor *x, tg_tensor *h, tg_tensor *Wx, tg_tensor *Wh,
                       tg_tensor *bx, tg_tensor *bh)
{
    tg_tensor *u[3], *v[3];
    if (!cell_valid(t, "gru_cell", 3, x, h, Wx, Wh, bx, bh)) return NULL;
    const char *outer = tgi_enter(t, "gru_cell");
    if (tg_split(t, tg_affine(t, x, Wx, bx), 3, NULL, -1, u) ||
        tg_split(t, tg_affine(t, h, Wh, bh), 3, NULL, -1, v))
        return tgi_leave(t, outer, NULL);
    tg_tensor *r = tg_sigmoid(t, tg_add(t, u[0], v[0]));
    tg_tensor *z = tg_sigmoid(t, tg_add(t, u[1], v[1]));
    tg_tensor *n = tg_tanh(t, tg_add(t, u[2], tg_mul(t, r, v[2])));
    return tgi_leave(t, outer, tg_add(t, n, tg_mul(t, z, tg_sub(t, h, n))));
}

tg_tensor *tg_lstm_cell(tg_tape *t, tg_tensor *x, tg_tensor *h, tg_tensor *c, tg_tensor *Wx,
                        tg_tensor *Wh, tg_tensor *bx, tg_tensor *bh, tg_tensor **c_next)
{
    tg_tensor *u[4];
    if (c_next) *c_next = NULL;
    if (!cell_valid(t, "lstm_cell", 4, x, h, Wx, Wh, bx, bh) || !tgi_operand(t, "lstm_cell", c))
        return NULL;
    if (!c_next) return tg_tape_fail(t, TG_EARG, "lstm_cell: c_next is NULL");
    if (!tg_tensor_same_shape(h, c)) {
        char must[TG_DESCRIBE_SIZE];
        (void)no_fit(t, "lstm_cell", "c", c, tg_tensor_describe(h, must, sizeof must));
        return NULL;
    }
    const char *outer = tgi_enter(t, "lstm_cell");
    tg_tensor *sum = tg_add(t, tg_affine(t, x, Wx, bx), tg_affine(t, h, Wh, bh));
    if (tg_split(t, sum, 4, NULL, -1, u)) return tgi_leave(t, outer, NULL);
    tg_tensor *i = tg_sigmoid(t, u[0]), *f = tg_sigmoid(t, u[1]);
    tg_tensor *g = tg_tanh(t, u[2]), *o = tg_sigmoid(t, u[3]);
    tg_tensor *next = tg_add(t, tg_mul(t, f, c), tg_mul(t, i, g));
    tg_tensor *y = tg_mul(t, o, tg_tanh(t, next));
    *c_next = y ? next : NULL;
    return tgi_leave(t, outer, y);
}
