/* parallel.h - work that is cut into chunks and divided among the threads of a pool. */
#ifndef TAPEGRAD_GRAPH_PARALLEL_H
#define TAPEGRAD_GRAPH_PARALLEL_H

#include <stdint.h>

typedef void (*tgi_chunk_fn)(void *user, int64_t chunk);

/* Calls fn(user, c) exactly once for each c = 0 .. n_chunks-1, on up to tg_num_threads threads,
 * and returns when all calls have returned. The calling thread takes part; neighbouring chunks
 * mostly go to the same thread, and to the same one in every call with that number of chunks. fn
 * runs in the caller's floating-point environment.
 *
 * The caller runs all chunks itself if there is only one chunk or one thread, if no thread can be
 * started, if the pool is busy with another thread's work, and within fn. So nothing may depend on
 * which thread runs a chunk, or on two of them running at the same time. */
void tgi_parallel_for(int64_t n_chunks, tgi_chunk_fn fn, void *user);

#endif
