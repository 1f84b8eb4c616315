/* elementwise.c - applies the map of an elementwise operation to all elements. The result is cut
 * into chunks for the threads, and these into pieces in which every operand is either contiguous or
 * a single element. Operands for which that is not possible are first copied into blocks. */
#include "graph/elementwise.h"

#include <string.h>

#include "graph/parallel.h"
#include "graph/storage.h"

enum {
    CHUNK = 1 << 14, /* elements worth handing to a thread */
    LONG_RUN = 48,   /* elements worth a call of their own */
    BLOCK = 512      /* elements copied at a time */
};

/* How an operand is read along with the result: one element for all, element by element without
 * gaps, or in any other way. */
typedef enum access { SCALAR, CONTIGUOUS, STRIDED } access;

/* An operand: its steps along the axes, in elements, and the kind of access that they make. */
typedef struct operand {
    const char *data;
    int64_t width, step[TG_MAX_NDIM];
    access access;
} operand;

/* The axes of the result, merged where all operands allow it. The last one is called the run. */
typedef struct loop {
    const tg_node *node;
    tg_map_fn map;
    int axes;
    int64_t n[TG_MAX_NDIM], chunks;
    bool copies;   /* strided operands are copied into blocks */
    int64_t block; /* elements of a block */
    bool repeats;  /* all blocks are equal, as for a bias that is added to each row */
    operand x[TGI_MOST_OPERANDS];
} loop;

/* ---- how operands are read ------------------------------------------------------------------ */

static int64_t broadcast_stride(const tg_tensor *x, int axis, int ndim)
{
    const int i = axis - (ndim - x->ndim);
    return i < 0 || x->shape[i] == 1 ? 0 : x->strides[i];
}

static void merge_axes(loop *l)
{
    const tg_tensor *y = l->node->output;
    const int inputs = l->node->n_inputs;
    l->axes = 0;
    for (int a = 0; a < y->ndim; a++) {
        if (y->shape[a] == 1) continue;
        int64_t step[TGI_MOST_OPERANDS];
        bool merge = l->axes > 0;
        for (int i = 0; i < inputs; i++) {
            step[i] = broadcast_stride(l->node->inputs[i], a, y->ndim);
            merge = merge && l->x[i].step[l->axes - 1] == step[i] * y->shape[a];
        }
        if (!merge) l->n[l->axes++] = 1;
        l->n[l->axes - 1] *= y->shape[a];
        for (int i = 0; i < inputs; i++) l->x[i].step[l->axes - 1] = step[i];
    }
    if (l->axes > 0) return;
    l->axes = 1;
    l->n[0] = 1;
    for (int i = 0; i < inputs; i++) l->x[i].step[0] = 0;
}

static access access_of(const loop *l, const operand *x)
{
    int64_t whole = 1;
    bool still = true, on = true;
    for (int a = l->axes - 1; a >= 0; whole *= l->n[a--]) {
        still = still && x->step[a] == 0;
        on = on && x->step[a] == whole;
    }
    return still ? SCALAR : on ? CONTIGUOUS : STRIDED;
}

static bool has_outer_steps(const loop *l, const operand *x)
{
    for (int a = 0; a < l->axes - 1; a++)
        if (x->step[a] != 0) return true;
    return false;
}

static void prepare(loop *l)
{
    merge_axes(l);
    const int64_t run = l->n[l->axes - 1];
    l->copies = false;
    l->repeats = run <= BLOCK / 2;
    for (int i = 0; i < l->node->n_inputs; i++) {
        operand *x = &l->x[i];
        const int64_t step = x->step[l->axes - 1];
        x->data = l->node->inputs[i]->data;
        x->width = (int64_t)tg_dtype_size(l->node->inputs[i]->dtype);
        x->access = access_of(l, x);
        if (x->access != STRIDED) continue;
        l->repeats = l->repeats && !has_outer_steps(l, x);
        l->copies = l->copies || run < LONG_RUN || (step != 0 && step != 1);
    }
    l->copies = l->copies || l->repeats;
    l->block = l->repeats ? BLOCK / run * run : BLOCK;
}

/* ---- the pieces ----------------------------------------------------------------------------- */

#define COPY(T)                                                                                    \
    for (int64_t j = 0; j < n; j++) ((T *)to)[j] = ((const T *)from)[j * step];

static void copy_run(int64_t width, int64_t n, void *to, const void *from, int64_t step)
{
    if (step == 1)
        memcpy(to, from, (size_t)(n * width));
    else if (width == 4)
        COPY(uint32_t)
    else if (width == 8)
        COPY(uint64_t)
    else
        COPY(uint8_t)
}

/* A position in the result: its index along each axis, and the offsets of the operands. */
typedef struct position {
    int64_t index[TG_MAX_NDIM], offset[TGI_MOST_OPERANDS]; /* in elements */
} position;

