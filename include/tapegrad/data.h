/* data.h - data sets: IDX files, MNIST, drawn digits, and the minibatches taken from them. */
#ifndef TAPEGRAD_DATA_H
#define TAPEGRAD_DATA_H

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- files ---------------------------------------------------------------------------------- */

/* Reads an IDX file, the format of MNIST, into a leaf that the caller frees. u8 -> u8, i8 i16
 * i32 -> i32, f32 -> f32, f64 -> f64, from big-endian. NULL on failure: TG_EIO, TG_ENOMEM,
 * TG_EFORMAT (no IDX file, or not of the size that its header promises). */
tg_tensor *tg_idx_load(const char *path, tg_error *err);

/* ---- data sets ------------------------------------------------------------------------------ */

/* To use data of your own, fill in this struct with leaves. */
typedef struct tg_dataset {
    /* (size, features), or another shape that begins with size. A network receives u8 images
     * divided by 255, and f32 and f64 images as they are. */
    tg_tensor *images;
    tg_tensor *labels; /* i32 (size), 0 .. classes-1 */
    int64_t size;
    int classes;
} tg_dataset;

/* Checks that d is as described above, as all functions do that train or evaluate with a data set.
 * TG_EARG (NULL, classes below 1), TG_ESHAPE, TG_EDTYPE, and TG_EINDEX for a label out of range,
 * "row 17: label 10, must be in 0..9". */
tg_status tg_dataset_check(const tg_dataset *d, tg_error *err);

/* Reads the four uncompressed files of MNIST, or of a data set in the same format, from dir:
 * train-images-idx3-ubyte, train-labels-idx1-ubyte and the two t10k-... files. Names with ".idx"
 * in place of "-idx" are accepted. images are (n, 784). Release both sets with tg_dataset_free.
 * On failure both are zeroed: TG_EIO, TG_ENOMEM, TG_EARG (NULL), TG_EFORMAT (also for images that
 * are not 28x28, a label above 9, or counts that differ). */
tg_status tg_mnist_load(const char *dir, tg_dataset *train, tg_dataset *test, tg_error *err);

/* The same with digits that the library draws (digits.h), without a file. train has digits
 * 0 .. n_train-1 of the endless set of seed, and test has digits 2^32, 2^32 + 1, ... On failure
 * both are zeroed: TG_EARG (NULL, or a count outside 0 .. 2^31-1), TG_ENOMEM. */
tg_status tg_digits_load(uint64_t seed, int64_t n_train, int64_t n_test, tg_dataset *train,
                         tg_dataset *test, tg_error *err);

/* Drops d's tensors and zeroes it; a zeroed or NULL d is left alone. */
void tg_dataset_free(tg_dataset *d);

/* Sets out to the first n rows of d, 0 <= n <= size, as views of its memory, which is freed when
 * both are released. out must not be d. On failure out is zeroed: TG_EARG, TG_ENOMEM. */
tg_status tg_dataset_head(const tg_dataset *d, int64_t n, tg_dataset *out, tg_error *err);

/* Divides d into a training and a validation set, both copies. The row numbers are shuffled by
 * tg_rng_shuffle; train receives the first n_train of them, 0 <= n_train <= size, and validation
 * the others. If rng is NULL, the rows keep their order. Neither set may be d. On failure both
 * are zeroed: TG_EARG, TG_ENOMEM. */
tg_status tg_dataset_split(const tg_dataset *d, int64_t n_train, tg_rng *rng, tg_dataset *train,
                           tg_dataset *validation, tg_error *err);

/* Records on t what a network receives. rows: i32 (n), row numbers such as tg_batches_next
 * returns; NULL for all rows.
 *   inputs  (n, features) in dtype (f32 or f64). For u8 images pixel / 255, rounded to f32; for
 *           others their values.
 *   labels  i32 (n)
 * NULL with the tape poisoned on failure: TG_EARG, TG_EDTYPE, TG_EINDEX. */
tg_tensor *tg_dataset_inputs(tg_tape *t, const tg_dataset *d, tg_tensor *rows, tg_dtype dtype);
tg_tensor *tg_dataset_labels(tg_tape *t, const tg_dataset *d, tg_tensor *rows);

/* ---- minibatches ---------------------------------------------------------------------------- */

typedef struct tg_batches tg_batches;

typedef struct tg_batches_options {
    uint32_t made;  /* by tg_batches_defaults(), see status.h */
    int64_t batch;  /* rows per batch, 100 */
    bool replace;   /* draw each row from all n, as numpy.random.choice(n, batch) does; false */
    bool drop_last; /* leave out the short batch at the end of an epoch; false */
} tg_batches_options;
tg_batches_options tg_batches_defaults(void);

/* Draws row numbers of a set of n rows, batch by batch. Without replace each epoch visits all rows
 * in a new random order. 1 <= n < 2^31, 1 <= batch < 2^31; with drop_last batch <= n. NULL on
 * failure: TG_EARG, TG_ENOMEM. */
tg_batches *tg_batches_new(int64_t n, tg_batches_options options, tg_rng rng, tg_error *err);
void tg_batches_free(tg_batches *b);

/* The next batch: an i32 leaf (batch) of row numbers, or a shorter one, (n % batch), at the end of
 * an epoch. tg_take(t, x, rows, 0) takes these rows of any tensor x, and tg_dataset_inputs those of
 * a data set. The leaf is borrowed, and later calls write the same two leaves again. Allocates
 * nothing and cannot fail; NULL for a NULL b. */
tg_tensor *tg_batches_next(tg_batches *b);

/* Batches in an epoch: n / batch, plus the short one unless it is dropped; with replace at least
 * 1. */
int64_t tg_batches_per_epoch(const tg_batches *b);

/* Epochs completed. The last batch of an epoch completes it. */
int64_t tg_batches_epoch(const tg_batches *b);

/* The position in the sequence of batches. The order of an epoch is tg_rng_shuffle of 0 .. n-1 by
 * rng with epoch * 2^32 added to its counter. With replace a row is tg_rng_next_below(&rng, n). */
typedef struct tg_batches_state {
    int64_t epoch;    /* epochs completed */
    int64_t position; /* batches drawn in this one, 0 .. per_epoch-1 */
    tg_rng rng;       /* moves only with replace */
} tg_batches_state;

/* After set, the same batches follow as followed the call of get, for the same n and options.
 * TG_EARG for a NULL b, a negative epoch or a position out of range; b does not change then. */
tg_batches_state tg_batches_get_state(const tg_batches *b);
tg_status tg_batches_set_state(tg_batches *b, tg_batches_state state, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
