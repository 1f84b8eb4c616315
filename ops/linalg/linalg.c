/* linalg.c - shape rules, copies and elimination for stacks of matrices. */
#include "ops/linalg/linalg.h"

#include <math.h>
#include <stdio.h>

#include "graph/storage.h"

/* ---- shapes --------------------------------------------------------------------------------- */

int64_t tgi_rows(const tg_tensor *x) { return x->shape[x->ndim - 2]; }
int64_t tgi_columns(const tg_tensor *x) { return x->shape[x->ndim - 1]; }

tg_status tgi_square(const char *who, const tg_tensor *a, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tg_dtype_is_float(a->dtype))
        return tg_fail(err, TG_EDTYPE, "%s: %s is not f32 or f64 (use tg_cast)", who,
                       tg_tensor_describe(a, text, sizeof text));
    if (a->ndim < 2 || tgi_rows(a) != tgi_columns(a))
        return tg_fail(err, TG_ESHAPE, "%s: %s is not a square matrix or a stack of them", who,
                       tg_tensor_describe(a, text, sizeof text));
    return TG_OK;
}

tg_status tgi_system(const char *who, const tg_tensor *a, const tg_tensor *b, bool left,
                     bool column, tg_error *err)
{
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    const tg_status status = tgi_square(who, a, err);
    if (status) return status;
    if (a->dtype == b->dtype && b->ndim >= (column ? 1 : 2) &&
        (b->ndim == 1 || !left ? tgi_columns(b) : tgi_rows(b)) == tgi_rows(a))
        return TG_OK;
    (void)tg_tensor_describe(a, one, sizeof one);
    (void)tg_tensor_describe(b, two, sizeof two);
    if (a->dtype != b->dtype)
        return tg_fail(err, TG_EDTYPE, "%s: the dtypes differ: %s and %s (use tg_cast)", who, one,
                       two);
    if (b->ndim < (column ? 1 : 2))
        return tg_fail(err, TG_ESHAPE, "%s: the right side %s has fewer than %d dimensions", who,
                       two, column ? 1 : 2);
    return tg_fail(err, TG_ESHAPE, "%s: the sizes differ: %s and the right side %s", who, one, two);
}

tg_status tgi_system_infer(tg_infer *c, bool left)
{
    const tg_tensor *a = c->inputs[0], *b = c->inputs[1];
    tg_status status = tgi_system(c->op->name, a, b, left, false, c->err);
    if (!status)
        status = tg_broadcast_shapes(c->op->name, a->ndim - 2, a->shape, b->ndim - 2, b->shape,
                                     &c->ndim, c->shape, c->err);
    if (status) return status;
    c->shape[c->ndim++] = tgi_rows(b);
    c->shape[c->ndim++] = tgi_columns(b);
    return TG_OK;
}

int64_t tgi_stack_count(const tg_tensor *x)
{
    int64_t count = 1;
    for (int i = 0; i < x->ndim - 2; i++) count *= x->shape[i];
    return count;
}

int64_t tgi_stack_number(const tg_tensor *x, const tg_tensor *y, int64_t k)
{
    int64_t number = 0, step = 1;
    for (int i = 3; i <= x->ndim; i++) {
        const int64_t n = x->shape[x->ndim - i], wide = y->shape[y->ndim - i];
        if (n != 1) number += k % wide * step;
        k /= wide;
        step *= n;
    }
    return number;
}

double tgi_cubes(const tg_node *n)
{
    const double rows = (double)tgi_rows(n->inputs[0]);
    return (double)tgi_stack_count(n->inputs[0]) * rows * rows * rows;
}

/* ---- memory --------------------------------------------------------------------------------- */

size_t tgi_linalg_work(double count)
{
    if (count > (double)(SIZE_MAX / (4 * sizeof(double)))) return SIZE_MAX;
    return sizeof(tgi_failure) + (size_t)count * sizeof(double);
}

