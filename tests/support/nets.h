/* nets.h - the options of small networks for tests. */
#ifndef TESTS_NETS_H
#define TESTS_NETS_H

#include "tapegrad/model.h"
#include "tests/support/suite.h"

/* Layers of these sizes, as in mlp_with(DIMS(784, 9, 10), true, 0.1, 0). */
static inline tg_mlp_options mlp_with(int n, const int64_t *sizes, bool batch_norm, double dropout,
                                      double weight_decay)
{
    tg_mlp_options o = tg_mlp_defaults();
    o.n_sizes = n;
    o.sizes = sizes;
    o.batch_norm = batch_norm;
    o.dropout = dropout;
    o.weight_decay = weight_decay;
    return o;
}

#endif
