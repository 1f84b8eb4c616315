/* journal.c - the file of a search's finished trials. Each has a line, which is on disk before the
 * next trial begins, so that a search that was killed can continue. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/file/crc.h"
#include "src/file/number.h"
#include "src/search/search.h"
#include "tapegrad/alloc.h"

enum { SHOWN_PATH = 120, SHOWN_FIELD = 40 };

/* A growing text. */
typedef struct buffer {
    char *text;
    size_t used, room;
    bool failed;
} buffer;

struct tgi_journal {
    int fd;
    off_t size; /* of the whole lines: where the next line goes */
    buffer line;
    double *fields; /* values and results of the line that is read */
    tgi_crc crc;
};

static const char *shown_path(const char *path)
{
    const size_t n = strlen(path);
    return n > SHOWN_PATH ? path + (n - SHOWN_PATH) : path;
}

/* strerror_r returns an int in POSIX and a char * in GNU. Which of them is declared depends on
 * macros that a build may set for all files. */
static const char *posix_text(int rc, const char *text) { return rc ? "unknown error" : text; }
static const char *gnu_text(const char *rc, const char *text) { return rc ? rc : text; }
#define ERROR_TEXT(rc, text) _Generic((rc), int : posix_text, char * : gnu_text)((rc), (text))

static tg_status fail_errno(const tg_search *s, const char *verb, int number, tg_error *err)
{
    char text[96] = "";
    const char *reason = ERROR_TEXT(strerror_r(number, text, sizeof text), text);
    return tg_fail(err, TG_EIO, "search: cannot %s '%s': %s", verb, shown_path(s->o.journal),
                   reason);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static void put(buffer *p, const char *text)
{
    const size_t n = strlen(text) + 1;
    if (!p->failed && p->used + n > p->room) {
        const size_t room = 2 * (p->used + n) + 1024;
        char *grown = tg_realloc_array(p->text, room, 1);
        p->failed = !grown;
        if (grown) {
            p->text = grown;
            p->room = room;
        }
    }
    if (p->failed) return;
    memcpy(p->text + p->used, text, n);
    p->used += n - 1;
}

static void put_int(buffer *p, const char *before, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put(p, before);
    put(p, text);
}

static void put_number(buffer *p, const char *before, double value)
{
    char text[TGI_NUMBER_MAX];
    (void)tgi_number_text(text, value);
    put(p, before);
    put(p, text);
}

/* Writes the two lines at the start of a journal of this search. */
static void put_header(buffer *p, const tg_search *s)
{
    char seed[32];
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->o.seed);
    put(p, "# tapegrad search 1; method ");
    put(p, s->method);
    put(p, s->details);
    put(p, "; seed ");
    put(p, seed);
    put_int(p, "; budget ", s->o.budget);
    put_int(p, "; results ", s->o.n_results);
    put(p, s->o.minimize ? "; lowest is best" : "; highest is best");
    for (int j = 0; j < s->o.n_ranges; j++) {
        const tg_range *r = &s->ranges[j];
        put(p, "; ");
        put(p, r->name);
        put(p, " ");
        put(p, tgi_range_kind_name(r->kind));
        put_number(p, " ", r->lo);
        put_number(p, " ", r->hi);
        for (int i = 0; r->kind == TG_RANGE_CHOICE && i <= (int)r->hi; i++)
            if (r->without >> i & 1) put_int(p, " without ", i);
    }
    put(p, "; label ");
    put(p, s->o.label ? s->o.label : "");
    put(p, "\ntrial,rung,budget");
    for (int j = 0; j < s->o.n_ranges; j++) {
        put(p, ",");
        put(p, s->ranges[j].name);
    }
    put(p, ",score");
    for (int k = 1; k < s->o.n_results; k++) put_int(p, ",result", k);
    put(p, ",crc\n");
}

