/* init.h - the initial values of weights. */
#ifndef TAPEGRAD_INIT_H
#define TAPEGRAD_INIT_H

#include "tapegrad/rng.h"
#include "tapegrad/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_init_scheme {
    TG_INIT_NORMAL,  /* the given std */
    TG_INIT_XAVIER,  /* sqrt(1 / fan_in), the book's form; for sigmoid and tanh */
    TG_INIT_GLOROT,  /* sqrt(2 / (fan_in + fan_out))  (Glorot and Bengio 2010) */
    TG_INIT_HE,      /* sqrt(2 / fan_in), for ReLU  (He et al. 2015) */
    TG_INIT_CONSTANT /* every element `value`: never for weights, see weight_init_symmetry */
} tg_init_scheme;

typedef struct tg_init {
    uint32_t made; /* by the functions below, see status.h */
    tg_init_scheme scheme;
    double std;   /* of TG_INIT_NORMAL; 0.01 in the book */
    bool uniform; /* false: normal; true: uniform with the same standard deviation */
    double value; /* of TG_INIT_CONSTANT */
} tg_init;

/* The presets: the schemes of He, Xavier (the book's) and Glorot, from a normal distribution; a
 * normal distribution of the given std; a constant; zeros. */
tg_init tg_init_he(void);
tg_init tg_init_xavier(void);
tg_init tg_init_glorot(void);
tg_init tg_init_normal(double std);
tg_init tg_init_constant(double value);
tg_init tg_init_zeros(void);

/* The standard deviation for a layer of fan_in inputs and fan_out outputs; 0 for fans < 1. */
double tg_init_std(tg_init init, int64_t fan_in, int64_t fan_out);

/* Fills leaf w with random numbers of mean 0 and that standard deviation, or with the constant.
 * fan_in and fan_out are the sizes of the first and the last axis of an (in, out) matrix; NORMAL
 * and CONSTANT need no fans and take any shape. Element j comes from word j of rng, which
 * advances. TG_EARG (also for a recorded value), TG_ESHAPE (not 2-D where fans are needed),
 * TG_EDTYPE (not a float dtype). */
tg_status tg_init_fill(tg_tensor *w, tg_init init, tg_rng *rng, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
