/* ops.h - the vocabulary: every operation; a header for each family of them.
 *
 * All take the tape first and return a value recorded on it, or NULL with the tape poisoned;
 * a NULL operand gives NULL.  Inputs broadcast as in NumPy.  Both operands of a binary
 * operation have the same dtype; a tg_scalar takes the dtype of the other.  axis may be
 * negative; TG_ALL means all axes.
 * NaN and Inf are values like any other.  NaN makes NaN of every element that depends on it, and
 * Inf follows IEEE 754 (Inf - Inf and 0 Inf are NaN, also inside a sum or a product of matrices),
 * unless the line says otherwise; an operation with the name of a function of math.h is that
 * function at NaN, Inf and -0.
 * In the gradients of elementwise operations a cotangent of 0 gives 0, also where the derivative is
 * Inf or NaN, and a derivative of 0 gives 0 for every cotangent; what remains follows the rule
 * above: NaN stays NaN (in PyTorch 0 Inf is NaN there, too).  A result that would be denormal is 0.
 */
#ifndef TAPEGRAD_OPS_H
#define TAPEGRAD_OPS_H

/* clang-format off: in the order in which one reads them */
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
