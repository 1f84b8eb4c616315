/* model.h - a network as the trainer uses it; two networks of "Deep Learning from Scratch" (the
 * multi-layer perceptron and the simple convolutional network); ensembles of networks. */
#ifndef TAPEGRAD_MODEL_H
#define TAPEGRAD_MODEL_H

#include "tapegrad/init.h"
#include "tapegrad/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a network is run. */
typedef struct tg_pass {
    bool train;              /* false: evaluation */
    tg_rng *rng;             /* draws the dropout masks of a training pass */
    tg_tensor *const *masks; /* masks to use instead, one for each hidden layer; may be NULL */
} tg_pass;

/* A network: its tensors and two functions. It owns what it points to. */
typedef struct tg_model {
    tg_dict *params; /* what is trained */
    tg_dict *state;  /* other tensors that belong to it, such as running statistics; may be NULL */
    tg_dtype dtype;  /* of the inputs */
    /* inputs (N, ...) -> outputs (N, C) */
    tg_tensor *(*forward)(tg_tape *t, const struct tg_model *m, tg_tensor *x, const tg_pass *pass);
    /* outputs, i32 labels (N) -> the loss with its penalties, 0-d */
    tg_tensor *(*loss)(tg_tape *t, const struct tg_model *m, tg_tensor *y, tg_tensor *labels);
    const void *self; /* for these functions */
} tg_model;

/* ---- the multi-layer perceptron ------------------------------------------------------------- */

typedef enum tg_activation { TG_RELU, TG_SIGMOID, TG_TANH, TG_IDENTITY } tg_activation;

/* affine -> [batch_norm] -> activation -> [dropout] for each hidden layer, then affine: the
 * book's MultiLayerNetExtend. Parameters W1 b1 [gamma1 beta1] W2 b2 ..., W_l (in, out); state
 * running_mean1 running_var1 ... */
typedef struct tg_mlp_options {
    uint32_t made;                /* by tg_mlp_defaults(), see status.h */
    int n_sizes;                  /* at least 2 */
    const int64_t *sizes;         /* inputs, hidden layers, outputs; copied */
    tg_dtype dtype;               /* TG_F32 */
    tg_activation activation;     /* TG_RELU */
    tg_init init;                 /* He; biases start at 0 */
    bool batch_norm;              /* false */
    tg_batch_norm_options bn;     /* tg_batch_norm_book() */
    double dropout;               /* probability of dropping, 0 */
    tg_dropout_form dropout_form; /* TG_DROPOUT_BOOK */
    double weight_decay;          /* lambda of the L2 penalty on the W, 0 */
    double loss_eps;              /* eps of tg_cross_entropy, 1e-7 */
} tg_mlp_options;

tg_mlp_options tg_mlp_defaults(void);

/* The weights are drawn from rng, layer by layer. The caller frees it. NULL with TG_EARG,
 * TG_ESHAPE, TG_EDTYPE naming the option at fault, or TG_ENOMEM. */
tg_model *tg_mlp_new(const tg_mlp_options *options, tg_rng *rng, tg_error *err);
void tg_mlp_free(tg_model *m);

/* The options it was built with; NULL for a model of another kind. */
const tg_mlp_options *tg_mlp_get_options(const tg_model *m);

/* ---- the simple convolutional network ------------------------------------------------------- */

/* conv -> ReLU -> max pool -> affine -> ReLU -> affine: the book's SimpleConvNet (chapter 7).
 * Parameters W1 (filters, channels, kernel, kernel), b1 (filters), W2 (filters P Q, hidden), b2,
 * W3 (hidden, outputs), b3 with P = floor(H' / pool), H' = (height + 2 padding - kernel) / stride
 * + 1, floored; Q likewise; no state. Inputs are (N, channels, height, width), or as many numbers
 * in another shape that begins with N, such as that of tg_dataset_inputs. Otherwise TG_ESHAPE. */
typedef struct tg_simple_convnet_options {
    uint32_t made;                   /* by tg_simple_convnet_defaults(), see status.h */
    int64_t channels, height, width; /* of an image: 1, 28, 28 */
    int64_t filters;                 /* 30 */
    int64_t kernel;                  /* side of a filter, 5 */
    int64_t stride, padding;         /* of the convolution, 1 and 0 */
    int64_t pool;                    /* side and stride of the pooling window, 2 */
    int64_t hidden, outputs;         /* 100, 10 */
    tg_dtype dtype;                  /* TG_F32 */
    tg_init init;                    /* normal, std 0.01; biases start at 0 */
    double weight_decay;             /* lambda of the L2 penalty on the W, 0 */
    double loss_eps;                 /* eps of tg_cross_entropy, 1e-7 */
} tg_simple_convnet_options;

tg_simple_convnet_options tg_simple_convnet_defaults(void);

/* W1, W2, W3 are drawn from rng, each row by row. For W1 fan_in is channels kernel^2 and fan_out
 * is filters. options NULL: the defaults. The caller frees it. NULL with TG_EARG, TG_ESHAPE
 * (the kernel or the pooling window does not fit), TG_EDTYPE naming the option at fault, or
 * TG_ENOMEM. */
tg_model *tg_simple_convnet_new(const tg_simple_convnet_options *options, tg_rng *rng,
                                tg_error *err);
void tg_simple_convnet_free(tg_model *m);

/* The options it was built with; NULL for a model of another kind. */
const tg_simple_convnet_options *tg_simple_convnet_get_options(const tg_model *m);

/* ---- an ensemble ---------------------------------------------------------------------------- */

/* Combines n >= 1 trained models into one that averages their predictions. forward gives the
 * logarithm of the mean of softmax(outputs), which can be used as logits, for instance by
 * tg_accuracy. loss is -mean ln p[label]. All members take the same inputs in one dtype; labels
 * are i32. params and state hold the members' tensors as "0/W1", "1/W1", ... The members are
 * borrowed and must outlive the ensemble; the array is copied. The caller frees it. NULL with
 * TG_EARG, TG_EDTYPE, TG_ENOMEM. */
tg_model *tg_ensemble_new(int n, tg_model *const *members, tg_error *err);
void tg_ensemble_free(tg_model *m);

/* ---- any model ------------------------------------------------------------------------------ */

/* Call m->forward and m->loss. pass NULL means evaluation; m->forward itself never receives
 * NULL. */
tg_tensor *tg_model_forward(tg_tape *t, const tg_model *m, tg_tensor *x, const tg_pass *pass);
tg_tensor *tg_model_loss(tg_tape *t, const tg_model *m, tg_tensor *y, tg_tensor *labels);

#ifdef __cplusplus
}
#endif
#endif