void tgi_matrix_read(const tg_tensor *x, int64_t k, bool transposed, double *m)
{
    const int64_t across = x->strides[x->ndim - (transposed ? 2 : 1)];
    const int64_t down = x->strides[x->ndim - (transposed ? 1 : 2)];
    const int64_t rows = transposed ? tgi_columns(x) : tgi_rows(x);
    const int64_t columns = transposed ? tgi_rows(x) : tgi_columns(x);
    if (x->size == 0) return;
    const int64_t first = tgi_offset(x, k * rows * columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const int64_t at = first + i * down + j * across;
            *m++ = x->dtype == TG_F32 ? (double)((const float *)x->data)[at]
                                      : ((const double *)x->data)[at];
        }
}

void tgi_matrix_write(tg_tensor *y, int64_t k, bool transposed, const double *m)
{
    const int64_t rows = tgi_rows(y), columns = tgi_columns(y);
    const int64_t across = transposed ? rows : 1, down = transposed ? 1 : columns;
    int64_t at = k * rows * columns;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++, at++) {
            if (y->dtype == TG_F32)
                ((float *)y->data)[at] = (float)m[i * down + j * across];
            else
                ((double *)y->data)[at] = m[i * down + j * across];
        }
}

void tgi_fail_matrix(tgi_failure *r, tg_tensor *y, int64_t k, int64_t matrix, int64_t pivot)
{
    const int64_t size = tgi_rows(y) * tgi_columns(y);
    for (int64_t i = k * size; i < (k + 1) * size; i++) {
        if (y->dtype == TG_F32)
            ((float *)y->data)[i] = NAN;
        else
            ((double *)y->data)[i] = (double)NAN;
    }
    if (r->matrix < 0) *r = (tgi_failure){matrix, pivot};
}

tg_status tgi_linalg_verdict(const tg_node *n, const tgi_failure *r, const char *what,
                             const char *why, tg_error *err)
{
    const tg_tensor *a = n->inputs[0];
    char text[TG_DESCRIBE_SIZE], number[48] = "";
    if (r->matrix < 0) return TG_OK;
    if (a->ndim > 2) (void)snprintf(number, sizeof number, "matrix %lld of ", (long long)r->matrix);
    return tg_fail(err, TG_EARG, "%s: %s%s is %s (pivot %lld is %s)", n->op->name, number,
                   tg_tensor_describe(a, text, sizeof text), what, (long long)r->pivot, why);
}

/* ---- elimination ---------------------------------------------------------------------------- */

void tgi_subtract(int64_t n, double f, const double *x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] -= f * x[i];
}

void tgi_swap(int64_t n, double *x, double *y)
{
    for (int64_t i = 0; x != y && i < n; i++) {
        const double v = x[i];
        x[i] = y[i];
        y[i] = v;
    }
}

void tgi_swap_rows(int64_t n, int64_t columns, const int64_t *swaps, bool backwards, double *x)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = backwards ? n - 1 - i : i;
        tgi_swap(columns, x + k * columns, x + swaps[k] * columns);
    }
}

/* The row at or below k with the largest element in column k. NaN counts as the largest. */
static int64_t pivot_row(int64_t n, const double *a, int64_t k)
{
    int64_t row = k;
    for (int64_t i = k + 1; i < n && !isnan(a[row * n + k]); i++)
        if (!(fabs(a[i * n + k]) <= fabs(a[row * n + k]))) row = i;
    return row;
}

int64_t tgi_lu(int64_t n, double *a, int64_t *swaps)
{
    for (int64_t k = 0; k < n; k++) {
        double *const top = a + k * n;
        swaps[k] = pivot_row(n, a, k);
        tgi_swap(n, top, a + swaps[k] * n);
        if (top[k] == 0) return k;
        for (int64_t i = k + 1; i < n; i++) {
            double *const row = a + i * n;
            row[k] /= top[k];
            tgi_subtract(n - k - 1, row[k], top + k + 1, row + k + 1);
        }
    }
    return -1;
}

void tgi_substitute(int64_t n, const double *a, int64_t stride, bool upper, bool unit,
                    int64_t columns, double *x)
{
    for (int64_t s = 0; s < n; s++) {
        const int64_t i = upper ? n - 1 - s : s;
        const double *const row = a + i * stride;
        double *const xi = x + i * columns;
        for (int64_t j = upper ? i + 1 : 0; j < (upper ? n : i); j++)
            tgi_subtract(columns, row[j], x + j * columns, xi);
        for (int64_t c = 0; !unit && c < columns; c++) xi[c] /= row[i];
    }
}
