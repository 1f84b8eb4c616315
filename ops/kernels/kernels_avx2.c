/* kernels_avx2.c - the kernels in 32-byte vectors with fused multiply-add: AVX2 and FMA. */
#define ISA avx2
#define VEC_BYTES 32
#define GEMM_TILE 6
#define GEMM_EACH_TILE(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define GEMM_STEPS 4
#define GEMM_DEPTH 256
#include "ops/kernels/kernels_body.inc"
