/* pages.h - the pages of new memory (internal). */
#ifndef TG_GRAPH_PAGES_H
#define TG_GRAPH_PAGES_H

#include <stddef.h>

/* Says that all of it will soon be written.  The system then provides the pages at once, which
 * takes less time than to do so page by page at the first writes.  A hint: where there is no way to
 * say so nothing happens. */
void tgi_pages_wanted(void *p, size_t bytes);

#endif
