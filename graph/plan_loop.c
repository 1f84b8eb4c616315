/* plan_loop.c - runs a fused group: all its operations on one block of elements, then on the next,
 * with what lies between them in scratch memory small enough for the first cache. */
#include <string.h>

#include "graph/parallel.h"
#include "graph/plan.h"
#include "graph/storage.h"

enum { ALIGN = 64 };

/* One element n times, by copies twice as long each. */
static void fill_run(size_t width, int64_t n, char *to, const char *from)
{
    const size_t bytes = width * (size_t)n;
    memcpy(to, from, width);
    for (size_t done = width; done < bytes; done *= 2)
        memcpy(to + done, to, done < bytes - done ? done : bytes - done);
}

/* n elements of one run; the widths spelled out let the compiler use plain moves. */
static void copy_run(size_t width, int64_t n, char *to, const char *from, int64_t step)
{
    if (step == (int64_t)width)
        memcpy(to, from, width * (size_t)n);
    else if (step == 0)
        fill_run(width, n, to, from);
    else if (width == 4)
        for (int64_t i = 0; i < n; i++) memcpy(to + i * 4, from + i * step, 4);
    else if (width == 8)
        for (int64_t i = 0; i < n; i++) memcpy(to + i * 8, from + i * step, 8);
    else
        for (int64_t i = 0; i < n; i++) to[i] = from[i * step];
}

/* Elements first .. first+n-1 in row-major order. */
static void load_block(const tgi_load *l, int64_t first, int64_t n, char *to)
{
    const int last = l->axes - 1;
    int64_t index[TG_MAX_NDIM], rest = first;
    const char *from = l->data;
    for (int a = last; a >= 0; a--) {
        index[a] = rest % l->n[a];
        rest /= l->n[a];
        from += index[a] * l->step[a];
    }
    while (n > 0) {
        const int64_t left = l->n[last] - index[last], run = left < n ? left : n;
        copy_run(l->width, run, to, from, l->step[last]);
        to += run * (int64_t)l->width;
        n -= run;
        from += run * l->step[last];
        index[last] += run;
        for (int a = last; a > 0 && index[a] == l->n[a]; a--) {
            from += l->step[a - 1] - l->n[a] * l->step[a];
            index[a] = 0;
            index[a - 1]++;
        }
    }
}

static void *address(const tgi_fused *f, const tgi_operand *o, char *scratch, int64_t first)
{
    return o->slot >= 0 ? scratch + (size_t)o->slot * f->slot_bytes : o->data + first * o->bytes;
}

/* The operation on the rows of this block, which stand for its first axis. */
static void run_tail(const tgi_fused *f, const tgi_tail *l, char *scratch, int64_t first, int64_t n)
{
    const tg_tensor *from = l->value->node.inputs[0], *to = &l->value->x;
    int64_t shape[2][TG_MAX_NDIM], strides[2][TG_MAX_NDIM];
    for (int a = 0; a < TG_MAX_NDIM; a++) shape[0][a] = shape[1][a] = 1;
    shape[0][0] = shape[1][0] = n / l->row;
    shape[0][from->ndim - 1] = l->row;
    tgi_row_major(from->ndim, shape[0], strides[0]);
    tgi_row_major(to->ndim, shape[1], strides[1]);
    const int64_t width = (int64_t)tg_dtype_size(to->dtype);
    tg_tensor x = *from, y = *to, *in = &x;
    x.data = address(f, &l->x, scratch, first);
    x.shape = shape[0];
    x.strides = strides[0];
    x.size = n;
    y.data = (char *)to->data + first / l->row * width;
    y.shape = shape[1];
    y.strides = strides[1];
    y.size = n / l->row;
    tg_node node = l->value->node;
    node.inputs = &in;
    node.output = &y;
    node.op->forward(&node, NULL);
}

static void run_block(const tgi_fused *f, char *scratch, int64_t first, int64_t n)
{
    for (int i = 0; i < f->instructions; i++) {
        const tgi_instruction *c = &f->instruction[i];
        const void *x[TGI_MAP_INPUTS];
        for (int k = c->first_load; k < c->first_load + c->loads; k++)
            load_block(&f->load[k], first, n, scratch + (size_t)f->load[k].slot * f->slot_bytes);
        for (int k = 0; k < c->n; k++) x[k] = address(f, &c->x[k], scratch, first);
        c->map(n, address(f, &c->y, scratch, first), x, c->stride, c->attrs);
    }
    for (int i = 0; i < f->tails; i++) run_tail(f, &f->tail[i], scratch, first, n);
}

static void run_chunk(void *user, int64_t chunk)
{
    const tgi_fused *f = user;
    const int64_t blocks = (f->n + f->block - 1) / f->block;
    const int64_t end = blocks * (chunk + 1) / f->chunks;
    _Alignas(ALIGN) char scratch[TGI_SCRATCH]; /* of this thread */
    for (int64_t b = blocks * chunk / f->chunks; b < end; b++) {
        const int64_t first = b * f->block, left = f->n - first;
        run_block(f, scratch, first, left < f->block ? left : f->block);
    }
}

void tgi_fused_run(const tgi_fused *f)
{
    tgi_parallel_for(f->chunks, run_chunk, (void *)(uintptr_t)f);
}
