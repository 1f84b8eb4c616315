/* pages.c - asking the system for the pages of new memory. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "graph/pages.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FEW = 1 << 15 }; /* bytes not worth a call */

void tgi_pages_wanted(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    if (bytes < FEW) return;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = -(uintptr_t)p % page;
    if (before >= bytes) return;
    const int error = errno;
    (void)madvise((char *)p + before, (bytes - before) / page * page, MADV_POPULATE_WRITE);
    errno = error; /* of a system that does not know it */
#else
    (void)p, (void)bytes;
#endif
}
