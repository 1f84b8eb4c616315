/* grad.c - the sweep back over the tape. */
#include "tapegrad/grad.h"

#include <stdio.h>
#include <string.h>

#include "graph/flush.h"
#include "graph/tape.h"

/* Marks of a value. */
enum {
    ABOVE = 1, /* some y depends on it */
    REACH = 2  /* it depends on some x, by operations that have a derivative */
};

typedef struct sweep {
    tg_tape *t;
    int32_t top; /* values 0..top-1 take part */
    int ny;
    tg_tensor *const *ys;
    const char *const *names; /* of the xs, for messages; or NULL */
    unsigned char *mark;
    tg_tensor **cotangent;
    uint64_t mode; /* the caller's floating-point mode */
} sweep;

/* The derivative can pass from input i of n to its output. */
static bool passes(const tg_node *n, int i)
{
    return n->op->vjp && tgi_is_float(n->output->dtype) && tgi_is_float(n->inputs[i]->dtype);
}

static const tg_node *node_of(const sweep *s, int32_t id) { return s->t->values[id]->node; }

static void mark_above(sweep *s)
{
    for (int32_t id = s->top - 1; id >= 0; id--) {
        const tg_node *n = node_of(s, id);
        if (!n || !(s->mark[id] & ABOVE)) continue;
        for (int i = 0; i < n->n_inputs; i++) s->mark[n->input_ids[i]] |= ABOVE;
    }
}

static void mark_reach(sweep *s, int32_t first)
{
    for (int32_t id = first; id < s->top; id++) {
        const tg_node *n = node_of(s, id);
        if (!n || !(s->mark[id] & ABOVE)) continue;
        for (int i = 0; i < n->n_inputs && !(s->mark[id] & REACH); i++)
            if ((s->mark[n->input_ids[i]] & REACH) && passes(n, i)) s->mark[id] |= REACH;
    }
}

static tg_tensor *filled(tg_tape *t, const tg_tensor *like, double value)
{
    if (like->ndim == 0) return tgi_scalar(t, value, like->dtype);
    tgi_full_attrs a = {.value = value, .dtype = like->dtype, .shape = {.n = like->ndim}};
    for (int i = 0; i < like->ndim; i++) a.shape.v[i] = like->shape[i];
    return tg_record(t, t->core.full, NULL, 0, &a);
}

static bool broadcasts(const tg_tensor *x, const tg_tensor *to)
{
    bool fits = x->ndim <= to->ndim;
    for (int i = 1; fits && i <= x->ndim; i++) {
        const int64_t from = x->shape[x->ndim - i];
        fits = from == 1 || from == to->shape[to->ndim - i];
    }
    return fits;
}

/* Sums g over the axes along which `like` was broadcast to g's shape; a copy if there are none. */
static tg_tensor *summed_to(tg_tape *t, tg_tensor *g, const tg_tensor *like)
{
    tgi_shape_attrs to = {.shape = {.n = like->ndim}};
    for (int k = 0; k < like->ndim; k++) to.shape.v[k] = like->shape[k];
    return tg_record(t, t->core.sum_to, &g, 1, &to);
}

/* Checks what a VJP returned, and undoes broadcasting, which is done nowhere else. */
static tg_tensor *fit(tg_tape *t, const tg_node *n, int i, tg_tensor *g)
{
    const tg_tensor *x = n->inputs[i];
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    if (g->weak) g = tgi_scalar_cast(t, g, x->dtype);
    if (!g) return NULL;
    if (g->dtype != x->dtype)
        return tg_tape_fail(
            t, TG_EDTYPE, "grad: the VJP of %s gives %s for operand %d, which is %s", n->op->name,
            tg_tensor_describe(g, a, sizeof a), i + 1, tg_tensor_describe(x, b, sizeof b));
    if (tg_tensor_same_shape(g, x)) return g;
    if (!broadcasts(x, g))
        return tg_tape_fail(
            t, TG_ESHAPE, "grad: the VJP of %s gives %s for operand %d, which is %s", n->op->name,
            tg_tensor_describe(g, a, sizeof a), i + 1, tg_tensor_describe(x, b, sizeof b));
    return summed_to(t, g, x);
}

/* A gradient is a recorded value. A cotangent that was passed on unchanged may be a leaf, which
 * its owner can free and which cannot be differentiated; of such a one this is a copy on the tape.
 */
static tg_tensor *recorded(tg_tape *t, tg_tensor *g) { return g->node ? g : summed_to(t, g, g); }

static tg_tensor *plus(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    return a ? tg_record(t, t->core.add, (tg_tensor *[]){a, b}, 2, NULL) : b;
}

