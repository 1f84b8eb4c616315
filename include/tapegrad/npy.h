/* npy.h - tensors in NumPy's files: .npy holds one, .npz a dict of them.
 *
 *     tg_npz_save("params.npz", model->params, &err);       likewise model->state, if not NULL
 *
 *     tg_dict *file = tg_npz_load("params.npz", &err);      into a model with the same options
 *     tg_dict_copy(model->params, file, &err);              checks keys, shapes and dtypes
 *     tg_dict_free(file);
 *
 * Every size that a file claims is first compared with the size of the file, so a damaged or
 * hostile file only leads to TG_EFORMAT, with a sentence that names the file and what is wrong in
 * it.
 *
 * A file is written under a temporary name beside the target and then renamed, so the target is
 * replaced as a whole or left unchanged. A symbolic link is followed and kept, even if its target
 * does not exist yet. The library writes all whole files in this way. */
#ifndef TAPEGRAD_NPY_H
#define TAPEGRAD_NPY_H

#include "tapegrad/dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a .npy file, version 1.0, 2.0 or 3.0, into a row-major leaf that the caller frees.
 *   <f4 -> f32   <f8 -> f64   <i4 -> i32   |u1 -> u8   |b1 -> u8 of 0 and 1
 *   |i1 <i2 <u2 <i8 -> i32, each value checked
 * Arrays in Fortran order are transposed. 0-d and empty arrays are accepted. NULL on failure:
 * TG_EIO, TG_ENOMEM, TG_EFORMAT (also for bytes after the array). */
tg_tensor *tg_npy_load(const char *path, tg_error *err);

/* Writes x, a leaf or a recorded value of any strides, as version 1.0 in C order, byte for byte as
 * NumPy does. The file appears whole or not at all. TG_EARG for NULL, TG_EIO, TG_ENOMEM. */
tg_status tg_npy_save(const char *path, const tg_tensor *x, tg_error *err);

/* Reads an archive of numpy.savez: a zip file of uncompressed .npy members, with zip64 and CRC-32.
 * Keys are the names without ".npy", in the order of the archive. The caller frees the dict. NULL
 * on failure, as above; TG_EFORMAT also for a compressed member (savez_compressed) or a repeated
 * name. */
tg_dict *tg_npz_load(const char *path, tg_error *err);

/* Writes d for numpy.load and tg_npz_load. The file appears whole or not at all. TG_EARG for NULL
 * or for a key that is longer than 65531 bytes or not UTF-8, TG_EIO, TG_ENOMEM. */
tg_status tg_npz_save(const char *path, const tg_dict *d, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
