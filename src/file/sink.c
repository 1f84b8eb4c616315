/* sink.c - writes a file so that it appears whole or not at all. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* POSIX 2008 with realpath */
#endif

#include "src/file/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "graph/text.h"
#include "src/file/number.h"
#include "tapegrad/alloc.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

enum {
    BUFFER_BYTES = 1 << 16,
    FORMAT_BYTES = 1024,
    BASE_MAX = 200,   /* bytes of the target's name that the temporary file's name repeats */
    SUFFIX_MAX = 32,  /* ".0123456789abcdef.tmp" and the terminator */
    SHOWN_PATH = 150, /* bytes of a path in a message, so that the reason fits as well */
};

/* strerror_r returns an int in POSIX and a char * in GNU. Which of them is declared depends on
 * macros that a build may set for all files. */
static const char *posix_text(int rc, const char *text) { return rc ? "unknown error" : text; }
static const char *gnu_text(const char *rc, const char *text) { return rc ? rc : text; }
#define ERROR_TEXT(rc, text) _Generic((rc), int : posix_text, char * : gnu_text)((rc), (text))

static void fail_errno(tgi_sink *s, int number)
{
    char text[96] = "";
    const char *reason = ERROR_TEXT(strerror_r(number, text, sizeof text), text);
    const size_t length = strlen(s->path);
    const bool cut = length > SHOWN_PATH;
    tg_fail(&s->failure, TG_EIO, "cannot write '%s%s': %s", cut ? "..." : "",
            cut ? s->path + (length - SHOWN_PATH) : s->path, reason);
}

static void no_memory(tgi_sink *s)
{
    tg_fail(&s->failure, TG_ENOMEM, "cannot write '%.*s': out of memory", SHOWN_PATH, s->path);
}

/* The standard descriptor that path names, or -1. */
static int standard_fd(const char *path)
{
    if (strcmp(path, "/dev/stdout") == 0) return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0) return STDERR_FILENO;
    return -1;
}

static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Creates the temporary file beside the target. O_EXCL guarantees a new name; pid and time only
 * make a second attempt unlikely. */
