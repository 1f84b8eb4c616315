/* text.c - formats messages: numbers with a point in every locale, one printable line of UTF-8. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* newlocale */
#endif

#include "graph/text.h"

#include <locale.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#ifdef LC_ALL_MASK
typedef struct plain_locale {
    locale_t plain, before;
} plain_locale;

static plain_locale plain_begin(void)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (plain_locale){plain, plain ? uselocale(plain) : (locale_t)0};
}

static void plain_end(plain_locale l)
{
    if (l.before) (void)uselocale(l.before);
    if (l.plain) freelocale(l.plain);
}
#else
typedef int plain_locale;
static plain_locale plain_begin(void) { return 0; }
static void plain_end(plain_locale l) { (void)l; }
#endif

int tgi_vformat(char *text, size_t size, const char *format, va_list args)
{
    const plain_locale l = plain_begin();
    const int n = vsnprintf(text, size, format, args);
    plain_end(l);
    return n;
}

int tgi_format(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = tgi_vformat(text, size, format, args);
    va_end(args);
    return n;
}

int tgi_print(FILE *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const plain_locale l = plain_begin();
    const int n = vfprintf(file, format, args);
    plain_end(l);
    va_end(args);
    return n;
}

/* The number of bytes that follow a lead byte, and the least character that needs so many; -1 if it
 * is not a lead byte. */
static int followers(unsigned char lead, uint32_t *least)
{
    if (lead >= 0xC2 && lead <= 0xDF) return *least = 0x80, 1;
    if (lead >= 0xE0 && lead <= 0xEF) return *least = 0x800, 2;
    if (lead >= 0xF0 && lead <= 0xF4) return *least = 0x10000, 3;
    return -1;
}

uint32_t tgi_utf8_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    if (*p == 0) return 0;
    ++*text; /* a malformed sequence costs one byte */
    if (*p < 0x80) return *p;
    uint32_t least = 0;
    const int n = followers(*p, &least);
    if (n < 0) return 0xFFFD;
    uint32_t c = *p & (0x3Fu >> n);
    for (int i = 1; i <= n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0xFFFD; /* also at the terminator */
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0xFFFD;
    *text += n;
    return c;
}

/* The character U+FFFD itself has three bytes. */
static bool is_malformed(uint32_t c, size_t bytes) { return c == 0xFFFD && bytes == 1; }

bool tgi_is_utf8(const char *text)
{
    for (const char *next = text; *text; text = next) {
        const uint32_t c = tgi_utf8_next(&next);
        if (is_malformed(c, (size_t)(next - text))) return false;
    }
    return true;
}

static bool breaks_line(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

/* The text ends within the character that begins here. */
static bool is_cut(const char *text)
{
    uint32_t least;
    const int n = followers((unsigned char)*text, &least);
    return n > 0 && strlen(text) <= (size_t)n;
}

void tgi_make_printable(char *text, bool cut)
{
    char *out = text;
    for (const char *in = text, *next = text; *in; in = next) {
        const uint32_t c = tgi_utf8_next(&next);
        const size_t n = (size_t)(next - in);
        const bool malformed = is_malformed(c, n);
        if (malformed && cut && is_cut(in)) break;
        if (malformed || breaks_line(c))
            *out++ = '?';
        else
            for (size_t i = 0; i < n; i++) *out++ = in[i];
    }
    *out = '\0';
}
