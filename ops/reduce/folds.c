/* folds.c - sum, sum_to and max: reductions that fold element by element. */
#include "graph/tape.h"
#include "ops/reduce/reduce.h"

static void fold_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    tgi_block_total b;
    tgi_total_begin(&b.total, p->kernel, width);
    tgi_reduce_walk(p, x, width, tgi_total_rows, &b.total);
    tgi_reduce_store(p, tgi_total_end(&b.total), y, width);
}

static void fold(const tg_node *n, int operation, unsigned mask)
{
    const tg_tensor *const x = n->inputs[0];
    tgi_reduce p;
    tgi_reduce_plan(&p, x, n->output, mask, false);
    p.kernel = tgi_kernels_get()->reduce.fold[operation][x->dtype];
    p.lines = tgi_fold_lines;
    tgi_reduce_run(&p, x->data, n->output->data, fold_block);
}

static unsigned mask_of(const tg_node *n)
{
    const tgi_reduce_attrs *const a = n->attrs;
    return tgi_reduce_mask(&a->axis, n->inputs[0]->ndim);
}

void tgi_sum_forward(const tg_node *n, void *work)
{
    if (!tgi_reduce_contiguous(n, work)) fold(n, TGI_FOLD_SUM, mask_of(n));
}

void tgi_sum_to_forward(const tg_node *n, void *work)
{
    const tgi_shape_attrs *const a = n->attrs;
    if (!tgi_reduce_contiguous(n, work))
        fold(n, TGI_FOLD_SUM, tgi_reduce_mask_to(&a->shape, n->inputs[0]));
}

void tgi_max_forward(const tg_node *n, void *work)
{
    if (!tgi_reduce_contiguous(n, work)) fold(n, TGI_FOLD_MAX, mask_of(n));
}
