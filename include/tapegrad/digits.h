/* digits.h - an endless data set of drawn digits: 28x28 grey bytes, ten classes, no data file.
 *
 * Each image starts from one of several ways to write its digit, as pen strokes, and
 * distorts it: moved points, smooth warp, rotation, slant, aspect, size, place, stroke
 * width, soft edges, uneven ink and specks.  It has the size and the range of MNIST and
 * takes its place where a data file is unwelcome. */
#ifndef TAPEGRAD_DIGITS_H
#define TAPEGRAD_DIGITS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TG_DIGIT_SIDE 28

/* Draws digit number `index` of the endless data set of `seed` into image (28*28 bytes,
 * row-major, 0 = paper, 255 = ink) and returns its label, 0..9, each as likely as the
 * others.  A pure function of (seed, index): any order, any thread, equal bytes wherever
 * doubles are IEEE 754 and not contracted.  Cannot fail.  Training and test images are
 * two ranges of index, or two seeds. */
int tg_digit_draw(uint64_t seed, uint64_t index, uint8_t image[TG_DIGIT_SIDE * TG_DIGIT_SIDE]);

#ifdef __cplusplus
}
#endif
#endif
