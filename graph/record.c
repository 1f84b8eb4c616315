/* record.c - tg_record, through which every operation goes: checks the operands, infers the shape,
 * allocates, computes and appends. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/flush.h"
#include "graph/tape.h"
#include "tapegrad/alloc.h"

enum { FEW = 8 }; /* inputs that fit on the stack */

/* ---- inputs --------------------------------------------------------------------------------- */

static bool count_valid(tg_tape *t, const tg_op *op, int n)
{
    if (n >= op->min_inputs && (op->max_inputs < 0 || n <= op->max_inputs)) return true;
    char most[32] = "";
    if (op->max_inputs < 0) (void)snprintf(most, sizeof most, " or more");
    if (op->max_inputs > op->min_inputs)
        (void)snprintf(most, sizeof most, " to %d", op->max_inputs);
    (void)tg_tape_fail(t, TG_EARG, "%s: %d operands given, takes %d%s", op->name, n, op->min_inputs,
                       most);
    return false;
}

/* Operand i, counted from 0. If x cannot be an operand, poisons the tape and returns NULL. */
static tg_tensor *operand(tg_tape *t, const tg_op *op, int i, tg_tensor *x)
{
    if (x && tgi_tape_takes(t, x)) return x;
    if (!x) return tg_tape_fail(t, TG_EARG, "%s: operand %d is NULL", op->name, i + 1);
    return tg_tape_fail(t, TG_ETAPE,
                        "%s: operand %d belongs to another tape or was dropped by a reset",
                        op->name, i + 1);
}

/* Gives weak scalars, of which there is at least one, the dtype of the operand beside them. True
 * if all operands are weak, so that the result is weak too. The condition of a choice (a u8 before
 * two elementwise operands) does not count; if both of these are weak, they become f32. */
static bool settle_weak(tg_tape *t, const tg_op *op, tg_tensor **inputs, int n)
{
    const int first = n == 3 && op->map[TG_F32] && inputs[0]->dtype == TG_U8 ? 1 : 0;
    if (tgi_scalar_settle(t, n - first, inputs + first)) return false;
    for (int i = first; first > 0 && i < n; i++) inputs[i] = tgi_scalar_cast(t, inputs[i], TG_F32);
    return first == 0;
}

/* The caller has chosen the dtype by an attribute, so the result is not weak. */
static bool names_dtype(const tg_op *op)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++)
        if (d->kind == TG_ATTR_DTYPE) return true;
    return false;
}

/* ---- memory --------------------------------------------------------------------------------- */

static size_t round16(size_t bytes) { return (bytes + 15) / 16 * 16; }

tg_tensor *tgi_record_value(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                            const void *attrs, tg_node **node)
{
    struct head {
        tg_tensor x;
        tg_node node;
    };
    const size_t head = round16(sizeof(struct head)), attrs_size = round16(op->attrs_size);
    if ((size_t)n > SIZE_MAX / 64 || attrs_size > SIZE_MAX / 4) return NULL;
    const size_t pointers = round16((size_t)n * sizeof *inputs);
    char *p = tgi_arena_alloc(&t->arena, head + attrs_size + pointers + (size_t)n * 4);
    const char *scope = tgi_tape_scope(t);
    if (!p || !scope) return NULL;
    struct head *h = (struct head *)(void *)p;
    void *attrs_copy = p + head;
    tg_tensor **inputs_copy = (tg_tensor **)(void *)(p + head + attrs_size);
    int32_t *ids = (int32_t *)(void *)(p + head + attrs_size + pointers);
    if (op->attrs_size) memcpy(attrs_copy, attrs, op->attrs_size);
    for (int i = 0; i < n; i++) {
        inputs_copy[i] = inputs[i];
        if ((ids[i] = tgi_tape_number(t, inputs[i])) < 0) return NULL;
    }
    h->node = (tg_node){.op = op,
                        .attrs = op->attrs_size ? attrs_copy : NULL,
                        .inputs = inputs_copy,
                        .n_inputs = n,
                        .output = &h->x,
                        .scope = scope,
                        .input_ids = ids};
    h->x = (tg_tensor){.tape = t, .node = &h->node};
    *node = &h->node;
    return &h->x;
}

/* Sets *size if the shape is so small that nothing can be wrong with it. */
static bool small_size(const tg_infer *c, int64_t *size)
{
    enum { LITTLE = 1 << 15 };
    const int ndim = c->ndim;
    if ((unsigned)c->dtype >= TG_DTYPE_COUNT || (unsigned)ndim > 3) return false;
    int64_t product = 1;
    for (int i = 0; i < ndim; i++) {
        if ((uint64_t)c->shape[i] >= LITTLE) return false;
        product *= c->shape[i];
    }
    *size = product;
    return true;
}

/* Sets shape, strides and data of the output, as the shape rule decided. */
static bool value_place(tg_tape *t, tg_tensor *x, const tg_infer *c)
{
    int64_t size;
    if (!small_size(c, &size) &&
        tgi_shape_size(c->op->name, c->ndim, c->shape, c->dtype, &size, c->err))
        return false;
    const int ndim = c->ndim;
    const size_t width = tgi_width(c->dtype), room = 2 * (size_t)ndim * sizeof(int64_t);
    if (!c->view && (uint64_t)size * width > SIZE_MAX / 2) return false;
    const size_t bytes = c->view ? 0 : (size_t)size * width;
    const size_t head =
        bytes >= TGI_ALIGN ? (room + TGI_ALIGN - 1) & ~(size_t)(TGI_ALIGN - 1) : room;
    char *p = tgi_arena_alloc(&t->arena, head + bytes);
    if (!p) return false;
    int64_t *dims = (int64_t *)(void *)p, *strides = dims + ndim;
    int64_t step = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        dims[i] = c->shape[i];
        strides[i] = c->view ? c->strides[i] : step;
        step *= dims[i] > 0 ? dims[i] : 1;
    }
    x->shape = ndim ? dims : NULL;
    x->strides = ndim ? strides : NULL;
    x->ndim = ndim;
    x->dtype = c->dtype;
    x->size = size;
    x->data = p + head;
    if (c->view) {
        const tg_tensor *base = c->inputs[0];
        x->storage = base->storage;
        x->data = size ? (char *)base->data + c->offset * (int64_t)width : base->data;
    }
    return true;
}