static int create_temporary(tgi_sink *s, mode_t mode)
{
    const size_t directory = directory_length(s->target);
    const size_t bytes = directory + BASE_MAX + SUFFIX_MAX;
    s->temporary = tg_malloc(bytes);
    if (!s->temporary || directory > INT_MAX) {
        no_memory(s);
        return -1;
    }
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        struct timespec now = {0, 0};
        (void)clock_gettime(CLOCK_REALTIME, &now);
        const unsigned long long tag = ((unsigned long long)getpid() << 32) ^
                                       ((unsigned long long)now.tv_sec << 20) ^
                                       (unsigned long long)now.tv_nsec ^ attempt;
        (void)snprintf(s->temporary, bytes, "%.*s%.*s.%016llx.tmp", (int)directory, s->target,
                       BASE_MAX, s->target + directory, tag);
        const int fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

/* The path that a dangling symbolic link leads to, where the file will be created. NULL with errno
 * or the failure set. */
static char *follow(tgi_sink *s)
{
    enum { LINKS_MAX = 40 };
    char at[PATH_MAX], link[PATH_MAX];
    size_t length = strlen(s->path);
    if (length >= sizeof at) return errno = ENAMETOOLONG, NULL;
    memcpy(at, s->path, length + 1);
    for (int i = 0; i < LINKS_MAX; i++) {
        const ssize_t n = readlink(at, link, sizeof link);
        if (n < 0) {
            char *target = tg_strdup(at);
            if (!target) no_memory(s);
            return target;
        }
        const size_t kept = link[0] == '/' ? 0 : directory_length(at);
        length = kept + (size_t)n;
        if (n == 0 || length >= sizeof at) return errno = n ? ENAMETOOLONG : ENOENT, NULL;
        memcpy(at + kept, link, (size_t)n);
        at[length] = '\0';
    }
    return errno = ELOOP, NULL;
}

/* Returns the descriptor to write to, or -1 with errno or the failure set. */
static int open_target(tgi_sink *s)
{
    const int standard = standard_fd(s->path);
    if (standard >= 0) return dup(standard);

    struct stat now;
    const bool exists = stat(s->path, &now) == 0;
    if (exists && !S_ISREG(now.st_mode)) return open(s->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (!exists && errno != ENOENT) return -1;
    /* rename alone would replace a read-only file */
    if (exists && access(s->path, W_OK) != 0) return -1;

    char real[PATH_MAX];
    if (!exists)
        s->target = follow(s);
    else if (!(s->target = tg_strdup(realpath(s->path, real) ? real : s->path)))
        no_memory(s);
    if (!s->target) return -1;
    const int fd = create_temporary(s, 0666);
    if (fd < 0 && s->temporary) {
        const int number = errno;
        tg_free(s->temporary); /* it was not created, so it must not be removed */
        s->temporary = NULL;
        errno = number;
    }
    /* this fails on file systems without modes, which is no reason to lose the data */
    if (fd >= 0 && exists) (void)fchmod(fd, now.st_mode & 0777);
    return fd;
}

void tgi_sink_open(tgi_sink *s, const char *path)
{
    *s = (tgi_sink){.path = path, .fd = -1, .failure = TG_ERROR_INIT};
    if (!path) {
        tg_fail(&s->failure, TG_EARG, "cannot write a file: its path is NULL");
        return;
    }
    s->buffer = tg_malloc(BUFFER_BYTES);
    if (!s->buffer) {
        no_memory(s);
        return;
    }
    errno = 0;
    s->fd = open_target(s);
    if (s->fd < 0 && s->failure.status == TG_OK) fail_errno(s, errno);
}

static void write_all(tgi_sink *s, const char *data, size_t n)
{
    while (n > 0 && s->failure.status == TG_OK) {
        const ssize_t done = write(s->fd, data, n);
        if (done > 0) {
            data += done;
            n -= (size_t)done;
        } else if (done == 0 || errno != EINTR) {
            fail_errno(s, done == 0 ? EIO : errno);
        }
    }
}

static void flush(tgi_sink *s)
{
    write_all(s, s->buffer, s->used);
    s->used = 0;
}

void tgi_sink_bytes(tgi_sink *s, const void *data, size_t n)
{
    if (s->failure.status != TG_OK || n == 0) return;
    s->size += n;
    if (n > BUFFER_BYTES - s->used) flush(s);
    if (n >= BUFFER_BYTES) {
        write_all(s, data, n);
        return;
    }
    memcpy(s->buffer + s->used, data, n);
    s->used += n;
}

void tgi_sink_text(tgi_sink *s, const char *text) { tgi_sink_bytes(s, text, strlen(text)); }

void tgi_sink_format(tgi_sink *s, const char *format, ...)
{
    char text[FORMAT_BYTES];
    va_list args;
    va_start(args, format);
    const int n = tgi_vformat(text, sizeof text, format, args);
    va_end(args);
    if (n < 0 || n >= (int)sizeof text)
        tgi_sink_fail(s, TG_EARG, "cannot write '%.*s': a formatted text exceeds %d bytes",
                      SHOWN_PATH, s->path ? s->path : "", FORMAT_BYTES - 1);
    else
        tgi_sink_bytes(s, text, (size_t)n);
}

void tgi_sink_number(tgi_sink *s, double value)
{
    char text[TGI_NUMBER_MAX];
    tgi_sink_bytes(s, text, tgi_number_text(text, value));
}

void tgi_sink_fail(tgi_sink *s, tg_status status, const char *format, ...)
{
    if (s->failure.status != TG_OK) return;
    char text[sizeof s->failure.text];
    va_list args;
    va_start(args, format);
    const int n = tgi_vformat(text, sizeof text, format, args);
    va_end(args);
    tg_fail(&s->failure, status, "%s", n < 0 ? tg_status_text(status) : text);
}

/* Makes the rename survive a power failure. The file is complete under either name, so it does not
 * matter if the file system cannot do this. */
static void sync_directory(tgi_sink *s)
{
    const size_t directory = directory_length(s->target);
    s->target[directory] = '\0';
    const int fd = open(directory ? s->target : ".", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    (void)close(fd);
}

tg_status tgi_sink_close(tgi_sink *s, tg_error *err)
{
    if (s->fd >= 0) {
        flush(s);
        if (s->failure.status == TG_OK && s->temporary && fsync(s->fd) != 0 && errno != EINVAL &&
            errno != ENOTSUP)
            fail_errno(s, errno);
        if (close(s->fd) != 0 && errno != EINTR) fail_errno(s, errno);
    }
    if (s->temporary) {
        if (s->failure.status == TG_OK && rename(s->temporary, s->target) != 0)
            fail_errno(s, errno);
        if (s->failure.status != TG_OK)
            (void)unlink(s->temporary);
        else
            sync_directory(s);
    }
    tg_free(s->temporary);
    tg_free(s->target);
    tg_free(s->buffer);
    const tg_error failure = s->failure;
    *s = (tgi_sink){.fd = -1, .failure = failure};
    if (failure.status != TG_OK) return tg_fail(err, failure.status, "%s", failure.text);
    return TG_OK;
}
