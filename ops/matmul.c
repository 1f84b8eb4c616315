/* matmul.c - products of matrices and of stacks of matrices.
 *
 * y[..., i, j] = sum over p of a[..., i, p] b[..., p, j], with broadcast leading axes. With dy the
 * cotangent of y, da = dy b^T and db = a^T dy. The transposes are views. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/elementwise/families.h"
#include "ops/kernels/kernels.h"
#include "tapegrad/ops.h"

enum {
    ALONE = 1 << 20, /* multiplications worth all threads; smaller products share them */
    CHUNK = 1 << 18, /* multiplications worth handing to a thread */
    MAX_CHUNKS = 64,
    RUN_BYTES = 1 << 13 /* of small products that are finished before the next step gets them */
};

/* ---- the shape rule ------------------------------------------------------------------------- */

static int64_t dim(const tg_tensor *x, int from_end) { return x->shape[x->ndim - from_end]; }

/* A vector counts as a row on the left and as a column on the right. */
static bool inner_fits(const tg_tensor *a, const tg_tensor *b)
{
    return dim(a, 1) == dim(b, b->ndim == 1 ? 1 : 2);
}

static tg_status check_operands(const tg_tensor *a, const tg_tensor *b, int min_ndim, tg_error *err)
{
    if (tg_dtype_is_float(a->dtype) && a->dtype == b->dtype && a->ndim >= min_ndim &&
        b->ndim >= min_ndim && inner_fits(a, b))
        return TG_OK;
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    (void)tg_tensor_describe(a, one, sizeof one);
    (void)tg_tensor_describe(b, two, sizeof two);
    if (!tg_dtype_is_float(a->dtype) || !tg_dtype_is_float(b->dtype))
        return tg_fail(err, TG_EDTYPE, "matmul: %s x %s, must be f32 or f64 (use tg_cast)", one,
                       two);
    if (a->dtype != b->dtype)
        return tg_fail(err, TG_EDTYPE, "matmul: the dtypes differ: %s x %s (use tg_cast)", one,
                       two);
    if (a->ndim < min_ndim || b->ndim < min_ndim)
        return tg_fail(err, TG_ESHAPE, "matmul: an operand has fewer than %d dimensions: %s x %s",
                       min_ndim, one, two);
    return tg_fail(err, TG_ESHAPE, "matmul: inner dimensions differ: %s x %s", one, two);
}

static tg_status matmul_infer(tg_infer *c)
{
    const tg_tensor *a = c->inputs[0], *b = c->inputs[1];
    tg_status status = check_operands(a, b, 2, c->err);
    if (status) return status;
    status = tg_broadcast_shapes("matmul", a->ndim - 2, a->shape, b->ndim - 2, b->shape, &c->ndim,
                                 c->shape, c->err);
    if (status) return status;
    c->shape[c->ndim++] = dim(a, 2);
    c->shape[c->ndim++] = dim(b, 1);
    return TG_OK;
}

/* ---- forward -------------------------------------------------------------------------------- */

/* The first product of a stack. */
static tgi_gemm first_product(const tg_node *n)
{
    const tg_tensor *a = n->inputs[0], *b = n->inputs[1];
    return (tgi_gemm){.m = dim(a, 2),
                      .n = dim(b, 1),
                      .k = dim(a, 1),
                      .a = a->data,
                      .a_row = a->strides[a->ndim - 2],
                      .a_col = a->strides[a->ndim - 1],
                      .b = b->data,
                      .b_row = b->strides[b->ndim - 2],
                      .b_col = b->strides[b->ndim - 1],
                      .c = n->output->data,
                      .c_row = dim(b, 1)};
}

/* What a fused step does with elements that are final, in the matrix that starts at `first` of the
 * output. */
typedef struct epilogue {
    void (*done)(void *user, int64_t first, int64_t count); /* as for forward_then; or NULL */
    void *user;
    int64_t first, cols;
} epilogue;

static void finish_tile(void *user, int64_t row, int64_t rows, int64_t col, int64_t cols)
{
    const epilogue *x = user;
    const int64_t first = x->first + row * x->cols + col;
    if (cols == x->cols) {
        x->done(x->user, first, rows * cols);
        return;
    }
    for (int64_t i = 0; i < rows; i++) x->done(x->user, first + i * x->cols, cols);
}

