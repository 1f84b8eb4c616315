/* progress.h - a progress bar for programs; the library itself is silent. */
#ifndef TAPEGRAD_PROGRESS_H
#define TAPEGRAD_PROGRESS_H

#include <stdio.h>

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* On a terminal this shows one line with a bar, the rate, the time left and a text of metrics,
 * redrawn at most ten times a second. Elsewhere it prints a plain line after each tenth of the
 * work. */
typedef struct tg_progress {
    FILE *out;
    const char *label;
    int64_t total;
    bool terminal;
    int64_t tenths;      /* plain lines written */
    double start, drawn; /* seconds */
} tg_progress;

/* out may be stderr, for instance; NULL prints nothing. label is borrowed. */
tg_progress tg_progress_start(FILE *out, const char *label, int64_t total);

/* Says that `done` of `total` are done. metrics may be NULL. */
void tg_progress_update(tg_progress *p, int64_t done, const char *metrics);

/* Ends the line with the time that the work took. */
void tg_progress_end(tg_progress *p, const char *metrics);

#ifdef __cplusplus
}
#endif
#endif
