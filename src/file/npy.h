/* npy.h - a .npy file inside another file (internal). */
#ifndef TAPEGRAD_SRC_NPY_H
#define TAPEGRAD_SRC_NPY_H

#include "src/file/source.h"

/* Reads the tensor in s, which is one whole .npy file. NULL on failure, as in tg_npy_load. */
tg_tensor *tgi_npy_read(const tgi_source *s, tg_error *err);

/* Calls put with the bytes of x's .npy file, piece by piece. Cannot fail. */
void tgi_npy_emit(const tg_tensor *x, void (*put)(void *to, const void *data, size_t n), void *to);

#endif
