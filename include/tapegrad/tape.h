/* tape.h - the tape: what was computed, in order, with the memory that holds it.
 *
 * Each operation takes the tape as its first argument, computes at once and is recorded. The first
 * one that fails poisons the tape: the tape keeps the status and a message, and every later
 * operation on it returns NULL. A whole computation therefore needs one check at its end.
 *
 * A tape may be used by one thread at a time. Values of different tapes cannot be combined. */
#ifndef TAPEGRAD_TAPE_H
#define TAPEGRAD_TAPE_H

#include "tapegrad/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_tape tg_tape;

/* NULL when out of memory. free returns everything; NULL is allowed. */
tg_tape *tg_tape_new(void);
void tg_tape_free(tg_tape *t);

/* A tape that keeps its failure in the caller's err, which must outlive the tape. The same err can
 * be passed to data sets, optimizers and files, and then holds the first failure of all. While it
 * holds one, from whatever source, every operation on the tape returns NULL. A reset does not
 * clear it; the caller does, by assigning TG_ERROR_INIT. With err NULL this is tg_tape_new. */
tg_tape *tg_tape_new_on(tg_error *err);

/* Forgets all recorded values, and the failure unless it is in a caller's err, and drops the tape's
 * references: until then the tape keeps each leaf that an operation used, even if the caller frees
 * it. The memory is kept: from the second equal iteration on, recording does not call the
 * allocator. */
void tg_tape_reset(tg_tape *t);

/* The first failure since the last reset, or what the caller's err holds; TG_OK and "" when there
 * was none. */
tg_status tg_tape_status(const tg_tape *t);
const char *tg_tape_message(const tg_tape *t);
/* The tape's own error or the caller's, to pass to functions that take one; NULL for NULL. */
tg_error *tg_tape_error(tg_tape *t);

/* Poisons the tape; for layers of your own. The scope is appended to the message. Returns NULL.
 */
tg_tensor *tg_tape_fail(tg_tape *t, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* Anomaly mode: the first operation whose result holds NaN or Inf becomes the error
 * TG_ENAN. Off by default; reset keeps it. */
void tg_tape_set_anomaly(tg_tape *t, bool on);

/* Name the operations that follow, for messages, pictures and profiles. After pushing "hidden1"
 * and then "batch_norm" their scope is "hidden1/batch_norm". A pop without a push is ignored.
 * reset pops all names. */
void tg_scope_push(tg_tape *t, const char *name);
void tg_scope_pop(tg_tape *t);

/* Memory that lives until the reset, aligned for any element, and to 64 bytes if it is larger than
 * that. When out of memory, poisons the tape and returns NULL. */
void *tg_tape_alloc(tg_tape *t, size_t bytes);

/* The number of values on the tape, including leaves that were used; and the i-th of them in the
 * order of recording, NULL outside 0..size-1. */
int32_t tg_tape_size(const tg_tape *t);
tg_tensor *tg_tape_value(const tg_tape *t, int32_t i);

/* Bytes that the tape has allocated. */
size_t tg_tape_bytes(const tg_tape *t);

#ifdef __cplusplus
}
#endif
#endif
