/* mlp.c - the multi-layer perceptron, composed of layers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/options.h"
#include "tapegrad/alloc.h"
#include "tapegrad/losses.h"
#include "tapegrad/model.h"

typedef struct mlp {
    tg_model model; /* first, so that a pointer to it points to the mlp */
    tg_mlp_options options;
    int64_t sizes[]; /* options.sizes points here */
} mlp;

/* "W" and 3 -> "W3". */
typedef struct name {
    char text[32];
} name;

static name named(const char *what, int layer)
{
    name k;
    (void)snprintf(k.text, sizeof k.text, "%s%d", what, layer);
    return k;
}

tg_mlp_options tg_mlp_defaults(void)
{
    return (tg_mlp_options){.made = TGI_MADE_MLP,
                            .dtype = TG_F32,
                            .activation = TG_RELU,
                            .init = tg_init_he(),
                            .bn = tg_batch_norm_book(),
                            .dropout_form = TG_DROPOUT_BOOK,
                            .loss_eps = 1e-7};
}

/* ---- forward and loss ----------------------------------------------------------------------- */

static tg_tensor *activate(tg_tape *t, tg_activation a, tg_tensor *x)
{
    switch (a) {
    case TG_RELU:
        return tg_relu(t, x);
    case TG_SIGMOID:
        return tg_sigmoid(t, x);
    case TG_TANH:
        return tg_tanh(t, x);
    default:
        return x;
    }
}

static tg_tensor *hidden(tg_tape *t, const mlp *m, int l, tg_tensor *x, const tg_pass *pass)
{
    const tg_mlp_options *o = &m->options;
    const tg_dict *p = m->model.params, *s = m->model.state;
    x = tg_affine(t, x, tg_param(t, p, named("W", l).text), tg_param(t, p, named("b", l).text));
    if (o->batch_norm)
        x = tg_batch_norm(t, x, tg_param(t, p, named("gamma", l).text),
                          tg_param(t, p, named("beta", l).text),
                          tg_param(t, s, named("running_mean", l).text),
                          tg_param(t, s, named("running_var", l).text), &o->bn, pass->train);
    x = activate(t, o->activation, x);
    if (o->dropout > 0 && pass->train && pass->masks)
        return tg_dropout_mask(t, x, pass->masks[l - 1], o->dropout, o->dropout_form);
    return tg_dropout(t, x, o->dropout, o->dropout_form, pass->rng, pass->train);
}

static tg_tensor *forward(tg_tape *t, const tg_model *model, tg_tensor *x, const tg_pass *pass)
{
    const mlp *m = model->self;
    const int layers = m->options.n_sizes - 1;
    for (int l = 1; l <= layers; l++) {
        tg_scope_push(t, named("layer", l).text);
        x = l < layers ? hidden(t, m, l, x, pass)
                       : tg_affine(t, x, tg_param(t, model->params, named("W", l).text),
                                   tg_param(t, model->params, named("b", l).text));
        tg_scope_pop(t);
    }
    return x;
}

static tg_tensor *loss(tg_tape *t, const tg_model *model, tg_tensor *y, tg_tensor *labels)
{
    const mlp *m = model->self;
    tg_cross_entropy_options entropy = tg_cross_entropy_defaults();
    entropy.eps = m->options.loss_eps;
    entropy.ignore_index = TG_IGNORE_NONE;
    tg_tensor *l = tg_cross_entropy(t, y, labels, &entropy);
    if (m->options.weight_decay == 0) return l;
    return tg_add(t, l, tg_l2_penalty(t, model->params, "W", m->options.weight_decay));
}

/* ---- making one ----------------------------------------------------------------------------- */

