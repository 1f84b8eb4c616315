/* kernels.c - chooses the table of kernels that this process uses. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/threads.h"

/* __builtin_cpu_supports also asks whether the operating system saves the registers. */
#ifdef TG_HAVE_AVX2
static bool runs_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef TG_HAVE_AVX512
static bool runs_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma");
}
#endif

static bool runs_anywhere(void) { return true; }

/* From slowest to fastest. */
static const struct candidate {
    const tgi_kernels *kernels;
    bool (*runs)(void);
} candidates[] = {
    {&tgi_kernels_generic, runs_anywhere},
#ifdef __GNUC__
    {&tgi_kernels_sse, runs_anywhere},
#endif
#ifdef TG_HAVE_AVX2
    {&tgi_kernels_avx2, runs_avx2},
#endif
#ifdef TG_HAVE_AVX512
    {&tgi_kernels_avx512, runs_avx512},
#endif
};

enum { CANDIDATES = sizeof candidates / sizeof *candidates };

/* The place of name in the order of all names, whether built or not, or -1. */
static int rank(const char *name)
{
    static const char *const names[] = {"generic", "sse", "avx2", "avx512"};
    for (int i = 0; name && i < 4; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}

const tgi_kernels *tgi_kernels_named(const char *isa)
{
    for (int i = 0; i < CANDIDATES; i++)
        if (strcmp(candidates[i].kernels->isa, isa) == 0)
            return candidates[i].runs() ? candidates[i].kernels : NULL;
    return NULL;
}

_Atomic(const tgi_kernels *) tgi_kernels_chosen;

const tgi_kernels *tgi_kernels_choose(void)
{
    const tgi_kernels *best = NULL;
    const int cap = rank(getenv("TAPEGRAD_ISA"));
    for (int i = 0; i < CANDIDATES; i++)
        if ((cap < 0 || rank(candidates[i].kernels->isa) <= cap) && candidates[i].runs())
            best = candidates[i].kernels;
    /* Threads that arrive here at the same time all choose the same table. */
    atomic_store_explicit(&tgi_kernels_chosen, best, memory_order_release);
    return best;
}

const char *tg_instruction_set(void) { return tgi_kernels_get()->isa; }
