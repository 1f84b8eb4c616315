/* npy.h - tensors in NumPy's files: .npy holds one, .npz a dict of them.
 *
 *     tg_npz_save("params.npz", model->params, &err);       and state, where a model has it
 *
 *     tg_dict *file = tg_npz_load("params.npz", &err);      into a model that was made alike
 *     tg_dict_copy(model->params, file, &err);              checks keys, shapes and dtypes
 *     tg_dict_free(file);
 *
 * No size that a file claims is believed before it is compared with the size of the file, so
 * a damaged or hostile file costs a TG_EFORMAT that names the file and what lies in it.
 * What is written goes to a temporary file beside the target, which it then replaces: the file is
 * there whole or as it was.  A symbolic link is followed and stays, also where it leads to nothing
 * yet.  So it is with every file that the library writes whole. */
#ifndef TAPEGRAD_NPY_H
#define TAPEGRAD_NPY_H

#include "tapegrad/dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a .npy file, version 1.0, 2.0 or 3.0, into a row-major leaf that the caller frees.
 *   <f4 -> f32   <f8 -> f64   <i4 -> i32   |u1 -> u8   |b1 -> u8 of 0 and 1
 *   |i1 <i2 <u2 <i8 -> i32, each value checked
 * Arrays in Fortran order are transposed; 0-d and empty ones are read like any other.  NULL on
 * failure: TG_EIO, TG_ENOMEM, TG_EFORMAT (also for bytes after the array). */
tg_tensor *tg_npy_load(const char *path, tg_error *err);

/* Writes x, a leaf or a recorded value of any strides, as version 1.0 in C order: byte for byte
 * what NumPy writes.  The file appears whole or not at all.  TG_EARG for NULL, TG_EIO, TG_ENOMEM.
 */
tg_status tg_npy_save(const char *path, const tg_tensor *x, tg_error *err);

/* Reads what numpy.savez writes: a zip archive of stored (not compressed) .npy members, with
 * zip64 and CRC-32.  Keys are the names without ".npy", in the order of the archive.  The caller
 * frees the dict.  NULL on failure, as above; TG_EFORMAT for a compressed member (savez_compressed)
 * or a name given twice. */
tg_dict *tg_npz_load(const char *path, tg_error *err);

/* Writes d for numpy.load and tg_npz_load.  The file appears whole or not at all.  TG_EARG for
 * NULL or a key that has more than 65531 bytes or is not UTF-8, TG_EIO, TG_ENOMEM. */
tg_status tg_npz_save(const char *path, const tg_dict *d, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
