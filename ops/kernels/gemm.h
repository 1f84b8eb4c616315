/* gemm.h - the ways to a matrix product, among which gemm.c chooses by the sizes. */
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

/* The size of the fewest equal pieces of n, of at most `most`. */
static inline int64_t tgi_balanced(int64_t n, int64_t most)
{
    return n <= most ? n : tgi_ceil_div(n, tgi_ceil_div(n, most));
}

static inline size_t tgi_gemm_aligned(int64_t bytes)
{
    return (size_t)tgi_ceil_div(bytes, TGI_GEMM_ALIGN) * TGI_GEMM_ALIGN;
}

/* All of these take m, n and k > 0 and aligned scratch memory of at least as many bytes as the
 * function _work before them asks for. */

/* By blocks, which are packed where that pays, and tiles. */
size_t tgi_gemm_blocked_work(const tgi_gemm_kernel *x, const tgi_gemm *g);
void tgi_gemm_blocked(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work);

/* m or n = 1, and the matrix is read in the order in which it lies.  takes: whether that is so. */
bool tgi_gemm_vector_takes(const tgi_gemm *g);
size_t tgi_gemm_vector_work(const tgi_gemm_kernel *x, const tgi_gemm *g);
void tgi_gemm_vector(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work);

#endif
