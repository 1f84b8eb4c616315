/* unary.c - arithmetic of one operand, roundings and the rectifier. */
#include "graph/tape.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

#define FAMILY unary
#define UNARY UNARY_ROWS

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tgi_scalar_for(t, x, c), x);
}

/* The slope is constant on either side of the kink, so its own derivative is 0.  It is told from the
 * result, which is kept in any case. */
static tg_tensor *positive(tg_tape *t, tg_tensor *x)
{
    return tg_stop_gradient(t, tg_greater(t, x, tgi_scalar_for(t, x, 0)));
}

/* Unsigned arithmetic wraps around. */
TGI_MAP1(neg_i32, int32_t, int32_t, 0u - (uint32_t)x)
TGI_MAP1(abs_i32, int32_t, int32_t, x < 0 ? 0u - (uint32_t)x : (uint32_t)x)
TGI_MAP1(square_i32, int32_t, int32_t, (uint32_t)x *(uint32_t)x)

#include "ops/elementwise/unary.inc"
