/* optimizer.h - what the files of the single optimizers share (internal).
 *
 * Such a file states its formula once, as three macros, and includes opt_loop.inc, which makes
 * update_f32 and update_f64 of it. */
#ifndef TAPEGRAD_SRC_OPTIMIZER_H
#define TAPEGRAD_SRC_OPTIMIZER_H

#include "tapegrad/optim.h"

typedef enum tgi_range {
    TGI_FRACTION,    /* [0, 1) */
    TGI_NOT_NEGATIVE /* [0, inf) */
} tgi_range;

/* One of an optimizer's options, to be checked. */
typedef struct tgi_option {
    const char *name;
    double value;
    tgi_range range;
} tgi_option;

/* tg_optimizer_new after a look at the options: TG_EARG, "Adam: beta1 is 1.5, must be in
 * [0, 1)". */
tg_optimizer *tgi_optimizer_make(const tg_optimizer_type *type, const void *options, double lr,
                                 const tgi_option *checks, int n, tg_error *err);

#endif
