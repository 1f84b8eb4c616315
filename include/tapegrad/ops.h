/* ops.h - all operations, one header for each family.
 *
 * All take the tape first. They return a value recorded on it, or NULL with the tape poisoned. A
 * NULL operand gives NULL. Operands broadcast as in NumPy. Both operands of a binary operation
 * have the same dtype; a tg_scalar takes the dtype of the other. An axis may be negative, which
 * counts from the end, or TG_ALL, which means all axes.
 *
 * NaN and Inf are values like any other. Unless its comment says otherwise, an operation gives NaN
 * for every element that depends on a NaN, and follows IEEE 754 for Inf: Inf - Inf and 0 Inf are
 * NaN, also inside a sum or a product of matrices. An operation that has the name of a function of
 * math.h gives what that function gives at NaN, Inf and -0.
 *
 * In the gradients of elementwise operations a cotangent of 0 gives 0, even where the derivative is
 * Inf or NaN, and a derivative of 0 gives 0 for every cotangent (in PyTorch 0 Inf is NaN there,
 * too). Otherwise NaN stays NaN. A result that would be denormal is 0. */
#ifndef TAPEGRAD_OPS_H
#define TAPEGRAD_OPS_H

/* clang-format off: the order in which to read them */
#include "tapegrad/ops_create.h"
#include "tapegrad/ops_elementwise.h"
#include "tapegrad/ops_index.h"
#include "tapegrad/ops_linalg.h"
#include "tapegrad/ops_random.h"
#include "tapegrad/ops_reduce.h"
#include "tapegrad/ops_scan.h"
#include "tapegrad/ops_shape.h"
#include "tapegrad/ops_vjp.h"
#include "tapegrad/ops_window.h"
/* clang-format on */

#endif
