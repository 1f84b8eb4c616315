/* programs.h - random programs: 5 to 40 operations of the registry on one another's results, down
 * to a scalar, all from one seed.
 *
 * Nothing here knows an operation by name. An operation comes with one of its own samples: the
 * attributes, the shapes and ranges of its operands. Each operand is an earlier value, brought
 * into the range by a tanh where it is not in it already, and
 *   direct    in the shape that it has, in the hope that the shape rule takes it,
 *   fitted    in the shape of the sample, by picking elements at random,
 *   anchored  as a small change to the sample's own elements, for what is hard to please.
 * What the operation refuses, or what is not finite, is tried again in another way. */
#ifndef TESTS_PROGRAMS_H
#define TESTS_PROGRAMS_H

#include "src/op_sample.h"
#include "tests/support/close.h"

enum { FEWEST = 5, MOST = 40, INPUTS = 4, VALUES = INPUTS + MOST, OPERANDS = 8, OWNED = 4096 };
enum { DIRECT, FITTED, ANCHORED };

typedef struct operand {
    int from;                /* the number of a value; -1: the leaf alone */
    tg_tensor *leaf;         /* index, mask, target of a write; with a value: what it changes */
    tg_tensor *index, *sign; /* the elements picked; factors +-1 */
    tg_tensor *diagonal;     /* makes the diagonal of square matrices dominant */
    bool is_float, squash;
    double lo, hi;
} operand;

typedef struct step {
    const tg_op *op;
    const char *attrs;
    int n;
    operand in[OPERANDS];
} step;

typedef struct program {
    uint64_t seed;
    tg_rng rng;
    int n; /* values: the inputs, then one of each step */
    step steps[VALUES];
    tg_tensor *at_start[VALUES]; /* the inputs themselves; copies of the results */
    tg_tensor *weight[VALUES];   /* of the results that no step uses; NULL elsewhere */
    bool constant[VALUES], taken[VALUES];
    tg_dict *x; /* the inputs */
    tg_tensor *owned[OWNED];
    int n_owned, refused;
} program;

static inline tg_tensor *own(program *p, tg_tensor *x)
{
    if (!x || p->n_owned == OWNED) ck_abort_msg("program %llu: no leaf", (long long)p->seed);
    return p->owned[p->n_owned++] = x;
}

static inline int below(program *p, int n) { return (int)tg_rng_next_below(&p->rng, (uint64_t)n); }

static inline tg_tensor *drawn(program *p, tg_dtype dtype, int ndim, const int64_t *shape,
                               double lo, double hi)
{
    tgi_word w = {
        .dtype = dtype, .is_float = tg_dtype_is_float(dtype), .ndim = ndim, .lo = lo, .hi = hi};
    for (int i = 0; i < ndim; i++) w.shape[i] = shape[i];
    return own(p, tgi_word_draw(&w, dtype, false, &p->rng, NULL));
}

/* ---- running a program ---------------------------------------------------------------------- */

static inline tg_tensor *operand_value(tg_tape *t, const operand *o, tg_tensor *const *values)
{
    if (o->from < 0) return o->leaf;
    tg_tensor *x = values[o->from];
    if (o->is_float && x && x->dtype != TG_F64) x = tg_cast(t, x, TG_F64);
    if (o->index) x = tg_take(t, x, o->index, TG_ALL);
    if (o->leaf) return tg_add(t, o->leaf, tg_mul(t, tg_scalar(t, 0.04), tg_tanh(t, x)));
    if (o->squash && !o->is_float)
        return tg_maximum(t, tg_minimum(t, x, tg_full(t, TG_I32, 0, NULL, o->hi - 1)),
                          tg_full(t, TG_I32, 0, NULL, o->lo));
    if (o->squash)
        x = tg_add(t, tg_scalar(t, (o->lo + o->hi) / 2),
                   tg_mul(t, tg_scalar(t, (o->hi - o->lo) / 2), tg_tanh(t, x)));
    if (o->diagonal) x = tg_add(t, x, o->diagonal);
    return o->sign ? tg_mul(t, x, o->sign) : x;
}

