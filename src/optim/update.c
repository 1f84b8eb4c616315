/* update.c - one update: a pass over all parameters. */
#include "graph/flush.h"
#include "graph/storage.h"
#include "src/dict.h"
#include "src/optim/optimizer.h"

/* ---- how each parameter is updated ---------------------------------------------------------- */

static double lr_of(const tg_optimizer *o, const tgi_group *group)
{
    return group ? o->lr * group->options.lr_scale : o->lr;
}

static void set_step(const tg_optimizer *o, tgi_group_step *m, const tgi_group *group)
{
    const double lr = lr_of(o, group);
    m->first = tgi_group_prologue(group, lr);
    m->has_first = m->first.scales || m->first.clips || m->first.decays || m->first.shrinks;
    if (o->rule) o->rule->constants(o->options, lr, o->steps, m->constants);
}

void tgi_optimizer_begin(tg_optimizer *o)
{
    o->steps++;
    set_step(o, &o->step, NULL);
    for (int k = 0; k < o->n_groups; k++) set_step(o, &o->groups[k].step, &o->groups[k]);
}

/* The entries of a group among the first n of o. */
typedef struct members {
    const tg_optimizer *o;
    const tgi_group *group;
    int n;
} members;

static double squares_of_members(const void *of, double unit)
{
    const members *m = of;
    double sum = 0;
    for (int i = 0; i < m->n; i++)
        if (m->o->entries[i].group == m->group)
            sum += tgi_sum_of_squares(m->o->entries[i].x[TGI_GRADIENT], unit);
    return sum;
}

/* Sets the scales of the groups that clip by norm. */
static void measure(tg_optimizer *o, int n)
{
    for (int k = 0; k < o->n_groups; k++) {
        tgi_group *group = &o->groups[k];
        const members m = {o, group, n};
        if (group->step.first.scales)
            group->step.first.scale =
                tgi_clip_scale(group->options.clip_norm, squares_of_members, &m);
    }
}

/* ---- one parameter -------------------------------------------------------------------------- */

static const tgi_group_step *step_of(const tg_optimizer *o, const tgi_entry *e)
{
    return e->group ? &e->group->step : &o->step;
}

/* Makes the job that updates an entry in place with a kernel. */
static void set_job(const tg_optimizer *o, const tgi_entry *e, tgi_update_job *job)
{
    const tgi_group_step *m = step_of(o, e);
    const tg_tensor *w = e->x[TGI_PARAMETER];
    job->kernel = o->kernels[w->dtype];
    job->n = w->size;
    job->part.constants = m->constants;
    job->part.first = m->has_first ? &m->first : NULL;
    job->part.w = w->data;
    job->part.g = e->x[TGI_GRADIENT]->data;
    for (int s = 0; s < o->n_states; s++) job->part.state[s] = e->x[TGI_FIRST_STATE + s]->data;
}

/* Copies x to contiguous memory, or back. */
static void copy_packed(const tg_tensor *x, void *packed, bool back)
{
    int64_t row_major[TG_MAX_NDIM];
    tgi_row_major(x->ndim, x->shape, row_major);
    const size_t width = tg_dtype_size(x->dtype);
    if (back)
        tgi_strided_copy(width, x->ndim, x->shape, x->data, x->strides, packed, row_major);
    else
        tgi_strided_copy(width, x->ndim, x->shape, packed, row_major, x->data, x->strides);
}

/* Updates an entry on contiguous copies, or with the functions of an optimizer that has no
 * kernel. */
static void update_copies(const tg_optimizer *o, const tgi_entry *e)
{
    void *data[TGI_ENTRY_TENSORS];
    char *scratch = o->scratch;
    const int n = TGI_FIRST_STATE + o->n_states;
    const tgi_group_step *m = step_of(o, e);
    const tg_dtype dtype = e->x[TGI_PARAMETER]->dtype;
    for (int p = 0; p < n; p++) {
        data[p] = e->x[p]->data;
        const size_t bytes = tgi_optimizer_copy(o, e, p);
        if (bytes == 0) continue;
        data[p] = scratch;
        scratch += bytes;
        copy_packed(e->x[p], data[p], false);
    }
    tg_update u = {.options = o->options,
                   .lr = lr_of(o, e->group),
                   .step = o->steps,
                   .n = e->x[TGI_PARAMETER]->size,
                   .w = data[TGI_PARAMETER],
                   .g = data[TGI_GRADIENT]};
    for (int s = 0; s < o->n_states; s++) u.state[s] = data[TGI_FIRST_STATE + s];
    if (o->rule) {
        tgi_update_job job;
        set_job(o, e, &job);
        job.part.w = u.w;
        job.part.g = u.g;
        for (int s = 0; s < o->n_states; s++) job.part.state[s] = u.state[s];
        tgi_update_run(1, &job);
    } else {
        if (m->has_first) tgi_apply_prologue(&m->first, dtype, u.n, data[TGI_GRADIENT], u.w);
        (dtype == TG_F32 ? o->type->update_f32 : o->type->update_f64)(&u);
    }
    for (int p = 0; p < n; p++)
        if (p != TGI_GRADIENT && data[p] != e->x[p]->data) copy_packed(e->x[p], data[p], true);
}

