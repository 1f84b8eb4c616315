/* elementwise_run.c - the driver of all elementwise operations: the result is cut into chunks for
 * the threads, and the op's loop is called for pieces in which every operand either runs on or
 * stands still.  Operands that do neither are first copied into such pieces. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/elementwise.h"

enum {
    CHUNK = 1 << 14, /* elements worth handing to a thread */
    LONG_RUN = 48,   /* elements worth a call of their own */
    BLOCK = 512      /* elements copied at a time */
};

typedef enum manner { STILL, RUNS_ON, MOVES } manner;

/* One operand: its steps along the axes, in elements, and what they amount to. */
typedef struct operand {
    const char *data;
    int64_t width, step[TG_MAX_NDIM];
    manner manner;
} operand;

/* The axes of the result, merged where all operands run on; the last one is the run. */
typedef struct loop {
    const tg_node *node;
    tg_map_fn map;
    int axes;
    int64_t n[TG_MAX_NDIM], chunks;
    bool copies; /* operands that move, into blocks */
    operand x[TGI_MOST_OPERANDS];
} loop;

/* ---- the plan ------------------------------------------------------------------------------- */

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

static manner manner_of(const loop *l, const operand *x)
{
    int64_t whole = 1;
    bool still = true, on = true;
    for (int a = l->axes - 1; a >= 0; whole *= l->n[a--]) {
        still = still && x->step[a] == 0;
        on = on && x->step[a] == whole;
    }
    return still ? STILL : on ? RUNS_ON : MOVES;
}

static void plan(loop *l)
{
    merge_axes(l);
    l->copies = false;
    for (int i = 0; i < l->node->n_inputs; i++) {
        operand *x = &l->x[i];
        const int64_t step = x->step[l->axes - 1];
        x->data = l->node->inputs[i]->data;
        x->width = (int64_t)tg_dtype_size(l->node->inputs[i]->dtype);
        x->manner = manner_of(l, x);
        if (x->manner == MOVES && (l->n[l->axes - 1] < LONG_RUN || (step != 0 && step != 1)))
            l->copies = true;
    }
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

/* Where an operand stands at element `at` of the result, in elements; index: at along each axis. */
static int64_t position(const loop *l, const operand *x, int64_t at, int64_t *index)
{
    int64_t offset = 0;
    for (int a = l->axes - 1; a >= 0; a--) {
        index[a] = at % l->n[a];
        offset += index[a] * x->step[a];
        at /= l->n[a];
    }
    return offset;
}

/* Copies what belongs to elements at .. at+n-1 of the result. */
static void copy_block(const loop *l, const operand *x, int64_t at, int64_t n, char *to)
{
    int64_t index[TG_MAX_NDIM], offset = position(l, x, at, index);
    const int last = l->axes - 1;
    while (n > 0) {
        const int64_t rest = l->n[last] - index[last], run = rest < n ? rest : n;
        copy_run(x->width, run, to, x->data + offset * x->width, x->step[last]);
        n -= run;
        to += run * x->width;
        index[last] += run;
        offset += run * x->step[last];
        for (int a = last; a > 0 && index[a] == l->n[a]; a--) {
            offset += x->step[a - 1] - x->step[a] * l->n[a];
            index[a] = 0;
            index[a - 1]++;
        }
    }
}

static void run_pieces(const loop *l, int64_t at, int64_t end)
{
    _Alignas(64) char blocks[TGI_MOST_OPERANDS][BLOCK * sizeof(double)];
    const void *from[TGI_MOST_OPERANDS];
    int64_t s[TGI_MOST_OPERANDS], index[TG_MAX_NDIM];
    const int64_t run = l->n[l->axes - 1], width = (int64_t)tg_dtype_size(l->node->output->dtype);
    while (at < end) {
        const int64_t rest = end - at, most = l->copies ? BLOCK : run - at % run;
        const int64_t n = rest < most ? rest : most;
        for (int i = 0; i < l->node->n_inputs; i++) {
            const operand *x = &l->x[i];
            s[i] = x->manner != STILL;
            from[i] = x->data + (x->manner == RUNS_ON ? at * x->width : 0);
            if (x->manner != MOVES) continue;
            if (l->copies) {
                copy_block(l, x, at, n, blocks[i]);
                from[i] = blocks[i];
            } else {
                from[i] = x->data + position(l, x, at, index) * x->width;
                s[i] = x->step[l->axes - 1];
            }
        }
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

static bool all_plain(const tg_node *node)
{
    for (int i = 0; i < node->n_inputs; i++)
        if (!tg_tensor_same_shape(node->inputs[i], node->output) ||
            !tg_tensor_is_contiguous(node->inputs[i]))
            return false;
    return true;
}

void tg_forward_elementwise(const tg_node *node, void *work)
{
    static const int64_t ones[TGI_MOST_OPERANDS] = {1, 1, 1, 1, 1, 1, 1, 1};
    const tg_tensor *y = node->output;
    const tg_map_fn map = node->op->map[node->inputs[node->n_inputs - 1]->dtype];
    (void)work;
    if (y->size == 0) return;
    if (y->size < 2 * CHUNK && all_plain(node)) {
        const void *x[TGI_MOST_OPERANDS];
        for (int i = 0; i < node->n_inputs; i++) x[i] = node->inputs[i]->data;
        map(y->size, y->data, x, ones, node->attrs);
        return;
    }
    loop l;
    l.node = node;
    l.map = map;
    l.chunks = y->size < 2 * CHUNK ? 1 : y->size / CHUNK;
    plan(&l);
    tgi_parallel_for(l.chunks, run_chunk, &l);
}