/* ---- computing ------------------------------------------------------------------------------ */

/* True if status is a failure. Its message, if there is none yet, is the text of the status. */
static bool failed(tg_status status, const tg_op *op, tg_error *err)
{
    if (status) (void)tg_fail(err, status, "%s: %s", op->name, tg_status_text(status));
    return status != TG_OK;
}

static bool run(tg_tape *t, tg_node *n, tg_error *err)
{
    const tg_op *op = n->op;
    if (!op->forward)
        return tg_fail(err, TG_EARG, "%s: the descriptor has no forward", op->name) == TG_OK;
    if (op->check && failed(op->check(n, err), op, err)) return false;
    const size_t bytes = op->work_size ? op->work_size(n) : 0;
    tgi_mark mark;
    void *work = NULL;
    if (bytes) {
        mark = tgi_arena_mark(&t->scratch);
        work = tgi_arena_alloc(&t->scratch, bytes);
        if (!work) return false;
    }
    const uint64_t mode = tgi_flush_begin();
    op->forward(n, work);
    tgi_flush_end(mode);
    const bool refused = op->verdict && failed(op->verdict(n, work, err), op, err);
    if (bytes) tgi_arena_rewind(&t->scratch, mark);
    return !refused;
}

static bool is_finite(const tg_tensor *x)
{
    if (!tgi_is_float(x->dtype)) return true;
    for (int64_t i = 0; i < x->size; i++)
        if (!isfinite(tg_tensor_get(x, i))) return false;
    return true;
}

static bool anomaly(tg_tape *t, const tg_node *n)
{
    if (is_finite(n->output)) return false;
    bool clean = true;
    for (int i = 0; i < n->n_inputs; i++) clean = clean && is_finite(n->inputs[i]);
    (void)tg_tape_fail(t, TG_ENAN, "%s: the result holds NaN or Inf%s", n->op->name,
                       clean ? "" : ", as do its operands");
    return true;
}

tg_tensor *tg_record(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                     const void *attrs)
{
    tg_tensor *few[FEW], **settled = few;
    bool weak = false;
    if (!t || t->error->status) return NULL;
    if (!op) return tg_tape_fail(t, TG_EARG, "record: the operation is NULL");
    if (!count_valid(t, op, n)) return NULL;
    if ((n > 0 && !inputs) || (op->attrs_size ? !attrs : op->attrs != NULL))
        return tg_tape_fail(t, TG_EARG, "%s: its %s", op->name,
                            n > 0 && !inputs ? "operands are NULL"
                            : op->attrs_size ? "attributes are NULL"
                                             : "attrs_size is 0, but it has attributes");
    if (n > FEW) settled = tg_tape_alloc(t, (size_t)n * sizeof *settled);
    if (!settled) return NULL;
    for (int i = 0; i < n; i++) {
        tg_tensor *x = settled[i] = operand(t, op, i, inputs[i]);
        if (!x) return NULL;
        weak = weak || x->weak;
    }
    if (weak) weak = settle_weak(t, op, settled, n);
    if (t->error->status) return NULL;

    tg_node *node;
    tg_tensor *x = tgi_record_value(t, op, settled, n, attrs, &node);
    if (!x) return tgi_tape_out_of_memory(t, op->name);
    tg_error error; /* not the tape's own, to which tg_tape_fail adds the scope */
    tg_infer c;     /* set field by field: to clear both takes longer than a small operation */
    error.status = TG_OK;
    error.text[0] = '\0';
    c.op = op;
    c.attrs = node->attrs;
    c.inputs = settled;
    c.n_inputs = n;
    c.dtype = n > 0 ? settled[0]->dtype : TG_F32;
    c.ndim = 0;
    c.view = false;
    c.offset = 0;
    c.err = &error;
    if (failed(op->infer(&c), op, &error) || !value_place(t, x, &c) ||
        (!c.view && !run(t, node, &error))) {
        if (!error.status) return tgi_tape_out_of_memory(t, op->name);
        return tg_tape_fail(t, error.status, "%s", error.text);
    }
    x->weak = weak && x->dtype == TG_F64 && x->ndim == 0 && !names_dtype(op);
    node->version = tgi_inputs_version(node->inputs, n);
    if (t->anomaly && anomaly(t, node)) return NULL;
    x->id = tgi_tape_append(t, x);
    return x->id < 0 ? NULL : x;
}

tg_tensor *tg_apply(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n, const void *attrs)
{
    if (!op) return tg_tape_fail(t, TG_EKEY, "apply: no such operation");
    if (!op->name || !op->infer)
        return tg_tape_fail(t, TG_EARG, "apply: the descriptor has no name or no infer");
    if (n < 0 || (n > 0 && !inputs)) return tg_tape_fail(t, TG_EARG, "%s: no operands", op->name);
    if (op->attrs_size && !attrs)
        return tg_tape_fail(t, TG_EARG, "%s: attributes are missing", op->name);
    return tg_record(t, op, inputs, n, attrs);
}
