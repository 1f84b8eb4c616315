/* checkpoint.c - regions, which the sweep computes again.
 *
 * A region runs on an inner tape, of which only the result is kept, as the output of a node
 * "checkpoint". The operands of that node are the region's inputs and the leaves that it used.
 * Its VJP is again a region, which runs the first one and sweeps back over it. So derivatives of
 * every order are regions. */
#include "tapegrad/checkpoint.h"

#include "graph/storage.h"
#include "graph/tape.h"
#include "tapegrad/ops.h"

typedef struct checkpoint_attrs {
    tg_region fn;
    void *user;
    int n; /* inputs of fn; the operands after them are leaves that it used */
    bool random;
    tg_rng rng;              /* the generator before fn ran */
    const tg_tensor *result; /* on the inner tape; NULL after the forward */
    /* The gradients for cotangent dy of all operands that are wanted. They are kept, because the
     * sweep asks for one operand at a time. */
    const tg_tensor *dy;
    const struct wanted *wanted;
    tg_tensor *flat;
} checkpoint_attrs;

/* The operands of a node whose gradients are wanted. */
typedef struct wanted {
    const tg_node *node;
    int n, *operand;
} wanted;

/* ---- the node ------------------------------------------------------------------------------- */

static tg_status checkpoint_infer(tg_infer *c)
{
    const tg_tensor *y = ((const checkpoint_attrs *)c->attrs)->result;
    c->dtype = y->dtype;
    c->ndim = y->ndim;
    for (int i = 0; i < y->ndim; i++) c->shape[i] = y->shape[i];
    return TG_OK;
}

static void checkpoint_forward(const tg_node *n, void *work)
{
    checkpoint_attrs *a = (checkpoint_attrs *)(uintptr_t)n->attrs;
    const tg_tensor *x = a->result, *y = n->output;
    (void)work;
    tgi_strided_copy(tg_dtype_size(y->dtype), y->ndim, y->shape, y->data, y->strides, x->data,
                     x->strides);
    a->result = NULL;
}

static tg_tensor *checkpoint_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy);

static const tg_op checkpoint = {.name = "checkpoint",
                                 .formula = "a function of x, without its intermediate values",
                                 .derivative = "that of the function, computed again",
                                 .max_inputs = -1,
                                 .attrs_size = sizeof(checkpoint_attrs),
                                 .infer = checkpoint_infer,
                                 .forward = checkpoint_forward,
                                 .vjp = checkpoint_vjp};

/* ---- copying a value from another tape ------------------------------------------------------ */

typedef struct import_attrs {
    const tg_tensor *x;
} import_attrs;

static tg_status import_infer(tg_infer *c)
{
    const tg_tensor *x = ((const import_attrs *)c->attrs)->x;
    c->dtype = x->dtype;
    c->ndim = x->ndim;
    for (int i = 0; i < x->ndim; i++) c->shape[i] = x->shape[i];
    return TG_OK;
}

static void import_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = ((const import_attrs *)n->attrs)->x, *y = n->output;
    (void)work;
    tgi_strided_copy(tg_dtype_size(y->dtype), y->ndim, y->shape, y->data, y->strides, x->data,
                     x->strides);
}

static const tg_op import = {.name = "import",
                             .formula = "x of another tape",
                             .attrs_size = sizeof(import_attrs),
                             .infer = import_infer,
                             .forward = import_forward};

/* ---- running a region ----------------------------------------------------------------------- */

static tg_tape *inner_tape(tg_tape *t, bool replay)
{
    if (!t->inner) t->inner = tg_tape_new_on(t->error);
    if (!t->inner) return tgi_tape_out_of_memory(t, "checkpoint");
    tg_tape_reset(t->inner);
    t->inner->anomaly = t->anomaly;
    t->inner->replay = replay || t->replay;
    const char *scope = tgi_tape_scope(t);
    if (!scope) return tgi_tape_out_of_memory(t, "checkpoint");
    if (*scope) tg_scope_push(t->inner, scope);
    return t->inner;
}