static inline tg_tensor *run_step(tg_tape *t, const step *s, tg_tensor *const *values)
{
    tg_tensor *in[OPERANDS] = {NULL};
    void *attrs = tg_tape_alloc(t, s->op->attrs_size);
    for (int i = 0; i < s->n; i++) in[i] = operand_value(t, &s->in[i], values);
    if (!attrs || tg_attrs_parse(t, s->op, s->attrs, attrs)) return NULL;
    return tg_apply(t, s->op, in, s->n, s->op->attrs_size ? attrs : NULL);
}

/* The sum of tanh(value) times fixed weights over all values that no step uses, so that every
 * element has an effect, each a different one. */
static inline tg_tensor *run_program(tg_tape *t, const program *p)
{
    tg_tensor *values[VALUES], *loss = tg_scalar(t, 0);
    for (int k = 0; k < p->n; k++) {
        values[k] = k < INPUTS ? p->at_start[k] : run_step(t, &p->steps[k], values);
        if (!values[k]) return NULL;
        if (!p->weight[k]) continue;
        tg_tensor *y = values[k]->dtype == TG_F64 ? values[k] : tg_cast(t, values[k], TG_F64);
        y = tg_mul(t, p->weight[k], tg_tanh(t, y));
        loss = tg_add(t, loss, tg_sum(t, y, TG_ALL, false));
    }
    return loss;
}

/* ---- making one ----------------------------------------------------------------------------- */

/* An earlier value of that kind, usually one of the last; -1 if there is none. */
static inline int pick(program *p, const tgi_word *w, bool constant, int mode)
{
    int found[VALUES], n = 0, wanted = 1;
    for (int i = 0; i < w->ndim; i++) wanted *= w->shape[i] > 0;
    for (int k = 0; k < p->n; k++) {
        const tg_tensor *y = p->at_start[k];
        if (w->is_float ? !tg_dtype_is_float(y->dtype) : y->dtype != w->dtype) continue;
        if ((constant && !p->constant[k]) || (mode != DIRECT && wanted && y->size == 0)) continue;
        found[n++] = k;
    }
    if (n == 0) return -1;
    return found[below(p, 2) && n > 4 ? n - 4 + below(p, 4) : below(p, n)];
}

static inline bool in_range(const tg_tensor *x, double lo, double hi, bool sign)
{
    bool in = true;
    for (int64_t i = 0; i < x->size; i++) {
        const double v = sign ? fabs(read_at(x, i)) : read_at(x, i);
        in = in && v >= lo && v <= hi;
    }
    return in;
}

/* Of the shape of `like`, n max(|lo|, |hi|) on the diagonal of each matrix; NULL where there are no
 * square ones. */
static inline tg_tensor *dominating(program *p, const tgi_word *w, const tg_tensor *like)
{
    const int last = like->ndim - 1;
    if (last < 1 || like->shape[last] != like->shape[last - 1]) return NULL;
    const int64_t n = like->shape[last];
    tg_tensor *d = own(p, tg_tensor_new(TG_F64, like->ndim, like->shape, NULL));
    for (int64_t k = 0; k < d->size; k++)
        if (k / n % n == k % n) write_at(d, k, (double)n * fmax(fabs(w->lo), fabs(w->hi)));
    return d;
}

static inline operand make_operand(program *p, const step *s, int i, const tgi_word *w, int mode)
{
    /* An operation that passes its operand on with derivative 0 gets constants only. */
    const bool constant = s->op->flags & TG_OP_ZERO_GRAD && !s->op->forward;
    operand o = {.from = -1, .is_float = w->is_float, .lo = w->lo, .hi = w->hi};
    const bool own_leaf = (i == 0 && s->op->flags & TG_OP_WRITES) || (!w->is_float && below(p, 2));
    if (!own_leaf) o.from = pick(p, w, constant, mode);
    if (o.from < 0 || mode == ANCHORED)
        o.leaf = own(p, tgi_word_draw(w, w->dtype, false, &p->rng, NULL));
    if (o.from < 0 || (mode == ANCHORED && !w->is_float)) {
        o.from = -1;
        return o;
    }
    const tg_tensor *x = p->at_start[o.from];
    if (mode != DIRECT)
        o.index = drawn(p, TG_I32, w->ndim, w->shape, 0, x->size > 0 ? (double)x->size : 1);
    if (mode == ANCHORED || w->dtype == TG_U8) return o;
    if (w->dominant) o.diagonal = dominating(p, w, o.index ? o.index : x);
    const bool any = w->is_float && w->lo == -2 && w->hi == 2 && !w->sign && !w->dominant;
    o.squash = !in_range(x, any ? -3 : w->lo, any ? 3 : w->is_float ? w->hi : w->hi - 1, w->sign);
    if (w->sign && o.squash) {
        const tg_tensor *like = o.index ? o.index : x;
        o.sign = drawn(p, TG_F64, like->ndim, like->shape, -1, 1);
        for (int64_t k = 0; k < like->size; k++)
            write_at(o.sign, k, read_at(o.sign, k) < 0 ? -1 : 1);
    }
    return o;
}