/* A stack of equal multiplications. */
typedef struct stack {
    const tgi_gemm_kernel *kernel;
    tgi_gemm first;
    int axes; /* of the stack */
    int64_t shape[TG_MAX_NDIM], a_step[TG_MAX_NDIM], b_step[TG_MAX_NDIM];
    int64_t count, chunks;
    size_t work_bytes; /* scratch of one chunk */
    char *work;
    epilogue to;
} stack;

/* Merges the last axis of the stack into the rows, if all its matrices are multiplied by the same b
 * and the rows of each follow those of the one before. */
static bool merge_last_axis(stack *s)
{
    const int i = s->axes - 1;
    tgi_gemm *g = &s->first;
    if (s->shape[i] != 1) {
        if (s->b_step[i] != 0) return false;
        if (g->m == 1)
            g->a_row = s->a_step[i];
        else if (s->a_step[i] != g->m * g->a_row)
            return false;
        g->m *= s->shape[i];
    }
    s->axes--;
    return true;
}

static stack make_stack(const tg_node *n)
{
    const tg_tensor *a = n->inputs[0], *b = n->inputs[1], *y = n->output;
    stack s = {.kernel = &tgi_kernels_get()->gemm[y->dtype],
               .first = first_product(n),
               .axes = y->ndim - 2,
               .count = 1};
    for (int i = 0; i < s.axes; i++) {
        const int in_a = i - (y->ndim - a->ndim), in_b = i - (y->ndim - b->ndim);
        s.shape[i] = y->shape[i];
        s.a_step[i] = in_a < 0 || a->shape[in_a] == 1 ? 0 : a->strides[in_a];
        s.b_step[i] = in_b < 0 || b->shape[in_b] == 1 ? 0 : b->strides[in_b];
    }
    while (s.axes > 0 && merge_last_axis(&s)) continue;
    for (int i = 0; i < s.axes; i++) s.count *= s.shape[i];

    const double one = (double)s.first.m * (double)s.first.n * (double)s.first.k;
    const double chunks = one >= ALONE ? 1 : one * (double)s.count / CHUNK;
    s.chunks = chunks < 1 ? 1 : chunks > MAX_CHUNKS ? MAX_CHUNKS : (int64_t)chunks;
    if (s.chunks > s.count) s.chunks = s.count;
    s.first.serial = s.chunks > 1;
    s.work_bytes = tgi_gemm_work(s.kernel, &s.first);
    return s;
}

static size_t matmul_work(const tg_node *n)
{
    if (n->output->size == 0) return 0;
    if (n->output->ndim == 2) {
        const tgi_gemm g = first_product(n);
        return tgi_gemm_work(&tgi_kernels_get()->gemm[n->output->dtype], &g);
    }
    const stack s = make_stack(n);
    return (size_t)s.chunks * s.work_bytes;
}

static void multiply_chunk(void *user, int64_t c)
{
    const stack *s = user;
    const int64_t size = s->kernel->size, elements = s->first.m * s->first.n;
    const int64_t end = s->count * (c + 1) / s->chunks;
    const bool separately = elements * size >= RUN_BYTES; /* one call of done for each matrix */
    int64_t first = s->count * c / s->chunks;
    for (int64_t item = first; item < end; item++) {
        tgi_gemm g = s->first;
        epilogue to = s->to;
        int64_t rest = item, a = 0, b = 0;
        for (int i = s->axes - 1; i >= 0; i--) {
            a += rest % s->shape[i] * s->a_step[i];
            b += rest % s->shape[i] * s->b_step[i];
            rest /= s->shape[i];
        }
        if (g.k > 0) { /* otherwise a and b have no elements */
            g.a = (const char *)g.a + a * size;
            g.b = (const char *)g.b + b * size;
        }
        to.first = item * elements;
        g.c = (char *)g.c + to.first * size;
        if (to.done && separately) g.finish = finish_tile, g.user = &to;
        tgi_gemm_run(s->kernel, &g, s->work ? s->work + (size_t)c * s->work_bytes : NULL);
        if (!to.done || separately) continue;
        if (item + 1 < end && (item + 1 - first) * elements * size < RUN_BYTES) continue;
        to.done(to.user, first * elements, (item + 1 - first) * elements);
        first = item + 1;
    }
}

static void matmul_forward_then(const tg_node *n, void *work,
                                void (*done)(void *user, int64_t first, int64_t count), void *user)
{
    epilogue to = {.done = done, .user = user, .cols = dim(n->inputs[1], 1)};
    if (n->output->size == 0) return;
    if (n->output->ndim == 2) { /* no stack to set up, for a product that may be tiny */
        tgi_gemm g = first_product(n);
        if (done) g.finish = finish_tile, g.user = &to;
        tgi_gemm_run(&tgi_kernels_get()->gemm[n->output->dtype], &g, work);
        return;
    }
    stack s = make_stack(n);
    s.work = work;
    s.to = to;
    tgi_parallel_for(s.chunks, multiply_chunk, &s);
}