static bool inputs_fit(tg_tape *t, int n, tg_tensor *const *xs)
{
    if (n < 0 || (n > 0 && !xs))
        (void)tg_tape_fail(t, TG_EARG, "checkpoint: n is negative or xs is NULL");
    for (int i = 0; i < n && !t->error->status; i++) {
        if (!xs[i])
            (void)tg_tape_fail(t, TG_EARG, "checkpoint: input %d is NULL", i + 1);
        else if (!tgi_tape_takes(t, xs[i]))
            (void)tg_tape_fail(t, TG_ETAPE,
                               "checkpoint: input %d belongs to another tape or was dropped by a "
                               "reset",
                               i + 1);
        else if (xs[i]->weak) /* its copy could not take the dtype of another operand */
            (void)tg_tape_fail(t, TG_EARG, "checkpoint: input %d is a weak scalar (use tg_full)",
                               i + 1);
    }
    return t->error->status == TG_OK;
}

/* fn's result on the inner tape. NULL with both tapes poisoned, because they share one error. */
static tg_tensor *call(tg_tape *inner, const checkpoint_attrs *a, tg_tensor *const *xs, tg_rng *rng)
{
    tg_tensor **in = tg_tape_alloc(inner, (size_t)a->n * sizeof *in);
    for (int i = 0; in && i < a->n; i++)
        in[i] = tg_record(inner, &import, NULL, 0, &(import_attrs){xs[i]});
    tg_tensor *y = inner->error->status ? NULL : a->fn(inner, in, a->n, rng, a->user);
    if (!inner->error->status && !y)
        (void)tg_tape_fail(inner, TG_EARG, "checkpoint: the function returned NULL");
    else if (!inner->error->status && !tgi_tape_takes(inner, y))
        (void)tg_tape_fail(inner, TG_ETAPE,
                           "checkpoint: the function returned a value of another tape");
    else if (!inner->error->status && !y->tape)
        y = tg_reshape(inner, y, y->ndim, y->shape);
    return inner->error->status ? NULL : y;
}

/* Whether the region writes x. */
static bool writes(const tg_tape *inner, const tg_tensor *x)
{
    for (int32_t i = 0; i < inner->size; i++) {
        const tg_node *n = inner->values[i]->node;
        if (n && (n->op->flags & TG_OP_WRITES) && n->n_inputs > 0 && n->inputs[0] == x) return true;
    }
    return false;
}

/* xs and the leaves that the region used, in memory of t. Leaves that it writes are left out, so
 * that writing them again later does not make the sweep refuse the gradient. */
static tg_tensor **operands(tg_tape *t, int n, tg_tensor *const *xs, int *count)
{
    const tg_tape *inner = t->inner;
    if (inner->leaf_count > INT32_MAX - n) return tgi_tape_out_of_memory(t, "checkpoint");
    tg_tensor **all = tg_tape_alloc(t, (size_t)(n + inner->leaf_count) * sizeof *all);
    if (!all) return NULL;
    for (int i = 0; i < n; i++) all[i] = xs[i];
    for (int32_t i = 0; i < inner->size; i++)
        if (!inner->values[i]->tape && !writes(inner, inner->values[i]))
            all[n++] = inner->values[i];
    *count = n;
    return all;
}

/* Runs a region. replay: it has run before, and tg_assign must not write again. */
static tg_tensor *run(tg_tape *t, tg_region fn, void *user, int n, tg_tensor *const *xs,
                      tg_rng *rng, bool replay)
{
    checkpoint_attrs a = {.fn = fn, .user = user, .n = n, .random = rng != NULL};
    tg_tape *inner = inner_tape(t, replay);
    if (!inner) return NULL;
    if (rng) a.rng = *rng;
    tg_rng state = a.rng;
    a.result = call(inner, &a, xs, rng ? &state : NULL);
    if (!a.result) return NULL;
    tg_tensor **all = operands(t, n, xs, &n);
    tg_tensor *y = all ? tg_record(t, &checkpoint, all, n, &a) : NULL;
    if (y) y->weak = a.result->weak;
    if (y && rng) *rng = state;
    tg_tape_reset(inner);
    return y;
}

