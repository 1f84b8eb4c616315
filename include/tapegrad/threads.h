/* threads.h - how many threads and which instruction set the library computes with.
 *
 * The process has one pool of threads, which the first computation that is large enough starts.
 * The number of threads changes no bit of any result. The threads end at exit. A forked child
 * starts its own when it needs them.
 *
 * While the library computes, denormal results are flushed to 0; on ARM so are denormal operands.
 */
#ifndef TAPEGRAD_THREADS_H
#define TAPEGRAD_THREADS_H

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_MAX_THREADS 256

/* Sets the number of threads to n, which includes the calling one and is at most TG_MAX_THREADS; a
 * larger n counts as that. 0 restores the default: the value of the environment variable
 * TAPEGRAD_NUM_THREADS if it is a number from 1, otherwise the number of processors that the
 * process may use. May be called from any thread at any time. TG_EARG if n is negative. */
tg_status tg_set_num_threads(int n);

/* The current number, 1 to TG_MAX_THREADS. Fewer are used if the system refuses to start some. */
int tg_num_threads(void);

/* The instruction set in use: "generic", "sse" (vectors of 16 bytes, on ARM those of NEON), "avx2"
 * or "avx512". It is the widest that was built and that the processor has. If the environment
 * variable TAPEGRAD_ISA has one of these names, wider ones are not used; any other text is ignored.
 * It is determined once per process. Last digits of results differ between instruction sets. */
const char *tg_instruction_set(void);

#ifdef __cplusplus
}
#endif
#endif