static tg_status check_options(const tg_mlp_options *o, tg_error *err)
{
    if (!o) return tg_fail(err, TG_EARG, "mlp: options is NULL");
    tg_status status = tgi_options_check("mlp", o->made, TGI_MADE_MLP, err);
    if (!status) status = tgi_batch_norm_check("mlp: bn", &o->bn, err);
    if (!status) status = tgi_init_check("mlp: init", &o->init, err);
    if (!status) status = tgi_dropout_form_check("mlp", o->dropout_form, err);
    if (status) return status;
    if (o->n_sizes < 2 || !o->sizes)
        return tg_fail(err, TG_EARG, "mlp: sizes must hold at least 2 numbers, inputs and outputs");
    for (int i = 0; i < o->n_sizes; i++)
        if (o->sizes[i] < 1)
            return tg_fail(err, TG_ESHAPE, "mlp: size %d is %lld, must be at least 1", i,
                           (long long)o->sizes[i]);
    if (!tg_dtype_is_float(o->dtype))
        return tg_fail(err, TG_EDTYPE, "mlp: dtype is %s, must be f32 or f64",
                       tg_dtype_name(o->dtype));
    if ((int)o->activation < TG_RELU || o->activation > TG_IDENTITY)
        return tg_fail(err, TG_EARG, "mlp: there is no activation %d", (int)o->activation);
    if (!(o->dropout >= 0 && o->dropout < 1))
        return tg_fail(err, TG_EARG, "mlp: dropout is %g, must be in [0, 1)", o->dropout);
    if (!(o->weight_decay >= 0 && isfinite(o->weight_decay)))
        return tg_fail(err, TG_EARG, "mlp: weight_decay is %g, must be at least 0",
                       o->weight_decay);
    if (!(o->loss_eps >= 0 && isfinite(o->loss_eps)))
        return tg_fail(err, TG_EARG, "mlp: loss_eps is %g, must be at least 0", o->loss_eps);
    return TG_OK;
}

/* Adds a vector of n equal values to d. */
static tg_status add_vector(tg_dict *d, const char *what, int l, tg_dtype dtype, int64_t n,
                            double value, tg_error *err)
{
    tg_tensor *x = tg_tensor_new(dtype, 1, &n, err);
    if (x && value != 0) (void)tg_tensor_fill(x, value, err);
    return tg_dict_take(d, named(what, l).text, x, err);
}

static tg_status add_layer(mlp *m, int l, tg_rng *rng, tg_error *err)
{
    const tg_mlp_options *o = &m->options;
    tg_dict *p = m->model.params, *s = m->model.state;
    const int64_t out = o->sizes[l];
    tg_tensor *W = tg_tensor_new(o->dtype, 2, (int64_t[]){o->sizes[l - 1], out}, err);
    tg_status status = W ? tg_init_fill(W, o->init, rng, err) : TG_ENOMEM;
    if (status) {
        tg_tensor_free(W);
        return status;
    }
    status = tg_dict_take(p, named("W", l).text, W, err);
    if (!status) status = add_vector(p, "b", l, o->dtype, out, 0, err);
    if (status || !o->batch_norm || l == o->n_sizes - 1) return status;
    status = add_vector(p, "gamma", l, o->dtype, out, 1, err);
    if (!status) status = add_vector(p, "beta", l, o->dtype, out, 0, err);
    if (!status) status = add_vector(s, "running_mean", l, o->dtype, out, 0, err);
    if (!status)
        status = add_vector(s, "running_var", l, o->dtype, out, o->bn.running_var_start, err);
    return status;
}

tg_model *tg_mlp_new(const tg_mlp_options *options, tg_rng *rng, tg_error *err)
{
    if (check_options(options, err)) return NULL;
    if (!rng) {
        (void)tg_fail(err, TG_EARG, "mlp: the generator is NULL");
        return NULL;
    }
    const size_t sizes = (size_t)options->n_sizes * sizeof *options->sizes;
    mlp *m = tg_calloc(1, sizeof *m + sizes);
    if (!m) {
        (void)tg_fail(err, TG_ENOMEM, "mlp: out of memory");
        return NULL;
    }
    memcpy(m->sizes, options->sizes, sizes);
    m->options = *options;
    m->options.sizes = m->sizes;
    m->model = (tg_model){.params = tg_dict_new(),
                          .state = tg_dict_new(),
                          .dtype = options->dtype,
                          .forward = forward,
                          .loss = loss,
                          .self = m};
    tg_status status = TG_OK;
    tg_rng draws = *rng; /* rng advances only on success */
    if (!m->model.params || !m->model.state) status = tg_fail(err, TG_ENOMEM, "mlp: out of memory");
    for (int l = 1; !status && l < options->n_sizes; l++) status = add_layer(m, l, &draws, err);
    if (!status) {
        *rng = draws;
        return &m->model;
    }
    tg_mlp_free(&m->model);
    return NULL;
}

void tg_mlp_free(tg_model *m)
{
    if (!m) return;
    tg_dict_free(m->params);
    tg_dict_free(m->state);
    tg_free(m);
}

const tg_mlp_options *tg_mlp_get_options(const tg_model *m)
{
    return m && m->forward == forward ? &((const mlp *)m->self)->options : NULL;
}
