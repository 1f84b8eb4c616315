/* loop.c - runs a fused group: all its operations on one block of elements, then on the next.
 * Intermediate results are in scratch memory, which fits the first cache. */
#include <string.h>

#include "graph/parallel.h"
#include "graph/plan/plan.h"
#include "graph/storage.h"

enum { ALIGN = 64 };

/* ---- operands that are copied --------------------------------------------------------------- */

/* Fills `all` bytes by repeating the first `bytes`. Each copy is twice as long as the one before.
 */
static void repeat(char *to, size_t bytes, size_t all)
{
    for (size_t done = bytes; done < all; done *= 2)
        memcpy(to + done, to, done < all - done ? done : all - done);
}

/* Writes one element n times. */
static void fill_run(size_t width, int64_t n, char *to, const char *from)
{
    uint32_t one;
    if (width == sizeof one) {
        memcpy(&one, from, sizeof one);
        for (int64_t i = 0; i < n; i++) memcpy(to + i * 4, &one, sizeof one);
        return;
    }
    memcpy(to, from, width);
    repeat(to, width, width * (size_t)n);
}

/* Copies n elements that are `step` bytes apart. The widths are spelled out so that the compiler
 * uses plain moves. */
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

/* Copies elements first .. first+n-1 in row-major order, run by run. */
static void load_runs(const tgi_load *l, int64_t first, int64_t n, char *to)
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

/* The same, but what repeats along the first axis is read only once. */
static void load_block(const tgi_load *l, int64_t first, int64_t n, char *to)
{
    int64_t once = n;
    if (l->axes > 1 && l->step[0] == 0) {
        once = 1;
        for (int a = 1; a < l->axes; a++) once *= l->n[a];
        if (once > n) once = n;
    }
    load_runs(l, first, once, to);
    repeat(to, l->width * (size_t)once, l->width * (size_t)n);
}

/* ---- one block ------------------------------------------------------------------------------ */

/* Elements first .. first+n-1, which are rows row .. row+rows-1. */
typedef struct block {
    const tgi_loop *f;
    char *scratch;
    int64_t first, n, row, rows;
} block;

/* The first element of an operand in this block. narrow: it has one element for each row. */
static inline char *address(const block *b, const tgi_operand *o, bool narrow)
{
    if (o->slot >= 0) return b->scratch + (size_t)o->slot * b->f->slot_bytes;
    if (o->access == TGI_SCALAR || o->access == TGI_SAME_ROW) return o->data;
    return o->data + (narrow || o->access == TGI_PER_ROW ? b->row : b->first) * o->width;
}

/* Reduces the rows of this block, as if they were all rows of the input. */
static void reduce_rows(const block *b, const tgi_instruction *c)
{
    const tg_tensor *from = c->node->inputs[0], *to = c->node->output;
    int64_t shape[2][TG_MAX_NDIM], strides[2][TG_MAX_NDIM];
    for (int a = 0; a < from->ndim; a++) shape[0][a] = shape[1][a] = 1;
    shape[0][0] = shape[1][0] = b->rows;
    shape[0][from->ndim - 1] = b->f->row;
    if (from->ndim == 1) shape[1][0] = 1; /* the whole input is one row */
    tgi_row_major(from->ndim, shape[0], strides[0]);
    tgi_row_major(to->ndim, shape[1], strides[1]);
    tg_tensor x = *from, y = *to, *in = &x;
    x.data = address(b, &c->x[0], false);
    x.shape = shape[0];
    x.strides = strides[0];
    x.size = b->n;
    y.data = address(b, &c->y, true);
    y.shape = shape[1];
    y.strides = strides[1];
    y.size = b->rows;
    tg_node node = *c->node;
    node.inputs = &in;
    node.output = &y;
    node.op->forward(&node, NULL);
}

/* The stride that the map gets: 0 for an operand that is the same for all elements, else 1. */
static inline int64_t stride_of(const tgi_operand *x)
{
    return x->access == TGI_CONTIGUOUS || x->access == TGI_SAME_ROW || x->access == TGI_STRIDED;
}

