/* sink.h - writes a file so that it is there whole or not at all (internal).
 *
 * The bytes go to a temporary file beside the target; closing it syncs it to the disk and
 * renames it over the target.  After any failure the temporary is removed and what stood at
 * the target is untouched.  The first failure sticks: a writer makes all its calls and looks
 * once, at what tgi_sink_close returns.
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
    uint64_t size;    /* bytes given so far, which is the offset of the next one */
    const char *path; /* as the caller named it, for messages; borrowed until the close */
    char *target;     /* the path with symbolic links followed: what the rename replaces */
    char *temporary;  /* NULL when the bytes go straight into a device, a pipe or a socket */
    char *buffer;
    size_t used; /* bytes in the buffer */
    int fd;      /* -1 when not open */
    tg_error failure;
} tgi_sink;

/* Opens path for writing.  Symbolic links are followed, also where what they lead to is not there
 * yet: it is made, and the link stays.  A device, a pipe or a socket is written directly; so are
 * "/dev/stdout" and "/dev/stderr", whatever they lead to.  Never fails visibly: the failure
 * is kept.  Every open needs its close. */
void tgi_sink_open(tgi_sink *s, const char *path);

/* Appends bytes as they are. */
void tgi_sink_bytes(tgi_sink *s, const void *data, size_t n);

/* Appends a string without its terminator. */
void tgi_sink_text(tgi_sink *s, const char *text);

/* Appends printf's result, for integers and strings; reals would follow the locale, so they
 * have tgi_sink_number.  A result of 1024 bytes or more is a failure, never cut. */
void tgi_sink_format(tgi_sink *s, const char *format, ...) TG_PRINTF(2, 3);

/* Appends a number as tgi_number_text writes it. */
void tgi_sink_number(tgi_sink *s, double value);

/* Records a failure of the caller's own, so that the close discards what was written. */
void tgi_sink_fail(tgi_sink *s, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* Puts the file in place, or after a failure removes the temporary; releases s either way.
 * TG_EIO ("cannot write 'out/xor.csv': No space left on device"), TG_ENOMEM, TG_EARG for a
 * NULL path, or what tgi_sink_fail gave. */
tg_status tgi_sink_close(tgi_sink *s, tg_error *err);

#define TGI_NUMBER_MAX 32

/* Writes the shortest of %.15g, %.16g and %.17g that reads back as the same double, with '.'
 * whatever the locale; "nan", "inf" and "-inf" for the rest.  Returns the length. */
size_t tgi_number_text(char text[TGI_NUMBER_MAX], double value);

/* Replaces the locale's decimal separator, which may be several bytes long, by '.' in what
 * printf made of one finite number.  Returns the new length. */
size_t tgi_number_point(char *text);

#endif
