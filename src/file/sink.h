/* sink.h - writes a file so that it appears whole or not at all (internal).
 *
 * The bytes go to a temporary file beside the target, which tgi_sink_close syncs to disk and
 * renames over the target. After a failure the temporary file is removed and the target is
 * unchanged. A sink keeps its first failure: make all calls, then check what tgi_sink_close
 * returns.
 *
 *     tgi_sink s;
 *     tgi_sink_open(&s, path);
 *     tgi_sink_text(&s, "hello\n");
 *     return tgi_sink_close(&s, err);
 */
#ifndef TAPEGRAD_SRC_SINK_H
#define TAPEGRAD_SRC_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "tapegrad/status.h"

typedef struct tgi_sink {
    uint64_t size;    /* bytes written so far */
    const char *path; /* as given, for messages; borrowed until tgi_sink_close */
    char *target;     /* the path with symbolic links followed: what the rename replaces */
    char *temporary;  /* path of the temporary file; NULL for a device, a pipe or a socket */
    char *buffer;
    size_t used; /* bytes in the buffer */
    int fd;      /* -1 when not open */
    tg_error failure;
} tgi_sink;

/* Opens path for writing. Symbolic links are followed and kept, even if their target does not
 * exist yet. A device, a pipe or a socket is written directly, and so are "/dev/stdout" and
 * "/dev/stderr". A failure is kept in s. Every open needs a close. */
void tgi_sink_open(tgi_sink *s, const char *path);

/* Appends n bytes. */
void tgi_sink_bytes(tgi_sink *s, const void *data, size_t n);

/* Appends a string without its terminator. */
void tgi_sink_text(tgi_sink *s, const char *text);

/* Appends text in printf's format, for integers and strings. For other numbers use
 * tgi_sink_number, because printf would follow the locale. A text of 1024 bytes or more is a
 * failure. */
void tgi_sink_format(tgi_sink *s, const char *format, ...) TG_PRINTF(2, 3);

/* Appends a number as tgi_number_text writes it. */
void tgi_sink_number(tgi_sink *s, double value);

/* Records a failure, so that tgi_sink_close discards what was written. */
void tgi_sink_fail(tgi_sink *s, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* Puts the file in place or, after a failure, removes the temporary file. Releases s in both
 * cases. TG_EIO ("cannot write 'out/xor.csv': No space left on device"), TG_ENOMEM, TG_EARG for a
 * NULL path, or what tgi_sink_fail gave. */
tg_status tgi_sink_close(tgi_sink *s, tg_error *err);

#endif
