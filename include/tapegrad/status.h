/* status.h - how every function of tapegrad reports what went wrong.
 *
 * A function either returns a tg_status, or returns a pointer that is NULL on
 * failure. Those that can fail for more than one reason take a tg_error, which
 * keeps the first failure with a sentence that names the thing at fault. The
 * library never aborts, exits or prints.
 *
 * Options. A struct of options begins with `made`, a tag. Get the struct from the function that
 * is named beside this member, then set the fields that matter, except `made`. A struct without
 * the tag is refused with TG_EARG and the name of that function, because every field that was
 * forgotten in it would be 0.
 *
 * NULL. A pointer must not be NULL unless its function says what NULL means. If it is NULL
 * anyway, the function fails as for any other wrong argument: with TG_EARG, NULL or a poisoned
 * tape. A function that cannot report errors does nothing, or returns 0, NaN or "?". A function
 * that writes text accepts NULL with a size of 0. */
#ifndef TAPEGRAD_STATUS_H
#define TAPEGRAD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define TG_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define TG_PRINTF(text, first)
#endif

/* The one list of codes and their texts. */
#define TG_STATUS_LIST(X)                                                                          \
    X(TG_OK, "no error")                                                                           \
    X(TG_ENOMEM, "out of memory, or a size that memory cannot hold")                               \
    X(TG_EARG, "an argument is NULL or outside its range")                                         \
    X(TG_ESHAPE, "shapes do not fit together")                                                     \
    X(TG_EDTYPE, "dtypes do not fit together")                                                     \
    X(TG_EAXIS, "an axis is out of range or given twice")                                          \
    X(TG_EINDEX, "an index is out of range")                                                       \
    X(TG_EKEY, "a key is missing, unknown or given twice")                                         \
    X(TG_EGRAD, "the gradient asked for does not exist")                                           \
    X(TG_ENAN, "a computation produced NaN or Inf")                                                \
    X(TG_EIO, "reading or writing failed")                                                         \
    X(TG_EFORMAT, "a file is not what it claims to be")                                            \
    X(TG_ETAPE, "a tensor belongs to another tape, or to one that was reset")                      \
    X(TG_ESTOP, "a callback asked to stop")

typedef enum tg_status {
#define TG_STATUS_CODE(code, text) code,
    TG_STATUS_LIST(TG_STATUS_CODE)
#undef TG_STATUS_CODE
        TG_STATUS_COUNT
} tg_status;

/* The text of a code, never NULL; "unknown status" for a number outside the list. */
const char *tg_status_text(tg_status status);

/* The first failure of a series of calls. Start from TG_ERROR_INIT or zeroed memory, pass the same
 * tg_error to any number of calls, and check it once. Wherever a function takes a pointer to a
 * tg_error, NULL is allowed. */
typedef struct tg_error {
    tg_status status;
    char text[256]; /* one line of printable UTF-8, numbers with a point; cut when longer */
} tg_error;

#define TG_ERROR_INIT                                                                              \
    {                                                                                              \
        TG_OK, { 0 }                                                                               \
    }

/* Records a failure unless err already holds one or is NULL. In the text '?' stands for control
 * characters and for bytes that are not UTF-8, as names of files may hold them. Returns status,
 * so that a function can end with `return tg_fail(err, TG_ESHAPE, "...", ...)`. */
tg_status tg_fail(tg_error *err, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
