/* kernels_generic.c - the kernels in plain C without vectors, the reference for all others. */
#define ISA generic
#define VEC_BYTES 0
#define GEMM_TILE 4
#define GEMM_EACH_TILE(X) X(1) X(2) X(3) X(4)
#define GEMM_STEPS 1
#define GEMM_DEPTH 256
#include "ops/kernels/kernels_body.inc"
