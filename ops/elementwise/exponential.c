/* exponential.c - exponentials, logarithms, hyperbolic functions, sigmoid and softplus, and the
 * error function. */
#include "graph/tape.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

#define LN2 0.69314718055994530942
#define TWO_OVER_SQRT_PI 1.12837916709551257390

#define FAMILY exponential
#define UNARY EXPONENTIAL_ROWS

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tgi_scalar_for(t, x, c), x);
}

static tg_tensor *one_minus(tg_tape *t, tg_tensor *x)
{
    return tg_sub(t, tgi_scalar_for(t, x, 1), x);
}

/* c e^-x^2 */
static tg_tensor *bell(tg_tape *t, double c, tg_tensor *x)
{
    return times(t, c, tg_exp(t, tg_neg(t, tg_square(t, x))));
}

#include "ops/elementwise/unary.inc"
