/* status.c - the texts of the codes, and the error that keeps the first failure. */
#include "tapegrad/status.h"

#include <stdarg.h>

#include "graph/text.h"

const char *tg_status_text(tg_status status)
{
    static const char *const texts[] = {
#define X(code, text) text,
        TG_STATUS_LIST(X)
#undef X
    };
    const int i = (int)status;
    return i >= 0 && i < TG_STATUS_COUNT ? texts[i] : "unknown status";
}

tg_status tg_fail(tg_error *err, tg_status status, const char *format, ...)
{
    if (err && err->status == TG_OK) {
        va_list args;
        va_start(args, format);
        const int n = format ? tgi_vformat(err->text, sizeof err->text, format, args) : -1;
        va_end(args);
        if (n < 0) err->text[0] = '\0';
        tgi_make_printable(err->text, n >= (int)sizeof err->text);
        err->status = status;
    }
    return status;
}
