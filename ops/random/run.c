/* run.c - the loop over the generator's words that all random operations share. */
#include "graph/parallel.h"
#include "ops/kernels/kernels.h"
#include "ops/random/random.h"

enum {
    BLOCK = 1024,   /* words at a time: their halves stay in the first cache */
    CHUNK = 1 << 14 /* words worth handing to a thread; even, as two make a block */
};

typedef struct job {
    const tgi_random_attrs *r;
    tgi_random_fill fill;
    int64_t n, chunks;
    char *y;
} job;

static void run_chunk(void *user, int64_t chunk)
{
    const job *j = user;
    const tgi_random_attrs *r = j->r;
    const tgi_kernels *k = tgi_kernels_get();
    const int64_t width = (int64_t)tg_dtype_size(r->dtype);
    const int64_t end = chunk == j->chunks - 1 ? j->n : (chunk + 1) * CHUNK;
    _Alignas(64) uint32_t high[BLOCK + 2 * TGI_PHILOX], low[BLOCK + 2 * TGI_PHILOX];
    for (int64_t at = chunk * CHUNK; at < end; at += BLOCK) {
        const int64_t n = end - at < BLOCK ? end - at : BLOCK;
        k->philox(r->seed, r->stream, r->counter + (uint64_t)at / 2, (n + 1) / 2, high, low);
        j->fill(r, at, n, high, low, j->y + at * width);
    }
}

void tgi_random_run(const tgi_random_attrs *r, int64_t n, void *y, tgi_random_fill fill)
{
    const job j = {r, fill, n, n < 2 * CHUNK ? 1 : n / CHUNK, y};
    if (n > 0) tgi_parallel_for(j.chunks, run_chunk, (void *)(uintptr_t)&j);
}
