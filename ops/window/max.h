/* max.h - the loops of the largest elements in windows. */
#ifndef TG_OPS_WINDOW_MAX_H
#define TG_OPS_WINDOW_MAX_H

#include "tapegrad/op.h"

size_t tgi_window_max_work(const tg_node *n);
void tgi_window_max_forward(const tg_node *n, void *work);
void tgi_window_max_share_forward(const tg_node *n, void *work);
void tgi_window_max_mean_forward(const tg_node *n, void *work);

#endif