static void matmul_forward(const tg_node *n, void *work)
{
    matmul_forward_then(n, work, NULL, NULL);
}

/* A multiplication and an addition for each term of each element. */
static double matmul_flops(const tg_node *n)
{
    return 2 * (double)n->output->size * (double)dim(n->inputs[0], 1);
}

/* ---- the derivative ------------------------------------------------------------------------- */

/* Stacks the matrices on top of each other: (..., m, n) -> (stack*m, n). */
static tg_tensor *flatten(tg_tape *t, tg_tensor *x)
{
    int64_t rows = 1;
    if (!x) return NULL;
    for (int i = 0; i < x->ndim - 1; i++) rows *= x->shape[i];
    return tg_reshape(t, x, 2, (const int64_t[]){rows, dim(x, 1)});
}

static tg_tensor *matmul_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *a = n->inputs[0], *b = n->inputs[1];
    if (i == 0) return tg_matmul(t, dy, tg_transpose(t, b, -1, -2));
    /* If the whole stack shares one b, the sum over the stack happens within one product. */
    if (b->ndim == 2 && a->ndim > 2) a = flatten(t, a), dy = flatten(t, dy);
    return tg_matmul(t, tg_transpose(t, a, -1, -2), dy);
}

/* ---- the call ------------------------------------------------------------------------------- */

/* True if x can be read. If not, tg_record says what is wrong with it. */
static bool usable(const tg_tape *t, const tg_tensor *x)
{
    return t && x && (!x->tape || (x->tape == t && tg_tape_value(t, x->id) == x));
}

tg_tensor *tg_matmul(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    const bool vectors = usable(t, a) && usable(t, b) && (a->ndim == 1 || b->ndim == 1);
    if (!vectors) return tg_record(t, tgi_matmul_ops, (tg_tensor *[]){a, b}, 2, NULL);

    tg_error err = TG_ERROR_INIT;
    if (check_operands(a, b, 1, &err)) return tg_tape_fail(t, err.status, "%s", err.text);
    const bool row = a->ndim == 1, column = b->ndim == 1;
    if (row) a = tg_reshape(t, a, 2, (const int64_t[]){1, a->size});
    if (column) b = tg_reshape(t, b, 2, (const int64_t[]){b->size, 1});
    tg_tensor *y = tg_record(t, tgi_matmul_ops, (tg_tensor *[]){a, b}, 2, NULL);
    if (!y) return NULL;

    int64_t shape[TG_MAX_NDIM];
    int ndim = y->ndim - 2;
    memcpy(shape, y->shape, (size_t)ndim * sizeof *shape);
    if (!row) shape[ndim++] = dim(y, 2);
    if (!column) shape[ndim++] = dim(y, 1);
    return tg_reshape(t, y, ndim, shape);
}

/* ---- the table ------------------------------------------------------------------------------ */

static const tg_sample matmul_samples[] = {
    {"f[3,4] f[4,2]", NULL},       {"f[1,3] f[3,1]", NULL},   {"f[2,3,4] f[2,4,5]", NULL},
    {"f[2,1,2,3] f[3,3,2]", NULL}, {"f[2,3,4] f[4,2]", NULL}, {"f[2,3] f[3,3,2]", NULL},
    {"f[7,9] f[9,17]", NULL},      {"f[3,0] f[0,2]", NULL},   {"f[0,3] f[3,2]", NULL},
    {"f[2,3] f[3,0]", NULL},       {"f[0,2,3] f[3,2]", NULL}, {NULL, NULL}};

const tg_op tgi_matmul_ops[] = {{.name = "matmul",
                                 .formula = "sum over p of a[..., i, p] * b[..., p, j]",
                                 .derivative = "matmul(dy, b^T), matmul(a^T, dy)",
                                 .min_inputs = 2,
                                 .max_inputs = 2,
                                 .infer = matmul_infer,
                                 .work_size = matmul_work,
                                 .flops = matmul_flops,
                                 .forward = matmul_forward,
                                 .forward_then = matmul_forward_then,
                                 .vjp = matmul_vjp,
                                 .samples = matmul_samples}};

TGI_FAMILY_COUNT(matmul);
