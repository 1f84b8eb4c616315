/* op_sample.h - makes tensors from a sample of an operation (internal). */
#ifndef TAPEGRAD_SRC_OP_SAMPLE_H
#define TAPEGRAD_SRC_OP_SAMPLE_H

#include "tapegrad/dict.h"
#include "tapegrad/op.h"
#include "tapegrad/rng.h"

/* One input of a sample, written as KIND[SHAPE]:RANGE. */
typedef struct tgi_word {
    tg_dtype dtype; /* f64 for a float */
    bool is_float, sign;
    bool dominant; /* diagonally dominant square matrices */
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    double lo, hi;
} tgi_word;

/* Reads the next word and advances *text past it; false if there is none or it is malformed. */
bool tgi_word_read(const char **text, tgi_word *w);

/* A leaf with random elements in the word's range, which the caller frees. NULL on failure. */
tg_tensor *tgi_word_draw(const tgi_word *w, tg_dtype dtype, bool with_strides, tg_rng *rng,
                         tg_error *err);

/* Floats and others are in separate dicts, because only floats are differentiated. */
typedef struct tgi_sample {
    const tg_op *op;
    const char *attrs;
    int n;
    tg_tensor **inputs; /* borrowed from the dicts */
    tg_dict *floats, *others;
} tgi_sample;

/* Makes sample i of op with random elements and floats of this dtype. with_strides: every tensor
 * is a view with unusual strides. Call tgi_sample_free even after a failure. */
tg_status tgi_sample_make(tgi_sample *s, const tg_op *op, int i, tg_dtype dtype, bool with_strides,
                          uint64_t seed, tg_error *err);
void tgi_sample_free(tgi_sample *s);

/* Applies the operation to its sample; a tg_function whose user is the tgi_sample. */
tg_tensor *tgi_sample_apply(tg_tape *t, const tg_dict *x, void *user);

#endif
