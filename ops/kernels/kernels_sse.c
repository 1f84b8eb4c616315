/* kernels_sse.c - the kernels in 16-byte vectors, which every supported processor has: SSE2 on
 * x86-64, NEON on ARM. */
#define ISA sse
#define VEC_BYTES 16
#define GEMM_TILE 4
#define GEMM_EACH_TILE(X) X(1) X(2) X(3) X(4)
#define GEMM_STEPS 2
#define GEMM_DEPTH 384
#include "ops/kernels/kernels_body.inc"