/* Tries a step with op. False if the operation refuses it or makes it useless. */
static inline bool try_step(program *p, tg_tape *t, const tg_op *op, int mode)
{
    int samples = 0;
    const int owned = p->n_owned;
    while (op->samples[samples].inputs || op->samples[samples].attrs) samples++;
    const tg_sample *sample = &op->samples[below(p, samples)];
    const char *text = sample->inputs ? sample->inputs : "";
    step *s = &p->steps[p->n];
    tgi_word w;
    *s = (step){.op = op, .attrs = sample->attrs};
    for (; s->n < OPERANDS && tgi_word_read(&text, &w); s->n++)
        s->in[s->n] = make_operand(p, s, s->n, &w, mode);
    tg_tape_reset(t);
    tg_tensor *y = run_step(t, s, p->at_start);
    if (y && y->size <= 256 && in_range(y, -1e3, 1e3, false)) {
        p->constant[p->n] = true;
        for (int i = 0; i < s->n; i++)
            if (s->in[i].from >= 0) {
                p->taken[s->in[i].from] = true;
                p->constant[p->n] = p->constant[p->n] && p->constant[s->in[i].from];
            }
        p->at_start[p->n++] = own(p, tg_tensor_clone(y, NULL));
        return true;
    }
    while (p->n_owned > owned) tg_tensor_free(p->owned[--p->n_owned]);
    p->refused++;
    return false;
}

/* The program of a seed from n_ops operations; t is for trying things out. */
static inline void make_program(program *p, tg_tape *t, uint64_t seed, int n_ops,
                                const tg_op *const *ops)
{
    static const int64_t shapes[][4] = {{0},          {1, 3},    {1, 4},       {2, 2, 3},
                                        {2, 3, 2},    {2, 3, 3}, {3, 2, 1, 2}, {3, 1, 2, 4},
                                        {3, 2, 3, 2}, {1, 2},    {2, 1, 3},    {2, 4, 4}};
    *p = (program){.seed = seed, .rng = tg_rng_make(seed, 0), .x = tg_dict_new()};
    for (; p->n < INPUTS; p->n++) {
        const int64_t *shape = shapes[below(p, COUNT(shapes))];
        char key[8];
        (void)snprintf(key, sizeof key, "v%d", p->n);
        p->at_start[p->n] = drawn(p, TG_F64, (int)shape[0], shape + 1, -2, 2);
        ck_assert(tg_dict_take(p->x, key, tg_tensor_ref(p->at_start[p->n]), NULL) == TG_OK);
    }
    for (const int end = INPUTS + FEWEST + below(p, MOST - FEWEST + 1); p->n < end;) {
        const tg_op *op = ops[below(p, n_ops)];
        bool done = false;
        const bool writes = op->flags & TG_OP_WRITES; /* into a leaf of the sample's shape */
        for (int i = 0; i < 6 && !done; i++)
            done = try_step(p, t, op, i < 2 && !writes ? below(p, 2) : i < 4 ? FITTED : ANCHORED);
    }
    for (int k = 0; k < p->n; k++) {
        const tg_tensor *y = p->at_start[k];
        if (tg_dtype_is_float(y->dtype) && (k < INPUTS || !p->taken[k]))
            p->weight[k] = drawn(p, TG_F64, y->ndim, y->shape, 0.2, 1);
    }
}

static inline void free_program(program *p)
{
    while (p->n_owned > 0) tg_tensor_free(p->owned[--p->n_owned]);
    tg_dict_free(p->x);
}

#endif