/* Bytes from one row to the next. */
static inline int64_t row_of(const tgi_operand *x, int64_t row)
{
    return x->access == TGI_CONTIGUOUS || x->access == TGI_STRIDED ? row * x->width
           : x->access == TGI_PER_ROW                              ? x->width
                                                                   : 0;
}

static void map_rows(const block *b, const tgi_instruction *c)
{
    const void *x[TGI_MOST_OPERANDS];
    int64_t stride[TGI_MOST_OPERANDS], step[TGI_MOST_OPERANDS];
    char *y = address(b, &c->y, false);
    for (int k = 0; k < c->n; k++) {
        x[k] = address(b, &c->x[k], false);
        stride[k] = stride_of(&c->x[k]);
        step[k] = row_of(&c->x[k], b->f->row);
    }
    for (int64_t r = 0; r < b->rows; r++) {
        c->map(b->f->row, y, x, stride, c->attrs);
        y += b->f->row * c->y.width;
        for (int k = 0; k < c->n; k++) x[k] = (const char *)x[k] + step[k];
    }
}

static void map_all(const block *b, const tgi_instruction *c)
{
    const void *x[TGI_MOST_OPERANDS];
    int64_t stride[TGI_MOST_OPERANDS];
    const bool narrow = c->role == TGI_NARROW;
    for (int k = 0; k < c->n; k++) {
        x[k] = address(b, &c->x[k], narrow);
        stride[k] = stride_of(&c->x[k]);
    }
    c->map(narrow ? b->rows : b->n, address(b, &c->y, narrow), x, stride, c->attrs);
}

static void run_block(const block *b)
{
    const tgi_loop *f = b->f;
    const tgi_instruction *c = f->instruction;
    for (int i = 0; i < f->instructions; i++, c = tgi_instruction_next(c)) {
        for (int k = c->first_load; k < c->first_load + c->loads; k++) {
            const tgi_load *l = &f->load[k];
            load_block(l, l->narrow ? b->row : b->first, l->narrow ? b->rows : b->n,
                       b->scratch + (size_t)l->slot * f->slot_bytes);
        }
        if (!c->map)
            reduce_rows(b, c);
        else if (c->by_rows)
            map_rows(b, c);
        else
            map_all(b, c);
    }
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void run_piece(const tgi_loop *f, int64_t first, int64_t end, int64_t part)
{
    _Alignas(ALIGN) char scratch[TGI_SCRATCH]; /* of this thread */
    block b = {.f = f, .scratch = scratch};
    for (; first < end; first += b.n) {
        b.first = first;
        b.n = end - first < f->block ? end - first : f->block;
        b.row = first / f->row;
        b.rows = b.n / f->row;
        run_block(&b);
        for (int i = 0; i < f->tails; i++) {
            const tgi_tail *l = &f->tail[i];
            const tg_node *n = l->node;
            n->op->partial->add(n, l->states + (size_t)part * l->state_size,
                                address(&b, &l->x, false), b.n);
        }
    }
}

void tgi_loop_piece(void *f, int64_t first, int64_t count)
{
    run_piece(f, first, first + count, 0);
}

static void run_chunk(void *user, int64_t chunk)
{
    const tgi_loop *f = user;
    const int64_t grains = (f->n + f->grain - 1) / f->grain;
    const int64_t first = grains * chunk / f->chunks * f->grain;
    const int64_t end = grains * (chunk + 1) / f->chunks * f->grain;
    for (int i = 0; i < f->tails; i++) {
        const tgi_tail *l = &f->tail[i];
        const tg_node *n = l->node;
        n->op->partial->begin(n, l->states + (size_t)chunk * l->state_size);
    }
    run_piece(f, first, end < f->n ? end : f->n, chunk);
}

void tgi_loop_run(const tgi_loop *f)
{
    if (f->alone)
        for (int64_t c = 0; c < f->chunks; c++) run_chunk((void *)(uintptr_t)f, c);
    else
        tgi_parallel_for(f->chunks, run_chunk, (void *)(uintptr_t)f);
    for (int i = 0; i < f->tails; i++) {
        const tgi_tail *l = &f->tail[i];
        const tg_node *n = l->node;
        n->op->partial->end(n, f->chunks, l->states);
    }
}
