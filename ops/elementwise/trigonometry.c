/* trigonometry.c - circular functions and their inverses; angles in radians. */
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

#define FAMILY trigonometry
#define UNARY TRIGONOMETRY_ROWS

static tg_tensor *one_plus_square(tg_tape *t, tg_tensor *x)
{
    return tg_add(t, tg_scalar(t, 1), tg_square(t, x));
}

/* 1 - x^2, computed so that it is exact near 1 and -1, too. */
static tg_tensor *between(tg_tape *t, tg_tensor *x)
{
    tg_tensor *one = tg_scalar(t, 1);
    return tg_zzmul(t, tg_sub(t, one, x), tg_add(t, one, x));
}

#include "ops/elementwise/unary.inc"
