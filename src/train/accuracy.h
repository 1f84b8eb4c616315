/* evaluate.h - evaluation on a tape that the caller has at hand. */
#ifndef TG_SRC_EVALUATE_H
#define TG_SRC_EVALUATE_H

#include "tapegrad/train.h"

/* tg_accuracy on t, which is reset. */
tg_status tgi_accuracy(tg_tape *t, const tg_model *model, const tg_dataset *data, int64_t rows,
                       double *accuracy, tg_error *err);

#endif
