/* parallel.h - work cut into chunks and shared by the threads of one pool. */
#ifndef TAPEGRAD_GRAPH_PARALLEL_H
#define TAPEGRAD_GRAPH_PARALLEL_H

#include <stdint.h>

typedef void (*tgi_chunk_fn)(void *user, int64_t chunk);

/* Calls fn(user, c) exactly once for each c = 0 .. n_chunks-1, on up to tg_num_threads threads,
 * and returns when all calls have returned.  The calling thread takes part; neighbouring chunks
 * mostly go to the same thread, the same one in every call with as many chunks.  fn runs in the
 * caller's floating-point environment.
 * Where there is one chunk or one thread, where no thread can be started, when the pool is busy
 * for another thread, and within fn, the caller runs all chunks itself.  So nothing may depend
 * on which thread runs a chunk, or on two of them running at the same time. */
void tgi_parallel_for(int64_t n_chunks, tgi_chunk_fn fn, void *user);

#endif