static tg_status back(sweep *s, const tg_node *n, tg_tensor *dy)
{
    tg_tape *t = s->t;
    if (n->version != tgi_inputs_version(n->inputs, n->n_inputs)) {
        (void)tg_tape_fail(t, TG_EGRAD,
                           "grad: an operand of %s has changed since it was recorded (by an "
                           "optimizer, assign or tg_tensor_touch); reset the tape and record again",
                           n->op->name);
        return t->error->status;
    }
    for (int i = 0; i < n->n_inputs; i++) {
        const int32_t id = n->input_ids[i];
        if (!(s->mark[id] & REACH) || !passes(n, i)) continue;
        t->visited++;
        tg_tensor *g = n->op->vjp(t, n, i, dy);
        if (t->error->status) return t->error->status;
        if (!g || !(g = fit(t, n, i, g))) continue;
        s->cotangent[id] = plus(t, s->cotangent[id], g);
    }
    return t->error->status;
}

static tg_status run_back(sweep *s)
{
    tg_tape *t = s->t;
    const char *outer = t->scope_of_vjp;
    const unsigned char *wanted = t->wanted;
    t->wanted = s->mark;
    for (int32_t id = s->top - 1; id >= 0 && !t->error->status; id--) {
        const tg_node *n = node_of(s, id);
        tg_tensor **dy = &s->cotangent[id];
        if (!(s->mark[id] & REACH) || !*dy) continue;
        t->scope_of_vjp = n ? n->scope : outer;
        if (t->hooks) {
            tgi_flush_end(s->mode); /* hooks run in the program's own mode */
            *dy = tgi_hooks_call(t, t->values[id], *dy);
            (void)tgi_flush_begin();
        }
        if (n && *dy) (void)back(s, n, *dy);
    }
    t->scope_of_vjp = outer;
    t->wanted = wanted;
    return t->error->status;
}

bool tgi_sweep_wants(const tg_tape *t, const tg_node *n, int i)
{
    return (t->wanted[n->input_ids[i]] & REACH) && passes(n, i);
}

/* "'W1'" if there are names, else "tensor 2". */
static const char *name_it(const char *const *names, const char *what, int i, char *text, size_t n)
{
    if (names)
        (void)snprintf(text, n, "'%s'", names[i]);
    else
        (void)snprintf(text, n, "%s %d", what, i + 1);
    return text;
}

/* x has no cotangent, so its gradient is 0. But it is an error if x reaches the ys, and only by
 * paths through operations without a derivative. */
static tg_status check_paths(sweep *s, const tg_tensor *x, int32_t first, int number)
{
    enum { SMOOTH = 4, ANY = 8 };
    const tg_op *blocked = NULL;
    int seen = 0;
    for (int32_t id = 0; id < s->top; id++) s->mark[id] &= ABOVE | REACH;
    s->mark[first] |= SMOOTH | ANY;
    for (int32_t id = first; id < s->top; id++) {
        const tg_node *n = node_of(s, id);
        if (!n || !(s->mark[id] & ABOVE) || (n->op->flags & TG_OP_ZERO_GRAD)) continue;
        for (int i = 0; i < n->n_inputs; i++) {
            const int m = s->mark[n->input_ids[i]];
            s->mark[id] |= (unsigned char)(m & (passes(n, i) ? SMOOTH | ANY : ANY));
            if ((m & SMOOTH) && !passes(n, i) && !blocked) blocked = n->op;
        }
    }
    for (int i = 0; i < s->ny; i++) seen |= s->mark[tgi_tape_find(s->t, s->ys[i])];
    if (!blocked || (seen & SMOOTH) || !(seen & ANY)) return TG_OK;
    char text[TG_DESCRIBE_SIZE], which[64];
    (void)tg_tape_fail(s->t, TG_EGRAD,
                       "grad: %s, %s, reaches the result only through %s, which has no derivative",
                       name_it(s->names, "tensor", number, which, sizeof which),
                       tg_tensor_describe(x, text, sizeof text), blocked->name);
    return TG_EGRAD;
}

/* ---- the arguments -------------------------------------------------------------------------- */

/* names: as in name_it; NULL for an output. */
static bool check_tensor(tg_tape *t, const char *const *names, const char *what, int i,
                         const tg_tensor *x, bool recorded)
{
    char text[TG_DESCRIBE_SIZE], which[64];
    if (x && tgi_is_float(x->dtype) && (recorded || !x->weak) && tgi_tape_takes(t, x) &&
        (!recorded || tgi_tape_find(t, x) >= 0))
        return true;
    (void)name_it(names, what, i, which, sizeof which);
    if (!x)
        (void)tg_tape_fail(t, TG_EARG, "grad: %s is NULL", which);
    else if (!tgi_tape_takes(t, x) || (recorded && tgi_tape_find(t, x) < 0))
        (void)tg_tape_fail(t, TG_ETAPE, "grad: %s is not on this tape", which);
    else if (!tgi_is_float(x->dtype))
        (void)tg_tape_fail(t, TG_EDTYPE, "grad: %s is %s, but only f32 and f64 have gradients",
                           which, tg_tensor_describe(x, text, sizeof text));
    else /* weak: the operations that used it read a copy in another dtype */
        (void)tg_tape_fail(t, TG_EARG, "grad: %s is a weak scalar (use tg_full)", which);
    return false;
}