static position position_of(const loop *l, int64_t at)
{
    position p;
    memset(p.offset, 0, sizeof p.offset);
    for (int a = l->axes - 1; a >= 0; a--) {
        p.index[a] = at % l->n[a];
        at /= l->n[a];
        for (int i = 0; i < l->node->n_inputs; i++) p.offset[i] += p.index[a] * l->x[i].step[a];
    }
    return p;
}

/* Moves on by n elements, at most to the end of the run. */
static void advance(const loop *l, position *p, int64_t n)
{
    const int inputs = l->node->n_inputs;
    int a = l->axes - 1;
    p->index[a] += n;
    for (int i = 0; i < inputs; i++) p->offset[i] += n * l->x[i].step[a];
    for (; a > 0 && p->index[a] == l->n[a]; a--) {
        p->index[a] = 0;
        p->index[a - 1]++;
        for (int i = 0; i < inputs; i++)
            p->offset[i] += l->x[i].step[a - 1] - l->x[i].step[a] * l->n[a];
    }
}

typedef char block[BLOCK * sizeof(double)];

/* Copies the strided operands of the next n elements of the result. */
static void copy_blocks(const loop *l, position *p, int64_t n, block *blocks)
{
    const int last = l->axes - 1;
    for (int64_t done = 0; done < n;) {
        const int64_t rest = l->n[last] - p->index[last], run = rest < n - done ? rest : n - done;
        for (int i = 0; i < l->node->n_inputs; i++) {
            const operand *x = &l->x[i];
            if (x->access == STRIDED)
                copy_run(x->width, run, blocks[i] + done * x->width,
                         x->data + p->offset[i] * x->width, x->step[last]);
        }
        advance(l, p, run);
        done += run;
    }
}

static void run_pieces(const loop *l, int64_t at, int64_t end)
{
    _Alignas(64) block blocks[TGI_MOST_OPERANDS];
    const void *from[TGI_MOST_OPERANDS];
    int64_t s[TGI_MOST_OPERANDS];
    position p = position_of(l, at);
    const int last = l->axes - 1;
    const int64_t width = (int64_t)tg_dtype_size(l->node->output->dtype);
    for (bool first = true; at < end; first = false) {
        const int64_t rest = end - at, most = l->copies ? l->block : l->n[last] - p.index[last];
        const int64_t n = rest < most ? rest : most;
        for (int i = 0; i < l->node->n_inputs; i++) {
            const operand *x = &l->x[i];
            s[i] = x->access == STRIDED && !l->copies ? x->step[last] : x->access != SCALAR;
            from[i] = x->data + (x->access == CONTIGUOUS ? at : p.offset[i]) * x->width;
            if (x->access == STRIDED && l->copies) from[i] = blocks[i];
        }
        if (!l->copies)
            advance(l, &p, n);
        else if (first || !l->repeats)
            copy_blocks(l, &p, n, blocks);
        l->map(n, (char *)l->node->output->data + at * width, from, s, l->node->attrs);
        at += n;
    }
}

static void run_chunk(void *user, int64_t chunk)
{
    const loop *l = user;
    run_pieces(l, chunk * CHUNK,
               chunk == l->chunks - 1 ? l->node->output->size : (chunk + 1) * CHUNK);
}

/* x is read as one element for all of the result. */
static bool is_scalar(const tg_tensor *x)
{
    for (int a = 0; a < x->ndim; a++)
        if (x->shape[a] != 1 && x->strides[a] != 0) return false;
    return true;
}

/* True if every operand is one element or contiguous like the result: sets their addresses and
 * steps. */
static bool all_plain(const tg_node *node, const void **data, int64_t *step)
{
    const int64_t size = node->output->size;
    const int inputs = node->n_inputs;
    for (int i = 0; i < inputs; i++) {
        const tg_tensor *const x = node->inputs[i];
        data[i] = x->data;
        step[i] = x->size == size && x->size > 1 && tgi_is_contiguous(x);
        if (!step[i] && !is_scalar(x)) return false;
    }
    return true;
}

void tg_forward_elementwise(const tg_node *node, void *work)
{
    const void *x[TGI_MOST_OPERANDS];
    int64_t step[TGI_MOST_OPERANDS];
    if (!node) return;
    const tg_tensor *y = node->output;
    const tg_map_fn map = node->op->map[node->inputs[node->n_inputs - 1]->dtype];
    (void)work;
    if (y->size == 0) return;
    if (y->size < 2 * CHUNK && all_plain(node, x, step)) {
        map(y->size, y->data, x, step, node->attrs);
        return;
    }
    loop l;
    l.node = node;
    l.map = map;
    l.chunks = y->size < 2 * CHUNK ? 1 : y->size / CHUNK;
    prepare(&l);
    tgi_parallel_for(l.chunks, run_chunk, &l);
}