/* Reports the field in which the first line of the file differs. */
static tg_status refuse(const tg_search *s, const char *want, const char *got, size_t n,
                        tg_error *err)
{
    size_t field = 0, i = 0;
    while (i < n && want[i] == got[i] && want[i] != '\n') {
        if (want[i] == ';') field = i + 2;
        i++;
    }
    if (i < n && want[i] == '\n' && got[i] == '\n')
        return tg_fail(err, TG_EFORMAT, "search: line 2 of the journal '%s' is damaged",
                       shown_path(s->o.journal));
    if (field == 0)
        return tg_fail(err, TG_EFORMAT,
                       "search: '%s' is not the journal of a search, and was not changed",
                       shown_path(s->o.journal));
    int has = 0, asked = 0;
    while (has < SHOWN_FIELD && field + (size_t)has < n && !strchr(";\n", got[field + (size_t)has]))
        has++;
    while (asked < SHOWN_FIELD && !strchr(";\n", want[field + (size_t)asked])) asked++;
    return tg_fail(err, TG_EARG,
                   "search: '%s' is the journal of another search: there '%.*s', here '%.*s'",
                   shown_path(s->o.journal), has, got + field, asked, want + field);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_int(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    *value = v;
    return end != text && *end == '\0' && errno == 0;
}

/* Reads a number with a '.', even if the locale has another decimal point. */
static bool read_number(const char *text, double *value)
{
    const char *mark = localeconv()->decimal_point, *point = strchr(text, '.');
    const size_t n = strlen(text), width = point ? strlen(mark) : 0;
    const size_t head = point ? (size_t)(point - text) : n;
    char copy[2 * TGI_NUMBER_MAX], *end;
    if (n + width >= sizeof copy) return false;
    memcpy(copy, text, head);
    memcpy(copy + head, mark, width);
    memcpy(copy + head + width, point ? point + 1 : "", n - head + !point);
    *value = strtod(copy, &end);
    return end != copy && *end == '\0';
}

/* The field at *at, whose comma becomes a 0 byte; *at moves past it. */
static char *next_field(char **at)
{
    char *field = *at, *comma = field ? strchr(field, ',') : NULL;
    if (comma) *comma = '\0';
    *at = comma ? comma + 1 : NULL;
    return field;
}

static bool sum_is_right(const tgi_journal *j, const char *line, size_t n)
{
    char text[16];
    if (n < 9 || line[n - 9] != ',') return false;
    (void)snprintf(text, sizeof text, "%08lx",
                   (unsigned long)tgi_crc_update(&j->crc, 0, (const uint8_t *)line, n - 9));
    return memcmp(text, line + n - 8, 8) == 0;
}

/* Reads a line of n bytes, followed by a 0 byte, into s; false if it is damaged. */
static bool take_line(tg_search *s, char *line, size_t n)
{
    int64_t head[3] = {0};
    if (!sum_is_right(s->journal, line, n)) return false;
    line[n - 9] = '\0';
    char *at = line, *field;
    for (int k = 0; k < 3; k++)
        if (!(field = next_field(&at)) || !read_int(field, &head[k])) return false;
    const int64_t number = head[0], rung = head[1];
    if (number < 0 || rung < 0 || rung >= s->rungs || head[2] != s->budgets[rung]) return false;
    if (number >= s->trials) return true; /* an earlier call asked for more trials */
    const int values = s->o.n_ranges;
    double *fields = s->journal->fields;
    for (int k = 0; k < values + s->o.n_results; k++)
        if (!(field = next_field(&at)) || !read_number(field, &fields[k]) ||
            (k < values && !tgi_range_holds(&s->ranges[k], fields[k])))
            return false;
    if (at) return false;
    memcpy(tgi_values(s, number), fields, (size_t)values * sizeof *fields);
    memcpy(tgi_results(s, (int)rung, number), fields + values,
           (size_t)s->o.n_results * sizeof *fields);
    tgi_search_finish(s, (int)rung, number);
    return true;
}

/* Reads the lines after position `from` of text, the n bytes of the file followed by a 0 byte. */
static tg_status take_lines(tg_search *s, char *text, size_t n, size_t from, tg_error *err)
{
    for (int64_t row = 3; from < n; row++) {
        char *line = text + from, *end = memchr(line, '\n', n - from);
        if (!end) break;
        *end = '\0';
        const size_t length = (size_t)(end - line), next = from + length + 1;
        if (!take_line(s, line, length)) {
            if (next == n) break; /* the last line, of which not all blocks reached the disk */
            return tg_fail(err, TG_EFORMAT, "search: '%s': line %" PRId64 " is damaged",
                           shown_path(s->o.journal), row);
        }
        from = next;
    }
    s->journal->size = (off_t)from;
    return TG_OK;
}

/* ---- the file ------------------------------------------------------------------------------- */

static tg_status write_line(tg_search *s, tg_error *err)
{
    tgi_journal *j = s->journal;
    if (j->line.failed) return tg_fail(err, TG_ENOMEM, "search: out of memory for the journal");
    size_t done = 0;
    while (done < j->line.used) {
        const ssize_t n =
            pwrite(j->fd, j->line.text + done, j->line.used - done, j->size + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail_errno(s, "write", n < 0 ? errno : EIO, err);
        done += (size_t)n;
    }
    if (fsync(j->fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        return fail_errno(s, "write", errno, err);
    j->size += (off_t)done;
    return TG_OK;
}

/* Removes what follows the whole lines. */
static tg_status cut(tg_search *s, tg_error *err)
{
    return ftruncate(s->journal->fd, s->journal->size) == 0 ? TG_OK
                                                            : fail_errno(s, "write", errno, err);
}

static tg_status read_all(tg_search *s, char *text, size_t n, tg_error *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(s->journal->fd, text + done, n - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return fail_errno(s, "read", got < 0 ? errno : EIO, err);
        done += (size_t)got;
    }
    text[n] = '\0';
    return TG_OK;
}

/* Compares the header, in j->line, with the n bytes of the file and reads what follows. A file
 * that ends within the header is written again. */
static tg_status take_file(tg_search *s, char *text, size_t n, tg_error *err)
{
    const buffer *header = &s->journal->line;
    const size_t both = n < header->used ? n : header->used;
    if (memcmp(text, header->text, both) != 0) return refuse(s, header->text, text, both, err);
    tg_status status;
    if (n < header->used) {
        status = write_line(s, err);
    } else {
        status = take_lines(s, text, n, header->used, err);
        if (!status && (size_t)s->journal->size < n) status = cut(s, err);
    }
    return status;
}

static tg_status load(tg_search *s, tg_error *err)
{
    struct stat now;
    if (fstat(s->journal->fd, &now) != 0) return fail_errno(s, "open", errno, err);
    if (!S_ISREG(now.st_mode))
        return tg_fail(err, TG_EIO, "search: cannot open '%s': it is not a regular file",
                       shown_path(s->o.journal));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(s->journal->fd, F_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES))
        return tg_fail(err, TG_EIO, "search: '%s' is in use by another process",
                       shown_path(s->o.journal));
    if (fstat(s->journal->fd, &now) != 0) return fail_errno(s, "open", errno, err);
    char *text = (uint64_t)now.st_size < SIZE_MAX ? tg_malloc((size_t)now.st_size + 1) : NULL;
    put_header(&s->journal->line, s);
    if (!text || s->journal->line.failed) {
        tg_free(text);
        return tg_fail(err, TG_ENOMEM, "search: out of memory for the journal");
    }
    tg_status status = read_all(s, text, (size_t)now.st_size, err);
    if (!status) status = take_file(s, text, (size_t)now.st_size, err);
    tg_free(text);
    return status;
}

tg_status tgi_journal_open(tg_search *s, tg_error *err)
{
    s->journal = tg_calloc(1, sizeof *s->journal);
    if (!s->journal) return tg_fail(err, TG_ENOMEM, "search: out of memory for the journal");
    s->journal->fd = -1;
    s->journal->fields = tg_realloc_array(NULL, (size_t)s->o.n_ranges + (size_t)s->o.n_results,
                                          sizeof *s->journal->fields);
    if (!s->journal->fields)
        return tg_fail(err, TG_ENOMEM, "search: out of memory for the journal");
    tgi_crc_init(&s->journal->crc);
    do s->journal->fd = open(s->o.journal, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    while (s->journal->fd < 0 && errno == EINTR);
    return s->journal->fd < 0 ? fail_errno(s, "open", errno, err) : load(s, err);
}

tg_status tgi_journal_add(tg_search *s, int rung, int64_t number, tg_error *err)
{
    tgi_journal *j = s->journal;
    char sum[16];
    j->line.used = 0;
    j->line.failed = false;
    put_int(&j->line, "", number);
    put_int(&j->line, ",", rung);
    put_int(&j->line, ",", s->budgets[rung]);
    for (int k = 0; k < s->o.n_ranges; k++) put_number(&j->line, ",", tgi_values(s, number)[k]);
    for (int k = 0; k < s->o.n_results; k++)
        put_number(&j->line, ",", tgi_results(s, rung, number)[k]);
    if (!j->line.failed) {
        (void)snprintf(
            sum, sizeof sum, ",%08lx\n",
            (unsigned long)tgi_crc_update(&j->crc, 0, (const uint8_t *)j->line.text, j->line.used));
        put(&j->line, sum);
    }
    const tg_status status = write_line(s, err);
    if (status) (void)ftruncate(j->fd, j->size); /* if that fails, reading drops the line */
    return status;
}

void tgi_journal_close(tg_search *s)
{
    tgi_journal *j = s->journal;
    if (!j) return;
    if (j->fd >= 0) (void)close(j->fd);
    tg_free(j->line.text);
    tg_free(j->fields);
    tg_free(j);
    s->journal = NULL;
}