void tgi_optimizer_update_one(const tg_optimizer *o, const tgi_entry *e)
{
    tgi_update_job job;
    if (!o->rule || e->copies > 0) {
        update_copies(o, e);
        return;
    }
    set_job(o, e, &job);
    tgi_update_run(1, &job);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static bool overlap(const tgi_update_job *a, const void *b, int64_t bytes)
{
    const uintptr_t x = (uintptr_t)a->part.w, y = (uintptr_t)b;
    return x < y + (uintptr_t)bytes && y < x + (uintptr_t)(a->n * a->kernel->size);
}

/* Whether no parameter shares memory with another parameter or its gradient, so that the order of
 * the jobs does not matter. */
static bool are_disjoint(const tgi_update_job *jobs, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const tgi_update_part *p = &jobs[j].part;
            if (i == j || jobs[i].n == 0 || jobs[j].n == 0) continue;
            const int64_t bytes = jobs[j].n * jobs[j].kernel->size;
            if (overlap(&jobs[i], p->w, bytes) || overlap(&jobs[i], p->g, bytes)) return false;
        }
    return true;
}

/* Makes job i from entry i. A job has no elements if the entry cannot be updated in place.
 * Whether the jobs are disjoint is checked again only if a tensor has moved since the last update;
 * gradients on a tape never share memory with parameters. */
static void set_jobs(tg_optimizer *o, int n)
{
    bool known = n == o->n_jobs;
    for (int i = 0; i < n; i++) {
        const tgi_entry *e = &o->entries[i];
        const tg_tensor *w = e->x[TGI_PARAMETER], *g = e->x[TGI_GRADIENT];
        tgi_update_job *job = &o->jobs[i];
        const bool plain = g && o->rule && e->copies == 0;
        known = known && job->n == (plain ? w->size : 0) && job->part.w == w->data &&
                (!plain || !g->storage || job->part.g == g->data);
        if (plain)
            set_job(o, e, job);
        else
            *job = (tgi_update_job){.part.w = w->data};
    }
    if (!known) o->disjoint = are_disjoint(o->jobs, n);
    o->n_jobs = n;
}

/* Raises the versions of what was written, once for each storage even if many tensors share it. */
static void touch_all(const tg_optimizer *o, int n)
{
    for (int p = 0; p < TGI_FIRST_STATE + o->n_states; p++) {
        const struct tg_storage *last = NULL;
        for (int i = 0; i < n && p != TGI_GRADIENT; i++) {
            const tgi_entry *e = &o->entries[i];
            if (!e->x[TGI_GRADIENT] || e->x[p]->storage == last) continue;
            last = e->x[p]->storage;
            tg_tensor_touch(e->x[p]);
        }
    }
}

void tgi_optimizer_step(tg_optimizer *o, int n)
{
    const uint64_t mode = tgi_flush_begin();
    tgi_optimizer_begin(o);
    measure(o, n);
    set_jobs(o, n);
    for (int i = 0; i < n; i++) {
        const tgi_entry *e = &o->entries[i];
        if (!e->x[TGI_GRADIENT] || e->x[TGI_PARAMETER]->size == 0) continue;
        if (o->jobs[i].n == 0)
            update_copies(o, e);
        else if (!o->disjoint)
            tgi_update_run(1, &o->jobs[i]);
    }
    if (o->disjoint) tgi_update_run(n, o->jobs);
    touch_all(o, n);
    tgi_flush_end(mode);
}

tg_status tg_optimizer_update(tg_optimizer *o, tg_dict *params, const tg_dict *grads, tg_error *err)
{
    const tg_status status = tgi_optimizer_prepare(o, params, grads, err);
    if (status == TG_OK) tgi_optimizer_step(o, params->n);
    return status;
}
