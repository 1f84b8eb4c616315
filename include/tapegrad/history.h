/* history.h - the measurements of training runs, as rows (series, metric, step, value) of one
 * table. */
#ifndef TAPEGRAD_HISTORY_H
#define TAPEGRAD_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The rows in the order in which they were added. A row takes about 24 bytes of memory, because
 * each distinct series or metric text is stored once. */
typedef struct tg_history tg_history;

typedef struct tg_history_row {
    const char *series; /* "SGD"; borrowed from the history until it is freed */
    const char *metric; /* "train_loss"; borrowed likewise */
    int64_t step;
    double value;
} tg_history_row;

/* An empty history, to be freed with tg_history_free. NULL when out of memory. */
tg_history *tg_history_new(void);

/* Frees the history; NULL is allowed. */
void tg_history_free(tg_history *history);

/* Adds one row; the texts are copied. TG_EARG for a NULL series or metric, TG_ENOMEM. On failure
 * the row is missing. The history keeps its first failure and tg_history_write_csv reports it, so
 * a training loop need not check. A NULL history gives TG_EARG. */
tg_status tg_history_add(tg_history *history, const char *series, const char *metric, int64_t step,
                         double value);

/* Number of rows; 0 for NULL. */
size_t tg_history_size(const tg_history *history);

/* Row i, 0 <= i < size. TG_EINDEX outside, and *row is unchanged; TG_EARG for NULL. */
tg_status tg_history_get(const tg_history *history, size_t i, tg_history_row *row);

/* Writes all rows as CSV under the header "series,metric,step,value". Lines end in \n, and fields
 * with a comma, a quote or a line break are quoted (RFC 4180). Values are "nan", "inf", "-inf", or
 * have as many of 15 to 17 digits as are needed to read back the same double. The file is replaced
 * as a whole or, on failure, left unchanged. TG_EIO, TG_ENOMEM; TG_EARG for NULL. If rows are
 * missing (see tg_history_add), the others are written and the history's first failure is
 * returned. */
tg_status tg_history_write_csv(const tg_history *history, const char *path, tg_error *err);

/* One curve of a history, ready to be plotted: n points, x the steps, y the values. */
typedef struct tg_curve {
    size_t n;
    double *x; /* owned by the curve */
    double *y; /* in the same block as x */
} tg_curve;

/* Copies the rows of one series and metric, in the order in which they were added, to a curve that
 * the caller releases with tg_curve_free. TG_EKEY if there is no such row, TG_ENOMEM, TG_EARG for
 * NULL; *curve is then empty, which tg_curve_free accepts. */
tg_status tg_history_curve(const tg_history *history, const char *series, const char *metric,
                           tg_curve *curve, tg_error *err);

/* Frees the arrays and empties the curve; NULL is allowed. */
void tg_curve_free(tg_curve *curve);

/* Smooths a curve as the book's smooth_curve does: convolves y, mirrored at its ends, with a Kaiser
 * window of 11 points and beta 2. Writes n values to out, which must not be y. TG_ESHAPE for n <
 * 11. */
tg_status tg_smooth_curve(size_t n, const double *y, double *out, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
