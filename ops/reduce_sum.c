/* reduce_sum.c - sums: f32 and f64 in double, level upon level; i32 modulo 2^32. */
#include "graph/tape.h"
#include "ops/reduce.h"

static void sum_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    const tgi_fold_kernel *const kernel = tgi_kernels_get()->fold[TGI_FOLD_SUM][p->dtype];
    tgi_block_total b;
    tgi_total_begin(&b.total, kernel, width);
    tgi_reduce_walk(p, x, width, tgi_total_rows, &b.total);
    tgi_reduce_store(p, kernel, tgi_total_end(&b.total), y, width);
}

static void sum_over(const tg_node *n, unsigned mask)
{
    const tg_tensor *const x = n->inputs[0];
    tgi_reduce p;
    tgi_reduce_plan(&p, x, n->output, mask, false);
    tgi_reduce_run(&p, x->data, n->output->data, sum_block);
}

void tgi_sum_forward(const tg_node *n, void *work)
{
    const tgi_reduce_attrs *const a = n->attrs;
    if (!tgi_reduce_contiguous(n, work)) sum_over(n, tgi_reduce_mask(&a->axis, n->inputs[0]->ndim));
}

void tgi_sum_to_forward(const tg_node *n, void *work)
{
    const tgi_shape_attrs *const a = n->attrs;
    if (!tgi_reduce_contiguous(n, work)) sum_over(n, tgi_reduce_mask_to(&a->shape, n->inputs[0]));
}
