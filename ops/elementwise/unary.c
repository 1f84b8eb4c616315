/* unary.c - arithmetic of one operand, rounding and relu. */
#include "graph/tape.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

#define FAMILY unary
#define UNARY UNARY_ROWS

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tgi_scalar_for(t, x, c), x);
}

/* The slope of relu is constant on either side of the kink, so its derivative is 0. The result y
 * shows the side, so that x need not be kept. */
static tg_tensor *positive(tg_tape *t, tg_tensor *x)
{
    return tg_stop_gradient(t, tg_greater(t, x, tgi_scalar_for(t, x, 0)));
}

/* Unsigned arithmetic wraps around, where signed overflow would be undefined. */
TGI_MAP1(neg_i32, int32_t, int32_t, 0u - (uint32_t)x)
TGI_MAP1(abs_i32, int32_t, int32_t, x < 0 ? 0u - (uint32_t)x : (uint32_t)x)
TGI_MAP1(square_i32, int32_t, int32_t, (uint32_t)x *(uint32_t)x)

#include "ops/elementwise/unary.inc"
