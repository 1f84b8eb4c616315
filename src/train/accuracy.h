/* accuracy.h - accuracy, computed on a tape of the caller (internal). */
#ifndef TAPEGRAD_SRC_ACCURACY_H
#define TAPEGRAD_SRC_ACCURACY_H

#include "tapegrad/train.h"

/* tg_accuracy on t, which is reset. */
tg_status tgi_accuracy(tg_tape *t, const tg_model *model, const tg_dataset *data, int64_t rows,
                       double *accuracy, tg_error *err);

#endif
