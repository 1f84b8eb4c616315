/* simple_convnet.c - the book's SimpleConvNet: one convolution and two affine layers. */
#include <math.h>

#include "src/options.h"
#include "tapegrad/alloc.h"
#include "tapegrad/conv.h"
#include "tapegrad/losses.h"
#include "tapegrad/model.h"

typedef struct convnet {
    tg_model model; /* first, so that a pointer to it points to the convnet */
    tg_simple_convnet_options options;
} convnet;

tg_simple_convnet_options tg_simple_convnet_defaults(void)
{
    return (tg_simple_convnet_options){.made = TGI_MADE_SIMPLE_CONVNET,
                                       .channels = 1,
                                       .height = 28,
                                       .width = 28,
                                       .filters = 30,
                                       .kernel = 5,
                                       .stride = 1,
                                       .pool = 2,
                                       .hidden = 100,
                                       .outputs = 10,
                                       .dtype = TG_F32,
                                       .init = tg_init_normal(0.01),
                                       .loss_eps = 1e-7};
}

/* ---- forward and loss ----------------------------------------------------------------------- */

/* x reshaped to (N, C, H, W). */
static tg_tensor *images_of(tg_tape *t, const tg_simple_convnet_options *o, tg_tensor *x)
{
    char text[TG_DESCRIBE_SIZE];
    if (!x || tg_tape_status(t)) return NULL;
    int64_t left = o->channels * o->height * o->width; /* the pixels, divided by the axes so far */
    for (int i = 1; i < x->ndim; i++)
        left = x->shape[i] > 0 && left % x->shape[i] == 0 ? left / x->shape[i] : 0;
    if (x->ndim == 0 || left != 1)
        return tg_tape_fail(t, TG_ESHAPE, "convnet: x is %s, must be (N, %lld, %lld, %lld)",
                            tg_tensor_describe(x, text, sizeof text), (long long)o->channels,
                            (long long)o->height, (long long)o->width);
    return tg_reshape(t, x, 4, (const int64_t[]){x->shape[0], o->channels, o->height, o->width});
}

static tg_tensor *affine(tg_tape *t, const tg_model *m, tg_tensor *x, const char *W, const char *b)
{
    return tg_affine(t, x, tg_param(t, m->params, W), tg_param(t, m->params, b));
}

static tg_tensor *forward(tg_tape *t, const tg_model *m, tg_tensor *x, const tg_pass *pass)
{
    const tg_simple_convnet_options *o = &((const convnet *)m->self)->options;
    const tg_pool_options pool = tg_pool_defaults(o->pool);
    tg_conv_options conv = tg_conv_defaults();
    conv.stride[0] = conv.stride[1] = o->stride;
    conv.padding[0] = conv.padding[1] = o->padding;
    (void)pass; /* training and evaluation are the same */
    tg_scope_push(t, "conv");
    tg_tensor *W = tg_param(t, m->params, "W1"), *b = tg_param(t, m->params, "b1");
    x = tg_conv2d(t, images_of(t, o, x), W, NULL, &conv);
    /* Adding a bias to a channel and ReLU are monotonic, rounding included. So the pooling can
     * come first, which leaves fewer elements for them. */
    x = tg_max_pool2d(t, x, &pool);
    x = tg_relu(t, tg_add(t, x, tg_reshape(t, b, 3, (const int64_t[]){o->filters, 1, 1})));
    tg_scope_pop(t);
    if (!x) return NULL;
    const int64_t flat[] = {x->shape[0], x->shape[1] * x->shape[2] * x->shape[3]};
    tg_scope_push(t, "hidden");
    x = tg_relu(t, affine(t, m, tg_reshape(t, x, 2, flat), "W2", "b2"));
    tg_scope_pop(t);
    tg_scope_push(t, "output");
    x = affine(t, m, x, "W3", "b3");
    tg_scope_pop(t);
    return x;
}

static tg_tensor *loss(tg_tape *t, const tg_model *m, tg_tensor *y, tg_tensor *labels)
{
    const tg_simple_convnet_options *o = &((const convnet *)m->self)->options;
    tg_cross_entropy_options entropy = tg_cross_entropy_defaults();
    entropy.eps = o->loss_eps;
    entropy.ignore_index = TG_IGNORE_NONE;
    tg_tensor *l = tg_cross_entropy(t, y, labels, &entropy);
    if (o->weight_decay == 0) return l;
    return tg_add(t, l, tg_l2_penalty(t, m->params, "W", o->weight_decay));
}

/* ---- making one ----------------------------------------------------------------------------- */

static tg_status check_counts(const tg_simple_convnet_options *o, tg_error *err)
{
    const struct {
        const char *name;
        int64_t value, least;
    } counts[] = {{"channels", o->channels, 1}, {"height", o->height, 1}, {"width", o->width, 1},
                  {"filters", o->filters, 1},   {"kernel", o->kernel, 1}, {"stride", o->stride, 1},
                  {"padding", o->padding, 0},   {"pool", o->pool, 1},     {"hidden", o->hidden, 1},
                  {"outputs", o->outputs, 1}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value < counts[i].least || counts[i].value > INT32_MAX)
            return tg_fail(err, TG_EARG, "convnet: %s is %lld, must be in %lld..%lld",
                           counts[i].name, (long long)counts[i].value, (long long)counts[i].least,
                           (long long)INT32_MAX);
    return TG_OK;
}

