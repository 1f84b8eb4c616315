/* digits.h - an endless data set of digits that the library draws: 28x28 grey bytes, ten classes,
 * no data file.
 *
 * Each image starts from one of several ways to write its digit with pen strokes, and distorts it:
 * moved points, smooth warp, rotation, slant, aspect ratio, size, position, stroke width, soft
 * edges, uneven ink and specks. Images have the size and range of MNIST and can replace it in
 * examples and tests. */
#ifndef TAPEGRAD_DIGITS_H
#define TAPEGRAD_DIGITS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_DIGIT_SIDE 28

/* Draws digit number `index` of the data set of `seed` into image (28*28 bytes, row-major, 0 =
 * paper, 255 = ink) and returns its label, 0..9, all equally likely. The result depends on seed
 * and index alone, and its bytes are the same wherever doubles are IEEE 754 and not contracted.
 * Cannot fail. For training and test images use two ranges of index, or two seeds. */
int tg_digit_draw(uint64_t seed, uint64_t index, uint8_t image[TG_DIGIT_SIDE * TG_DIGIT_SIDE]);

#ifdef __cplusplus
}
#endif
#endif
