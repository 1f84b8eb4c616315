/* long_graphs.h - graphs of any number of operations on a few numbers, and the cost of each stage:
 * recording, the sweep, the plan, its run. */
#ifndef TAPEGRAD_TESTS_LONG_GRAPHS_H
#define TAPEGRAD_TESTS_LONG_GRAPHS_H

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tapegrad.h"

typedef struct long_graph {
    tg_tape *t;
    tg_error err;
    tg_dict *params; /* the leaves: x, a, and those of record_leaves */
    tg_tensor *x, *a;
} long_graph;

/* n operations in a row. */
static inline tg_tensor *record_chain(long_graph *g, int n)
{
    tg_tensor *y = g->x;
    for (int i = 0; i < n / 2; i++) y = tg_tanh(g->t, tg_add(g->t, y, g->a));
    return y;
}

/* Each operation waits for a sum of all before it, so that little can be fused. */
static inline tg_tensor *record_sums(long_graph *g, int n)
{
    tg_tensor *y = g->x;
    for (int i = 0; i < n / 2; i++) y = tg_mul(g->t, y, tg_sum(g->t, y, TG_ALL, true));
    return y;
}

/* Every operation uses the same value. */
static inline tg_tensor *record_fan(long_graph *g, int n)
{
    tg_tensor *y = g->x, *z = tg_sigmoid(g->t, g->a);
    for (int i = 0; i < n / 2; i++) y = tg_add(g->t, y, tg_mul(g->t, z, y));
    return y;
}

/* n/4 leaves beside the first two, each used once. */
static inline tg_tensor *record_leaves(long_graph *g, int n)
{
    tg_tensor *y = g->x;
    for (int i = 2; i < n / 4; i++) {
        char key[24];
        if (i == tg_dict_size(g->params)) {
            (void)snprintf(key, sizeof key, "p%d", i);
            (void)tg_dict_take(g->params, key, tg_tensor_like(g->x, &g->err), &g->err);
        }
        y = tg_add(g->t, y, tg_dict_at(g->params, i));
    }
    return y;
}

/* Writes every leaf but the first two. */
static inline void assign_leaves(long_graph *g, const tg_dict *grads)
{
    for (int i = 2; i < tg_dict_size(g->params); i++) {
        tg_tensor *w = tg_dict_at(g->params, i);
        (void)tg_assign(g->t, w, tg_sub(g->t, w, tg_dict_at(grads, i)));
    }
}

static const struct long_shape {
    const char *name;
    tg_tensor *(*record)(long_graph *g, int n);
} long_shapes[] = {
    {"chain", record_chain}, {"sums", record_sums}, {"fan", record_fan}, {"leaves", record_leaves}};
enum { LONG_SHAPES = (int)(sizeof long_shapes / sizeof *long_shapes) };

/* Processor time in seconds, memory in bytes. */
enum { COST_RECORD, COST_SWEEP, COST_COMPILE, COST_RUN, COST_TIMES };
typedef struct long_costs {
    double time[COST_TIMES];
    double operations; /* on the tape at the end */
    double tape, plan;
    bool done; /* else text says what failed */
    char text[256];
} long_costs;

static inline double cpu_time(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* A graph of n operations, to which the sweep adds some. */
static inline long_costs long_graph_costs(const struct long_shape *s, int n)
{
    long_costs c = {.text = ""};
    double at[COST_TIMES + 1], running;
    long_graph g = {.t = tg_tape_new(), .err = TG_ERROR_INIT, .params = tg_dict_new()};
    g.x = tg_tensor_new(TG_F32, 1, (int64_t[]){4}, &g.err);
    g.a = tg_tensor_like(g.x, &g.err);
    (void)tg_tensor_fill(g.x, 0.5, &g.err);
    (void)tg_tensor_fill(g.a, 0.25, &g.err);
    (void)tg_dict_take(g.params, "x", g.x, &g.err);
    (void)tg_dict_take(g.params, "a", g.a, &g.err);
    (void)s->record(&g, n); /* so that memory and leaves are there */
    tg_tape_reset(g.t);
    at[0] = cpu_time();
    tg_tensor *loss = tg_sum(g.t, s->record(&g, n), TG_ALL, false);
    at[1] = cpu_time();
    const tg_dict *grads = tg_grad(g.t, loss, g.params);
    if (grads && s->record == record_leaves) assign_leaves(&g, grads);
    at[2] = cpu_time();
    tg_plan *p = grads ? tg_compile_grads(g.t, loss, grads, &g.err) : NULL;
    at[3] = cpu_time();
    (void)tg_plan_run(p, &g.err);
    running = cpu_time();
    c.done = p && !tg_plan_run(p, &g.err) && !g.err.status;
    at[4] = cpu_time() - running + at[3];
    for (int i = 0; i < COST_TIMES; i++) c.time[i] = at[i + 1] - at[i];
    c.operations = tg_tape_size(g.t);
    c.tape = (double)tg_tape_bytes(g.t);
    if (p) c.plan = (double)tg_plan_stats(p).bytes;
    (void)snprintf(c.text, sizeof c.text, "%s", *g.err.text ? g.err.text : tg_tape_message(g.t));
    tg_plan_free(p);
    tg_tape_free(g.t);
    tg_dict_free(g.params);
    return c;
}

#endif
