/* maps.h - the elementwise kernels: which there are, and the one driver that calls them. */
#ifndef TAPEGRAD_OPS_KERNELS_MAPS_H
#define TAPEGRAD_OPS_KERNELS_MAPS_H

#include <stdint.h>

#include "ops/elementwise/binary.def"
#include "ops/elementwise/compare.def"
#include "ops/elementwise/exponential.def"
#include "ops/elementwise/trigonometry.def"
#include "ops/elementwise/unary.def"

/* The rows by what their kernels take and give, for f32 and f64: X(name, formula, ...). */
#define TGI_MAPS1(X) UNARY_ROWS(X) EXPONENTIAL_ROWS(X) TRIGONOMETRY_ROWS(X)
#define TGI_MAPS2(X) BINARY_ROWS(X) X(pow, F(pow)(a, b), )
#define TGI_MASKS1(X) TEST_ROWS(X)
#define TGI_MASKS2(X) COMPARE_ROWS(X)

enum {
#define X(name, ...) TGI_MAP_##name,
    TGI_MAPS1(X) TGI_MAPS2(X) TGI_MASKS1(X) TGI_MASKS2(X)
#undef X
        TGI_MAP_where, /* u8, T, T -> T */
    TGI_MAPS
};

enum { TGI_MAP_INPUTS = 3, TGI_MAP_LANES = 16 }; /* at most */

/* One kernel of one instruction set. */
typedef struct tgi_map {
    /* Does whole vectors.  step is how far each operand moves from one to the next: the lanes, or 0
     * for an operand that is one element. */
    void (*run)(int64_t vectors, void *y, const void *const *x, const int64_t *step);
    int shift; /* a vector has 1 << shift lanes */
    int inputs;
    int64_t y_size, x_size[TGI_MAP_INPUTS]; /* bytes of an element */
} tgi_map;

/* y[j] = f(x0[j*s[0]], x1[j*s[1]], ...) for j = 0..n-1; each s[i] is 0 or 1.  y may be one of the
 * operands.  An element's bits depend neither on n nor on where it stands. */
void tgi_map_run(const tgi_map *map, int64_t n, void *y, const void *const *x, const int64_t *s);

#endif
