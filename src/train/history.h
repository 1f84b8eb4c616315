/* history.h - functions for checkpoints (internal). */
#ifndef TAPEGRAD_SRC_HISTORY_H
#define TAPEGRAD_SRC_HISTORY_H

#include "tapegrad/history.h"

/* Makes room for tgi_history_replace with the same rows. Nothing visible changes. TG_ENOMEM. */
tg_status tgi_history_reserve(tg_history *history, const char *series, const tg_history_row *rows,
                              size_t n, tg_error *err);

/* Removes all rows of one series and adds n rows to it at the end; their own series is ignored.
 * Cannot fail. */
void tgi_history_replace(tg_history *history, const char *series, const tg_history_row *rows,
                         size_t n);

#endif
