/* peak.h - loops of multiply-adds in registers, one for each instruction set. */
#ifndef TAPEGRAD_TESTS_BENCH_PEAK_H
#define TAPEGRAD_TESTS_BENCH_PEAK_H

#include <stdint.h>

#if defined __x86_64__ || defined __i386__
#include <immintrin.h>
#elif defined __ARM_NEON
#include <arm_neon.h>
#endif

/* Independent sums. There are more of them than latency times the number of units, so every unit is
 * always busy. */
enum { PEAK_CHAINS = 12 };

struct peak {
    const char *isa;
    int bytes; /* of a register */
    double (*f32)(int64_t rounds), (*f64)(int64_t rounds);
};

/* Every machine has these. */
#if defined __ARM_NEON && defined __aarch64__
#define PEAK_F32(a, b, c) vfmaq_f32(c, a, b)
#define PEAK_F64(a, b, c) vfmaq_f64(c, a, b)
#define PEAK_BASE "neon"
#else
#define PEAK_F32(a, b, c) ((a) * (b) + (c))
#define PEAK_F64(a, b, c) ((a) * (b) + (c))
#define PEAK_BASE "16 bytes"
#endif
#define PEAK_NAME(type) peak_base_##type
#define PEAK_BYTES 16
#define PEAK_TARGET
#include "peak.inc"

#if defined __x86_64__ || defined __i386__
#define PEAK_F32 _mm256_fmadd_ps
#define PEAK_F64 _mm256_fmadd_pd
#define PEAK_NAME(type) peak_avx2_##type
#define PEAK_BYTES 32
#define PEAK_TARGET __attribute__((target("avx2,fma")))
#include "peak.inc"

#define PEAK_F32 _mm512_fmadd_ps
#define PEAK_F64 _mm512_fmadd_pd
#define PEAK_NAME(type) peak_avx512_##type
#define PEAK_BYTES 64
#define PEAK_TARGET __attribute__((target("avx512f")))
#include "peak.inc"
#endif

static const struct peak *peak_widest(void)
{
    static const struct peak base = {PEAK_BASE, 16, peak_base_f32, peak_base_f64};
#if defined __x86_64__ || defined __i386__
    static const struct peak avx2 = {"avx2", 32, peak_avx2_f32, peak_avx2_f64};
    static const struct peak avx512 = {"avx512", 64, peak_avx512_f32, peak_avx512_f64};
    if (__builtin_cpu_supports("avx512f")) return &avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
    return &base;
}

#endif
