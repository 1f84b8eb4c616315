/* gemm.h - the ways to compute a matrix product, from which gemm.c chooses by size. */
#ifndef TAPEGRAD_OPS_GEMM_H
#define TAPEGRAD_OPS_GEMM_H

#include "ops/kernels/kernels.h"

enum {
    TGI_GEMM_CHUNK = 1 << 18, /* multiplications worth handing to a thread */
    TGI_GEMM_ALIGN = 64       /* of scratch memory */
};

static inline int64_t tgi_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t tgi_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t tgi_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Divides n into the fewest equal pieces of at most `most`, and returns their size. */
static inline int64_t tgi_balanced(int64_t n, int64_t most)
{
    return n <= most ? n : tgi_ceil_div(n, tgi_ceil_div(n, most));
}

static inline size_t tgi_gemm_aligned(int64_t bytes)
{
    return (size_t)tgi_ceil_div(bytes, TGI_GEMM_ALIGN) * TGI_GEMM_ALIGN;
}

/* All of these take m, n and k > 0, and aligned scratch memory of as many bytes as the function
 * _work above them returns. */

/* Any product, by tiles of blocks, which are packed where that pays. */
size_t tgi_gemm_blocked_work(const tgi_gemm_kernel *x, const tgi_gemm *g);
void tgi_gemm_blocked(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work);

/* A product with m or n = 1 that reads the matrix in memory order; `takes` says whether it is
 * one. */
bool tgi_gemm_vector_takes(const tgi_gemm *g);
size_t tgi_gemm_vector_work(const tgi_gemm_kernel *x, const tgi_gemm *g);
void tgi_gemm_vector(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work);

#endif
