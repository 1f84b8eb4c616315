/* flush.h - makes denormal results 0. Otherwise the optimizer's state of dead units would decay
 * into denormal numbers, which make every step many times slower. On x86 denormal operands keep
 * their values; on ARM they count as 0, too. The caller's mode is restored, and the threads of the
 * pool work in the mode of the thread that calls them. */
#ifndef TG_GRAPH_FLUSH_H
#define TG_GRAPH_FLUSH_H

#include <stdint.h>

#if (defined(__x86_64__) || defined(__i386__)) && defined(__SSE2__)
#include <xmmintrin.h>
enum { TGI_FLUSH_BITS = 0x8000 }; /* flush to zero */
static inline uint64_t tgi_float_mode(void) { return _mm_getcsr(); }
static inline void tgi_set_float_mode(uint64_t mode) { _mm_setcsr((unsigned)mode); }
#elif defined(__aarch64__)
enum { TGI_FLUSH_BITS = 1 << 24 };
static inline uint64_t tgi_float_mode(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static inline void tgi_set_float_mode(uint64_t mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
#else
enum { TGI_FLUSH_BITS = 0 };
static inline uint64_t tgi_float_mode(void) { return 0; }
static inline void tgi_set_float_mode(uint64_t mode) { (void)mode; }
#endif

/* Returns the mode to pass to tgi_flush_end. */
static inline uint64_t tgi_flush_begin(void)
{
    const uint64_t mode = tgi_float_mode();
    if ((mode & TGI_FLUSH_BITS) != TGI_FLUSH_BITS) tgi_set_float_mode(mode | TGI_FLUSH_BITS);
    return mode;
}

/* Exception flags that were raised in between stay raised. */
static inline void tgi_flush_end(uint64_t mode)
{
    if ((mode & TGI_FLUSH_BITS) != TGI_FLUSH_BITS)
        tgi_set_float_mode((tgi_float_mode() & ~(uint64_t)TGI_FLUSH_BITS) |
                           (mode & TGI_FLUSH_BITS));
}

#endif
