/* updates.c - runs the kernels of optimizer updates: many tensors in one pass, which threads share,
 * and the last elements of a tensor, which do not fill a vector. */
#include "ops/kernels/updates.h"

#include <string.h>

#include "graph/parallel.h"

enum {
    CHUNK = 1 << 13, /* elements worth handing to a thread */
    LANES = 16       /* lanes of a vector, at most; each job begins at a multiple of it */
};

typedef struct vector {
    _Alignas(64) char bytes[LANES * sizeof(double)];
} vector;

#define PAD(T)                                                                                     \
    for (int64_t j = 0; j < n; j++) ((T *)to)[j] = ((const T *)from)[j];                           \
    for (int64_t j = n; j < lanes; j++) ((T *)to)[j] = ((const T *)from)[0];
#define COPY(T)                                                                                    \
    for (int64_t j = 0; j < n; j++) ((T *)to)[j] = ((const T *)from)[j];

/* Makes a whole vector from n elements. The missing ones are copies of the first. */
static void *pad(int64_t size, int64_t lanes, int64_t n, const void *from, void *to)
{
    if (size == 4) {
        PAD(uint32_t)
    } else {
        PAD(uint64_t)
    }
    return to;
}

static void copy(int64_t size, int64_t n, const void *from, void *to)
{
    if (size == 4) {
        COPY(uint32_t)
    } else {
        COPY(uint64_t)
    }
}

/* Updates fewer elements than a vector has, in copies. */
static void run_few(const tgi_update *k, const tgi_update_part *p, int64_t n)
{
    const int64_t lanes = INT64_C(1) << k->shift;
    vector w, g, state[TGI_UPDATE_STATES];
    tgi_update_part copies = *p;
    copies.w = pad(k->size, lanes, n, p->w, &w);
    copies.g = pad(k->size, lanes, n, p->g, &g);
    for (int s = 0; s < k->states; s++)
        copies.state[s] = pad(k->size, lanes, n, p->state[s], &state[s]);
    k->run(&copies, 1);
    copy(k->size, n, &w, p->w);
    for (int s = 0; s < k->states; s++) copy(k->size, n, &state[s], p->state[s]);
}

static tgi_update_part moved(const tgi_update *k, const tgi_update_part *p, int64_t n)
{
    tgi_update_part q = *p;
    const int64_t bytes = n * k->size;
    q.w = (char *)p->w + bytes;
    q.g = (const char *)p->g + bytes;
    for (int s = 0; s < k->states; s++) q.state[s] = (char *)p->state[s] + bytes;
    return q;
}

static void *copy_vector(const tgi_update *k, const void *from, void *to)
{
    for (int64_t at = 0; at < k->size << k->shift; at += 16)
        memcpy((char *)to + at, (const char *)from + at, 16);
    return to;
}

/* Updates n elements. The last vector overlaps the one before it, so it is copied before that one
 * is updated. */
static void run_part(const tgi_update *k, const tgi_update_part *p, int64_t n)
{
    const int64_t lanes = INT64_C(1) << k->shift, whole = n >> k->shift;
    vector w, g, state[TGI_UPDATE_STATES];
    if (whole << k->shift == n) {
        k->run(p, whole);
        return;
    }
    if (!whole) {
        run_few(k, p, n);
        return;
    }
    const tgi_update_part last = moved(k, p, n - lanes);
    tgi_update_part copies = last;
    copies.w = copy_vector(k, last.w, &w);
    copies.g = copy_vector(k, last.g, &g);
    for (int s = 0; s < k->states; s++) copies.state[s] = copy_vector(k, last.state[s], &state[s]);
    k->run(p, whole);
    k->run(&copies, 1);
    (void)copy_vector(k, &w, last.w);
    for (int s = 0; s < k->states; s++) (void)copy_vector(k, &state[s], last.state[s]);
}

/* ---- the pass over all jobs, one after the other -------------------------------------------- */

typedef struct pass {
    const tgi_update_job *jobs;
    int count;
    int64_t size, chunks;
} pass;

static void run_chunk(void *user, int64_t chunk)
{
    const pass *all = user;
    const int64_t begin = chunk * CHUNK;
    const int64_t end = chunk == all->chunks - 1 ? all->size : begin + CHUNK;
    int low = 0, high = all->count; /* the last job that begins at or before `begin` */
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        *(all->jobs[middle].at <= begin ? &low : &high) = middle;
    }
    for (int i = low; i < all->count && all->jobs[i].at < end; i++) {
        const tgi_update_job *job = &all->jobs[i];
        const int64_t a = begin > job->at ? begin - job->at : 0;
        const int64_t b = end - job->at < job->n ? end - job->at : job->n;
        if (a >= b) continue;
        if (a == 0) {
            run_part(job->kernel, &job->part, b);
            continue;
        }
        const tgi_update_part part = moved(job->kernel, &job->part, a);
        run_part(job->kernel, &part, b - a);
    }
}

void tgi_update_run(int count, tgi_update_job *jobs)
{
    pass all = {.jobs = jobs, .count = count};
    for (int i = 0; i < count; i++) {
        jobs[i].at = all.size;
        all.size += (jobs[i].n + LANES - 1) / LANES * LANES;
    }
    all.chunks = all.size < 2 * CHUNK ? 1 : all.size / CHUNK;
    tgi_parallel_for(all.chunks, run_chunk, &all);
}
