/* dataset.h - the check of a data set, for those who take one (internal). */
#ifndef TAPEGRAD_SRC_DATASET_H
#define TAPEGRAD_SRC_DATASET_H

#include "tapegrad/data.h"

/* tg_dataset_check; err begins with who. */
tg_status tgi_dataset_check(const char *who, const tg_dataset *d, tg_error *err);

#endif
