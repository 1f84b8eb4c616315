/* kernels_avx512.c - the kernels in 64-byte vectors: AVX-512 F, DQ, BW, VL. */
#define ISA avx512
#define VEC_BYTES 64
#define GEMM_TILE 14
#define GEMM_EACH_TILE(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define GEMM_STEPS 1
#define GEMM_DEPTH 192
#include "ops/kernels/kernels_body.inc"
