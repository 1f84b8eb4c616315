/* layouts.h - how the elements of one output lie in a contiguous input, and the reduction of each
 * such layout in parts (internal). The parts depend on shapes alone. */
#ifndef TAPEGRAD_OPS_REDUCE_LAYOUTS_H
#define TAPEGRAD_OPS_REDUCE_LAYOUTS_H

#include "ops/reduce/reduce.h"

enum {
    TGI_PART = 1 << 13, /* least elements of a part, if there are several */
    TGI_MOST_PARTS = 64
};

/* Without axes of size 1, and with neighbours joined, x is [outputs, count] (lines),
 * [count, outputs] (columns) or [outer, outputs, count / outer] (planes). */
typedef struct tgi_reduction {
    const struct tgi_layout *layout; /* NULL: none of them */
    int64_t outputs, count;          /* elements of y, and of x for each of them */
    int64_t outer;
    size_t y_size; /* bytes of an element of y */
    tg_dtype dtype;
    const tgi_fold_kernel *kernel;
    const tgi_reduce_way *way;
} tgi_reduction;

/* The functions of tg_op_partial for one layout. The states of the parts are `size` bytes apart. */
typedef struct tgi_layout {
    int64_t (*grain)(const tgi_reduction *r);
    int64_t (*parts)(const tgi_reduction *r);
    size_t (*state_size)(const tgi_reduction *r);
    void (*begin)(const tgi_reduction *r, void *state);
    void (*add)(const tgi_reduction *r, void *state, const void *x, int64_t count);
    void (*end)(const tgi_reduction *r, int64_t parts, char *states, size_t size, void *y);
} tgi_layout;

/* line cuts one line into parts; lines is for many lines or a short one, each of them whole. */
extern const tgi_layout tgi_layout_line, tgi_layout_lines, tgi_layout_columns, tgi_layout_planes;

/* Where part p starts: at a multiple of grain, or at the end. */
static inline int64_t tgi_part_start(int64_t size, int64_t grain, int64_t parts, int64_t p)
{
    const int64_t grains = (size + grain - 1) / grain, at = grains * p / parts * grain;
    return at < size ? at : size;
}

/* How many parts a line of so many elements is cut into. */
int64_t tgi_line_parts(int64_t count);
/* Whether it is too long for one call of kernel->lines. */
bool tgi_line_is_long(const tgi_fold_kernel *kernel, int64_t count);
/* Adds elements of a line to a total of TGI_FOLD_LANES accumulators; all calls but the last add
 * whole rows. */
void tgi_line_add(tgi_total *total, const void *x, int64_t count);
/* Stores the accumulator that the lanes are folded into. */
void tgi_line_end(tgi_total *total, void *result);
/* Joins the accumulators of the parts and stores the result in y. */
void tgi_line_join(const tgi_fold_kernel *kernel, int64_t parts, const void *results, void *y);

#endif
