/* dataset.h - for functions that load or use data sets (internal). */
#ifndef TAPEGRAD_SRC_DATASET_H
#define TAPEGRAD_SRC_DATASET_H

#include "tapegrad/data.h"

/* Zeroes both sets; false if one of them is NULL. */
bool tgi_datasets_clear(tg_dataset *train, tg_dataset *test);

/* Returns status, and frees both sets if it is a failure. */
tg_status tgi_datasets_return(tg_status status, tg_dataset *train, tg_dataset *test);

/* tg_dataset_check; who begins the message. */
tg_status tgi_dataset_check(const char *who, const tg_dataset *d, tg_error *err);

#endif