static tg_status check_options(const tg_simple_convnet_options *o, tg_error *err)
{
    tg_status status = tgi_options_check("convnet", o->made, TGI_MADE_SIMPLE_CONVNET, err);
    if (!status) status = tgi_init_check("convnet: init", &o->init, err);
    if (!status) status = check_counts(o, err);
    if (status) return status;
    if (!tg_dtype_is_float(o->dtype))
        return tg_fail(err, TG_EDTYPE, "convnet: dtype is %s, must be f32 or f64",
                       tg_dtype_name(o->dtype));
    if (!(o->weight_decay >= 0 && isfinite(o->weight_decay)))
        return tg_fail(err, TG_EARG, "convnet: weight_decay is %g, must be at least 0",
                       o->weight_decay);
    if (!(o->loss_eps >= 0 && isfinite(o->loss_eps)))
        return tg_fail(err, TG_EARG, "convnet: loss_eps is %g, must be at least 0", o->loss_eps);
    return TG_OK;
}

/* The size of an axis of `size` pixels after convolution and pooling; 0 if one of them does not
 * fit. */
static int64_t pooled(const tg_simple_convnet_options *o, int64_t size)
{
    const int64_t room = size + 2 * o->padding - o->kernel;
    return room < 0 ? 0 : (room / o->stride + 1) / o->pool;
}

/* Counts the inputs of the first affine layer. */
static tg_status count_features(const tg_simple_convnet_options *o, int64_t *features,
                                tg_error *err)
{
    const int64_t p = pooled(o, o->height), q = pooled(o, o->width);
    if (p < 1 || q < 1)
        return tg_fail(
            err, TG_ESHAPE,
            "convnet: kernel %lld with padding %lld, then pool %lld, do not fit an image "
            "of (%lld,%lld)",
            (long long)o->kernel, (long long)o->padding, (long long)o->pool, (long long)o->height,
            (long long)o->width);
    if (p > INT64_MAX / o->filters / q || o->height * o->width > INT64_MAX / o->channels)
        return tg_fail(err, TG_ENOMEM, "convnet: the images are too large");
    *features = p * q * o->filters;
    return TG_OK;
}

/* Fills W, a matrix (in, out) or filters (out, in...), row by row. */
static tg_status draw(tg_tensor *W, tg_init init, tg_rng *rng, tg_error *err)
{
    const int64_t shape[] = {W->shape[0], W->size / W->shape[0]}, strides[] = {shape[1], 1};
    const bool filters = W->ndim > 2;
    init.std = tg_init_std(init, shape[filters], shape[!filters]);
    init.scheme = TG_INIT_NORMAL; /* with this std, so that tg_init_fill ignores the fans */
    tg_tensor *matrix = tg_tensor_view(W, 2, shape, strides, 0, err);
    const tg_status status = matrix ? tg_init_fill(matrix, init, rng, err) : TG_ENOMEM;
    tg_tensor_free(matrix);
    return status;
}

/* Adds a random W, and b (out) of zeros. */
static tg_status add_layer(convnet *m, const char *W_key, const char *b_key, int ndim,
                           const int64_t *shape, int64_t out, tg_rng *rng, tg_error *err)
{
    const tg_simple_convnet_options *o = &m->options;
    tg_tensor *W = tg_tensor_new(o->dtype, ndim, shape, err);
    tg_status status = W ? draw(W, o->init, rng, err) : TG_ENOMEM;
    if (!status) status = tg_dict_set(m->model.params, W_key, W, err);
    tg_tensor_free(W);
    if (status) return status;
    return tg_dict_take(m->model.params, b_key, tg_tensor_new(o->dtype, 1, &out, err), err);
}

static tg_status add_layers(convnet *m, int64_t features, tg_rng *rng, tg_error *err)
{
    const tg_simple_convnet_options *o = &m->options;
    const int64_t filters[] = {o->filters, o->channels, o->kernel, o->kernel};
    const int64_t hidden[] = {features, o->hidden}, output[] = {o->hidden, o->outputs};
    tg_status status = add_layer(m, "W1", "b1", 4, filters, o->filters, rng, err);
    if (!status) status = add_layer(m, "W2", "b2", 2, hidden, o->hidden, rng, err);
    return status ? status : add_layer(m, "W3", "b3", 2, output, o->outputs, rng, err);
}

tg_model *tg_simple_convnet_new(const tg_simple_convnet_options *options, tg_rng *rng,
                                tg_error *err)
{
    const tg_simple_convnet_options o = options ? *options : tg_simple_convnet_defaults();
    int64_t features = 0;
    if (check_options(&o, err) || count_features(&o, &features, err)) return NULL;
    if (!rng) {
        (void)tg_fail(err, TG_EARG, "convnet: the generator is NULL");
        return NULL;
    }
    convnet *m = tg_calloc(1, sizeof *m);
    if (!m) {
        (void)tg_fail(err, TG_ENOMEM, "convnet: out of memory");
        return NULL;
    }
    m->options = o;
    m->model = (tg_model){
        .params = tg_dict_new(), .dtype = o.dtype, .forward = forward, .loss = loss, .self = m};
    tg_rng draws = *rng; /* rng advances only on success */
    tg_status status = m->model.params ? add_layers(m, features, &draws, err)
                                       : tg_fail(err, TG_ENOMEM, "convnet: out of memory");
    if (!status) {
        *rng = draws;
        return &m->model;
    }
    tg_simple_convnet_free(&m->model);
    return NULL;
}

void tg_simple_convnet_free(tg_model *m)
{
    if (!m) return;
    tg_dict_free(m->params);
    tg_free(m);
}

const tg_simple_convnet_options *tg_simple_convnet_get_options(const tg_model *m)
{
    return m && m->forward == forward ? &((const convnet *)m->self)->options : NULL;
}
