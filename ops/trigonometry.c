/* trigonometry.c - circular functions and their inverses; angles in radians. */
#include "ops/elementwise.h"
#include "ops/families.h"

#define FAMILY trigonometry
#define UNARY TRIGONOMETRY_ROWS

static tg_tensor *one_plus_square(tg_tape *t, tg_tensor *x)
{
    return tg_add(t, tg_scalar(t, 1), tg_square(t, x));
}

static tg_tensor *one_minus_square(tg_tape *t, tg_tensor *x)
{
    return tg_sub(t, tg_scalar(t, 1), tg_square(t, x));
}

#include "ops/unary.inc"
