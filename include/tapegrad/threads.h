/* threads.h - what the library computes with: how many threads, which instruction set.
 *
 * There is one pool of threads for the process, started by the first computation that is large
 * enough.  Results do not depend on their number: they are the same to the last bit.  The
 * threads end at exit; a forked child starts its own when it needs them. */
#ifndef TAPEGRAD_THREADS_H
#define TAPEGRAD_THREADS_H

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_MAX_THREADS 256

/* Computes with n threads, the calling one included; more than TG_MAX_THREADS count as that
 * many.  0: back to the default, which is the environment variable TAPEGRAD_NUM_THREADS where
 * it holds a number from 1, else the number of processors that this process may use.  May be
 * called from any thread at any time.  TG_EARG when n is negative. */
tg_status tg_set_num_threads(int n);

/* The number in force, from 1 to TG_MAX_THREADS.  Fewer are used when the system refuses some. */
int tg_num_threads(void);

/* The instruction set in use: "generic", "sse" (vectors of 16 bytes, on ARM those of NEON), "avx2"
 * or "avx512".  It is the widest that was built and that the processor has, up to the one that the
 * environment variable TAPEGRAD_ISA names as it is written here; any other text there is ignored.
 * Found once for the process.  Last digits of results differ from one to another. */
const char *tg_instruction_set(void);

#ifdef __cplusplus
}
#endif
#endif