tg_tensor *tg_checkpoint(tg_tape *t, tg_region fn, void *user, int n, tg_tensor *const *xs,
                         tg_rng *rng)
{
    if (!t || t->error->status) return NULL;
    if (!fn) return tg_tape_fail(t, TG_EARG, "checkpoint: the function is NULL");
    return inputs_fit(t, n, xs) ? run(t, fn, user, n, xs, rng, false) : NULL;
}

/* ---- the region that computes gradients ----------------------------------------------------- */

/* The dtype of all gradients together; f64 represents those in f32 exactly. */
static tg_dtype flat_dtype(const wanted *w)
{
    for (int k = 0; k < w->n; k++)
        if (w->node->inputs[w->operand[k]]->dtype == TG_F64) return TG_F64;
    return TG_F32;
}

/* A region: the inputs of another region and dy -> the wanted gradients, flattened and joined. */
static tg_tensor *gradients(tg_tape *t, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    const wanted *w = user;
    const checkpoint_attrs *a = w->node->attrs;
    tg_rng state = a->rng;
    tg_tensor *dy = xs[n - 1], *y = a->fn(t, xs, n - 1, a->random ? &state : NULL, a->user);
    tg_tensor **x = tg_tape_alloc(t, 2 * (size_t)w->n * sizeof *x);
    (void)rng;
    if (y && !y->tape) y = tg_reshape(t, y, y->ndim, y->shape);
    if (!x || !y) return NULL;
    tg_tensor **dx = x + w->n;
    for (int k = 0; k < w->n; k++) {
        const int i = w->operand[k];
        x[k] = i < a->n ? xs[i] : w->node->inputs[i];
    }
    if (tg_vjp(t, 1, &y, &dy, w->n, x, dx)) return NULL;
    for (int k = 0; k < w->n; k++) {
        const int64_t size = dx[k]->size;
        dx[k] = tg_cast(t, tg_reshape(t, dx[k], 1, &size), flat_dtype(w));
    }
    return tg_concat(t, w->n, dx, 0);
}

/* The position in flat where the gradient of operand i begins; -1 if it is not wanted. */
static int64_t place(const wanted *w, int i)
{
    int64_t at = 0;
    for (int k = 0; k < w->n; k++) {
        if (w->operand[k] == i) return at;
        at += w->node->inputs[w->operand[k]]->size;
    }
    return -1;
}

/* Computes the gradients of all operands that the current sweep wants. */
static bool rerun(tg_tape *t, const tg_node *n, tg_tensor *dy)
{
    checkpoint_attrs *a = (checkpoint_attrs *)(uintptr_t)n->attrs;
    wanted *w = tg_tape_alloc(t, sizeof *w);
    int *operand = tg_tape_alloc(t, (size_t)n->n_inputs * sizeof *operand);
    tg_tensor **xs = tg_tape_alloc(t, ((size_t)a->n + 1) * sizeof *xs);
    if (!w || !operand || !xs) return false;
    *w = (wanted){.node = n, .operand = operand};
    for (int i = 0; i < n->n_inputs; i++)
        if (tgi_sweep_wants(t, n, i)) operand[w->n++] = i;
    for (int i = 0; i < a->n; i++) xs[i] = n->inputs[i];
    xs[a->n] = dy;
    a->flat = run(t, gradients, w, a->n + 1, xs, NULL, true);
    a->dy = a->flat ? dy : NULL;
    a->wanted = w;
    return a->flat != NULL;
}

static tg_tensor *checkpoint_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const checkpoint_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[i];
    if ((a->dy != dy || place(a->wanted, i) < 0) && !rerun(t, n, dy)) return NULL;
    const int64_t at = place(a->wanted, i);
    tg_tensor *g = tg_slice(t, a->flat, 0, at, at + x->size, 1);
    return tg_cast(t, tg_reshape(t, g, x->ndim, x->shape), x->dtype);
}
