/* history.h - what checkpoints need of a history (internal). */
#ifndef TAPEGRAD_SRC_HISTORY_H
#define TAPEGRAD_SRC_HISTORY_H

#include "tapegrad/history.h"

/* Makes room for tgi_history_replace of the same rows; nothing that can be seen changes.
 * TG_ENOMEM. */
tg_status tgi_history_reserve(tg_history *history, const char *series, const tg_history_row *rows,
                              size_t n, tg_error *err);

/* Puts n rows in the place of all rows of one series, at the end; the series of each is not looked
 * at.  Cannot fail. */
void tgi_history_replace(tg_history *history, const char *series, const tg_history_row *rows,
                         size_t n);

#endif
