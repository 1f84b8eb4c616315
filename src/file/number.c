/* number.c - doubles as text that reads back as the same double, whatever the locale. */
#include "src/file/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t tgi_number_point(char *text)
{
    char *out = text;
    bool separator = false;
    for (const char *in = text; *in; in++) {
        const bool plain = (*in >= '0' && *in <= '9') || *in == '-' || *in == '+' || *in == 'e';
        if (plain)
            *out++ = *in;
        else if (!separator)
            *out++ = '.';
        separator = !plain;
    }
    *out = '\0';
    return (size_t)(out - text);
}

/* Whether 15 digits may read back as the same value as these 17. Rounding to 15 digits changes the
 * value by the last two digits, and reading tolerates half a unit of 2^-53, which is at most 11
 * units of the 17th digit. For most values this test avoids a second printf. */
static bool fifteen_may_do(const char *text)
{
    int digits = 0, tail = 0;
    for (const char *p = text; *p && *p != 'e'; p++) {
        if (*p < '0' || *p > '9' || (digits == 0 && *p == '0')) continue;
        digits++;
        tail = tail % 10 * 10 + (*p - '0');
    }
    return digits < 17 || tail <= 12 || tail >= 88;
}

size_t tgi_number_text(char text[TGI_NUMBER_MAX], double value)
{
    if (!isfinite(value)) {
        const char *name = isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        memcpy(text, name, strlen(name) + 1);
        return strlen(name);
    }
    (void)snprintf(text, TGI_NUMBER_MAX, "%.17g", value);
    const bool normal = fabs(value) >= DBL_MIN;
    for (int digits = normal && !fifteen_may_do(text) ? 16 : 15; digits <= 16; digits++) {
        char shorter[TGI_NUMBER_MAX];
        (void)snprintf(shorter, sizeof shorter, "%.*g", digits, value);
        if (strtod(shorter, NULL) != value) continue; /* both follow the locale */
        memcpy(text, shorter, sizeof shorter);
        break;
    }
    return tgi_number_point(text);
}
