/* op_sample.h - one sample of an operation, made into tensors (internal). */
#ifndef TAPEGRAD_SRC_OP_SAMPLE_H
#define TAPEGRAD_SRC_OP_SAMPLE_H

#include "tapegrad/dict.h"
#include "tapegrad/op.h"

/* Floats stand in a dict, since they are what is differentiated. */
typedef struct tgi_sample {
    const tg_op *op;
    const char *attrs;
    int n;
    tg_tensor **inputs; /* borrowed from the dicts */
    tg_dict *floats, *others;
} tgi_sample;

/* Sample i of op with random elements; its floats are of dtype.  with_strides: every tensor looks
 * at its storage in a wild order.  Free it also after a failure. */
tg_status tgi_sample_make(tgi_sample *s, const tg_op *op, int i, tg_dtype dtype, bool with_strides,
                          uint64_t seed, tg_error *err);
void tgi_sample_free(tgi_sample *s);

/* The operation on its sample: a tg_function whose user is the tgi_sample. */
tg_tensor *tgi_sample_apply(tg_tape *t, const tg_dict *x, void *user);

#endif
