/* profile.c - describes each step of a plan and measures its time. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "graph/plan/plan.h"
#include "tapegrad/alloc.h"

/* ---- taking the time ------------------------------------------------------------------------ */

double tgi_profile_clock(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t)) return 0;
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void tgi_profile_add(tg_plan *p, int32_t i, double start)
{
    tgi_timing *t = &p->timings[i], *first = &p->timings[p->n_steps];
    if (first->runs++ == 0) first->start = start;
    t->last = tgi_profile_clock() - start;
    t->seconds += t->last;
    t->start = start - first->start;
    t->runs++;
}

tg_status tg_plan_profile(tg_plan *p, bool on, tg_error *err)
{
    if (!p) return tg_fail(err, TG_EARG, "plan_profile: the plan is NULL");
    tgi_timing *fresh = on ? tg_calloc((size_t)p->n_steps + 1, sizeof *fresh) : NULL;
    if (on && !fresh) return tg_fail(err, TG_ENOMEM, "plan_profile: out of memory");
    tg_free(p->timings);
    p->timings = fresh;
    return TG_OK;
}

/* ---- what a step is ------------------------------------------------------------------------- */

static double bytes_of(const tg_plan *p, int32_t i)
{
    const tg_tensor x = tgi_plan_tensor(p, i);
    return (double)x.size * (double)tg_dtype_size(x.dtype);
}

static double flops_of(const tg_plan *p, int32_t i)
{
    tgi_borrowed room;
    const tg_node *n = tgi_plan_node(p, i, &room);
    if (n->op->flops) return n->op->flops(n);
    return tgi_is_elementwise(n->op) ? (double)n->output->size : 0;
}

static int32_t root_of(const tg_plan *p, const tgi_item *v, int input)
{
    return p->items[p->inputs[v->in + input]].root;
}

/* A member before v reads the same root, or v itself does by an earlier operand. */
static bool read_before(const tg_plan *p, int32_t first, int32_t v, int input)
{
    const int32_t root = root_of(p, &p->items[v], input);
    for (int32_t k = first; k >= 0; k = p->items[k].next) {
        const int n = k == v ? input : p->items[k].n_inputs;
        for (int i = 0; i < n; i++)
            if (root_of(p, &p->items[k], i) == root) return true;
        if (k == v) break;
    }
    return false;
}

static bool in_step(const tg_plan *p, int32_t first, int32_t root)
{
    for (int32_t k = first; k >= 0; k = p->items[k].next)
        if (k == root) return true;
    return false;
}

static double bytes_moved(const tg_plan *p, int32_t first)
{
    double sum = 0;
    for (int32_t k = first; k >= 0; k = p->items[k].next) {
        const tgi_item *v = &p->items[k];
        if (v->escapes) sum += bytes_of(p, k);
        for (int i = 0; i < v->n_inputs; i++) {
            const int32_t x = p->inputs[v->in + i], root = p->items[x].root;
            if (in_step(p, first, root) || read_before(p, first, k, i)) continue;
            const double all = bytes_of(p, root), read = bytes_of(p, x);
            sum += read < all ? read : all;
        }
    }
    return sum;
}

/* The names of the operations, as many as fit, and the number of those left out. */
static void name_step(const tg_plan *p, int32_t first, char *name, size_t size)
{
    size_t n = 0;
    int left = 0;
    name[0] = '\0';
    for (int32_t k = first; k >= 0; k = p->items[k].next) {
        const char *op = p->items[k].operation->op->name;
        const size_t length = strlen(op);
        if (left > 0 || n + length + 8 > size) {
            left++;
            continue;
        }
        if (n > 0) name[n++] = ' ';
        memcpy(name + n, op, length + 1);
        n += length;
    }
    if (left > 0) (void)snprintf(name + n, size - n, " +%d", left);
}

tg_status tg_plan_step_at(const tg_plan *p, int32_t i, tg_plan_step *step, tg_error *err)
{
    if (!p || !step)
        return tg_fail(err, TG_EARG, "plan_step_at: the %s is NULL", p ? "step" : "plan");
    if (i < 0 || i >= p->n_steps)
        return tg_fail(err, TG_EARG, "plan_step_at: there is no step %d", (int)i);
    const int32_t first = p->steps[i].value;
    *step =
        (tg_plan_step){.scope = p->items[first].operation->scope, .operations = p->steps[i].count};
    name_step(p, first, step->name, sizeof step->name);
    for (int32_t k = first; k >= 0; k = p->items[k].next) step->flops += flops_of(p, k);
    step->bytes = bytes_moved(p, first);
    if (!p->timings) return TG_OK;
    step->runs = p->timings[i].runs;
    step->seconds = p->timings[i].seconds;
    step->start = p->timings[i].start;
    step->last = p->timings[i].last;
    return TG_OK;
}
