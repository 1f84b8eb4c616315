/* op_sample.h - one sample of an operation, made into tensors (internal). */
#ifndef TAPEGRAD_SRC_OP_SAMPLE_H
#define TAPEGRAD_SRC_OP_SAMPLE_H

#include "tapegrad/dict.h"
#include "tapegrad/op.h"
#include "tapegrad/rng.h"

/* A word of a sample's inputs: KIND[SHAPE]:RANGE. */
typedef struct tgi_word {
    tg_dtype dtype; /* f64 for a float */
    bool is_float, sign;
    bool dominant; /* square matrices whose diagonal dominates */
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    double lo, hi;
} tgi_word;

/* Reads the next word and moves text behind it; false when there is none or it cannot be read. */
bool tgi_word_read(const char **text, tgi_word *w);

/* A leaf with random elements in the word's range; the caller's, NULL on failure. */
tg_tensor *tgi_word_draw(const tgi_word *w, tg_dtype dtype, bool with_strides, tg_rng *rng,
                         tg_error *err);

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
