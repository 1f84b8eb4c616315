/* normalise.h - normalisation within each example: layer, RMS, group and instance norm. Batch
 * normalisation, which works across examples, is in nn.h.
 *
 * All compute (x - mean) / sqrt(var + eps) * weight + bias. Mean and variance (divided by the
 * count, not by count - 1) are taken over the axes named below, and the gradient goes through both.
 * There is no difference between training and evaluation. weight and bias may be NULL: 1 and 0.
 * eps >= 0 (otherwise TG_EARG); PyTorch's is 1e-5. With eps 0 a constant row gives 0/0. TG_ESHAPE
 * names an operand that does not fit. */
#ifndef TAPEGRAD_NORMALISE_H
#define TAPEGRAD_NORMALISE_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Over the last n axes of x, 1 <= n <= ndim; weight and bias have the shape of these axes. (Ba,
 * Kiros and Hinton 2016) */
tg_tensor *tg_layer_norm(tg_tape *t, tg_tensor *x, int n, tg_tensor *weight, tg_tensor *bias,
                         double eps);

/* x / sqrt(mean(x^2) + eps) * weight over the last n axes. PyTorch's default eps is the dtype's
 * epsilon, 1.1920929e-7 or 2.220446e-16. (Zhang and Sennrich 2019) */
tg_tensor *tg_rms_norm(tg_tape *t, tg_tensor *x, int n, tg_tensor *weight, double eps);

/* x (N, C, ...) with 2..7 axes, weight and bias (C): over groups of C/groups channels and all axes
 * after C. groups >= 1 divides C. (Wu and He 2018) */
tg_tensor *tg_group_norm(tg_tape *t, tg_tensor *x, int64_t groups, tg_tensor *weight,
                         tg_tensor *bias, double eps);

/* x (N, C, ...) with at least 3 axes, weight and bias (C): over each channel of each example.
 * There are no running statistics. (Ulyanov, Vedaldi and Lempitsky 2016) */
tg_tensor *tg_instance_norm(tg_tape *t, tg_tensor *x, tg_tensor *weight, tg_tensor *bias,
                            double eps);

#ifdef __cplusplus
}
#endif
#endif