static bool seed(sweep *s, tg_tensor *const *dys)
{
    tg_tape *t = s->t;
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    for (int i = 0; i < s->ny; i++) {
        tg_tensor *y = s->ys[i], *dy = dys && dys[i] ? dys[i] : filled(t, y, 1);
        if (dy && !tgi_tape_takes(t, dy)) {
            (void)tg_tape_fail(t, TG_ETAPE, "grad: cotangent %d is not on this tape", i + 1);
            return false;
        }
        if (dy && dy->weak) dy = tgi_scalar_cast(t, dy, y->dtype);
        if (!dy) return false;
        if (dy->dtype != y->dtype || !tg_tensor_same_shape(dy, y)) {
            (void)tg_tape_fail(t, dy->dtype != y->dtype ? TG_EDTYPE : TG_ESHAPE,
                               "grad: cotangent %d is %s, but its output is %s", i + 1,
                               tg_tensor_describe(dy, a, sizeof a),
                               tg_tensor_describe(y, b, sizeof b));
            return false;
        }
        tg_tensor **c = &s->cotangent[tgi_tape_find(t, y)];
        *c = plus(t, *c, dy);
    }
    return t->error->status == TG_OK;
}

static tg_status sweep_all(sweep *s, tg_tensor *const *dys, int nx, tg_tensor *const *xs,
                           tg_tensor **dxs)
{
    tg_tape *t = s->t;
    int32_t first = s->top;
    for (int j = 0; j < nx; j++) {
        const int32_t id = tgi_tape_find(t, xs[j]);
        if (id < 0 || id >= s->top) continue;
        s->mark[id] |= REACH;
        if (id < first) first = id;
    }
    mark_above(s);
    mark_reach(s, first);
    if (!seed(s, dys) || run_back(s)) return t->error->status;
    for (int j = 0; j < nx; j++) {
        const int32_t id = tgi_tape_find(t, xs[j]);
        const bool here = id >= 0 && id < s->top;
        dxs[j] = NULL;
        if (here && s->cotangent[id])
            dxs[j] = recorded(t, s->cotangent[id]);
        else if (here && check_paths(s, xs[j], id, j))
            break;
        else
            dxs[j] = filled(t, xs[j], 0);
    }
    return t->error->status;
}

tg_status tg_vjp(tg_tape *t, int ny, tg_tensor *const *ys, tg_tensor *const *dys, int nx,
                 tg_tensor *const *xs, tg_tensor **dxs)
{
    return tgi_vjp(t, ny, ys, dys, nx, xs, NULL, dxs);
}

tg_status tgi_vjp(tg_tape *t, int ny, tg_tensor *const *ys, tg_tensor *const *dys, int nx,
                  tg_tensor *const *xs, const char *const *names, tg_tensor **dxs)
{
    if (!t) return TG_EARG;
    if (t->error->status) return t->error->status;
    if (ny < 0 || nx < 0 || (ny > 0 && !ys) || (nx > 0 && (!xs || !dxs))) {
        (void)tg_tape_fail(t, TG_EARG,
                           ny < 0 || nx < 0
                               ? "grad: the number of outputs or of inputs is negative"
                               : "grad: the list of outputs, of inputs or of results is NULL");
        return TG_EARG;
    }
    sweep s = {.t = t, .ny = ny, .ys = ys, .names = names};
    for (int j = 0; j < nx; j++)
        if (!check_tensor(t, names, "tensor", j, xs[j], false)) return t->error->status;
    for (int i = 0; i < ny; i++) {
        if (!check_tensor(t, NULL, "output", i, ys[i], true)) return t->error->status;
        const int32_t id = tgi_tape_find(t, ys[i]);
        if (id >= s.top) s.top = id + 1;
    }
    if (!t->wanted) t->visited = 0; /* not in a sweep within a VJP or a hook */
    s.mode = tgi_flush_begin();     /* once for all that is recorded */
    const tgi_mark mark = tgi_arena_mark(&t->scratch);
    const size_t n = (size_t)s.top;
    s.mark = tgi_arena_alloc(&t->scratch, n);
    s.cotangent = tgi_arena_alloc(&t->scratch, n * sizeof *s.cotangent);
    if (!s.mark || !s.cotangent) {
        (void)tgi_tape_out_of_memory(t, "grad");
    } else {
        memset(s.mark, 0, n);
        memset(s.cotangent, 0, n * sizeof *s.cotangent);
        for (int i = 0; i < ny; i++) s.mark[tgi_tape_find(t, ys[i])] |= ABOVE;
        (void)sweep_all(&s, dys, nx, xs, dxs);
    }
    tgi_flush_end(s.mode);
    tgi_arena_rewind(&t->scratch, mark);
    return t->error->status;
}
