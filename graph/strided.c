/* strided.c - copies between tensors with any strides. */
#include <stdbool.h>
#include <string.h>

#include "graph/parallel.h"
#include "graph/storage.h"

int64_t tgi_offset(const tg_tensor *x, int64_t i)
{
    int64_t offset = 0;
    for (int a = x->ndim - 1; a >= 0; a--) {
        offset += i % x->shape[a] * x->strides[a];
        i /= x->shape[a];
    }
    return offset;
}

/* ---- copies --------------------------------------------------------------------------------- */

enum {
    TILE = 16,       /* rows and columns of a square of a transpose, which fits the first cache */
    CHUNK = 1 << 17, /* bytes worth handing to a thread */
    MOST_CHUNKS = 64
};

typedef struct axis {
    int64_t n, d, s; /* elements; bytes from one to the next in the destination and the source */
} axis;

/* Nested loops, the last two of which make up a plane. d is smallest in the last. */
typedef struct copy {
    size_t width;
    int axes; /* at least 2 */
    axis axis[TG_MAX_NDIM];
    char *d;
    const char *s;
    int cut; /* the axis that is divided among the threads */
    int64_t chunks;
} copy;

/* The steps that are frequent are spelled out as constants, so that the compiler can use vectors.
 */
#define COPY_ROW(T)                                                                                \
    do {                                                                                           \
        T *const y = (T *)(void *)d;                                                               \
        const T *const x = (const T *)(const void *)s;                                             \
        const int64_t w = (int64_t)sizeof(T), dq = q->d / w, sq = q->s / w;                        \
        if (dq == 1 && sq == 0) {                                                                  \
            const T value = *x;                                                                    \
            for (int64_t i = 0; i < n; i++) y[i] = value;                                          \
        } else if (dq == 1 && sq == -1) {                                                          \
            for (int64_t i = 0; i < n; i++) y[i] = x[-i];                                          \
        } else if (dq == 1) {                                                                      \
            for (int64_t i = 0; i < n; i++) y[i] = x[i * sq];                                      \
        } else {                                                                                   \
            for (int64_t i = 0; i < n; i++) y[i * dq] = x[i * sq];                                 \
        }                                                                                          \
    } while (0)

static void copy_row(size_t width, const axis *q, int64_t n, char *d, const char *s)
{
    if (q->d == (int64_t)width && q->s == (int64_t)width)
        memcpy(d, s, (size_t)n * width);
    else if (width == 4)
        COPY_ROW(uint32_t);
    else if (width == 8)
        COPY_ROW(uint64_t);
    else
        COPY_ROW(uint8_t);
}

/* Copies TILE by TILE elements. Along q they are contiguous in the destination. */
#define COPY_SQUARE(T)                                                                             \
    do {                                                                                           \
        const int64_t w = (int64_t)sizeof(T), dp = p->d / w, sp = p->s / w, sq = q->s / w;         \
        const T *x = (const T *)(const void *)s;                                                   \
        T *y = (T *)(void *)d;                                                                     \
        for (int64_t i = 0; i < TILE; i++, y += dp, x += sp)                                       \
            for (int64_t j = 0; j < TILE; j++) y[j] = x[j * sq];                                   \
    } while (0)

static void copy_square(size_t width, const axis *p, const axis *q, char *d, const char *s)
{
    if (width == 4)
        COPY_SQUARE(uint32_t);
    else if (width == 8)
        COPY_SQUARE(uint64_t);
    else
        COPY_SQUARE(uint8_t);
}

/* Copies a plane row by row. */
static void copy_rows(size_t width, const axis *p, const axis *q, char *d, const char *s)
{
    for (int64_t i = 0; i < p->n; i++) copy_row(width, q, q->n, d + i * p->d, s + i * p->s);
}

static int64_t distance(int64_t step) { return step < 0 ? -step : step; }

/* Copies a plane: square by square if the source has its shorter steps along p, while the
 * destination is contiguous along q. What remains at the sides is copied row by row. */
static void copy_plane(const copy *c, char *d, const char *s)
{
    const axis *p = &c->axis[c->axes - 2], *q = p + 1;
    const bool turned = p->s != 0 && distance(p->s) < distance(q->s) && q->d == (int64_t)c->width;
    if (!turned || p->n < TILE || q->n < TILE) {
        copy_rows(c->width, p, q, d, s);
        return;
    }
    const int64_t rows = p->n - p->n % TILE, columns = q->n - q->n % TILE;
    for (int64_t i = 0; i < rows; i += TILE)
        for (int64_t j = 0; j < columns; j += TILE)
            copy_square(c->width, p, q, d + i * p->d + j * q->d, s + i * p->s + j * q->s);
    const axis below = {p->n - rows, p->d, p->s}, beside = {q->n - columns, q->d, q->s};
    copy_rows(c->width, &below, q, d + rows * p->d, s + rows * p->s);
    if (columns < q->n)
        copy_rows(c->width, &(axis){rows, p->d, p->s}, &beside, d + columns * q->d,
                  s + columns * q->s);
}

static void copy_all(const copy *c)
{
    int64_t index[TG_MAX_NDIM] = {0};
    char *d = c->d;
    const char *s = c->s;
    for (;;) {
        copy_plane(c, d, s);
        int a = c->axes - 3;
        for (; a >= 0; a--) {
            const axis *x = &c->axis[a];
            d += x->d, s += x->s;
            if (++index[a] < x->n) break;
            d -= x->d * x->n, s -= x->s * x->n;
            index[a] = 0;
        }
        if (a < 0) return;
    }
}

static void copy_chunk(void *user, int64_t chunk)
{
    copy c = *(const copy *)user;
    axis *x = &c.axis[c.cut];
    const int64_t first = x->n * chunk / c.chunks, end = x->n * (chunk + 1) / c.chunks;
    c.d += first * x->d;
    c.s += first * x->s;
    x->n = end - first;
    copy_all(&c);
}

/* ---- the order of the loops ----------------------------------------------------------------- */

/* Orders the axes from the longest step in the destination to the shortest. Axes of one element
 * are left out, and axes that both sides cross without a gap are merged. False if there is nothing
 * to copy. */
static bool order_axes(copy *c, int ndim, const int64_t *shape, const int64_t *ds,
                       const int64_t *ss)
{
    const int64_t w = (int64_t)c->width;
    int n = 0;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] == 0) return false;
        if (shape[i] == 1) continue;
        const axis x = {shape[i], ds[i] * w, ss[i] * w};
        int at = n++;
        for (; at > 0 && distance(c->axis[at - 1].d) < distance(x.d); at--)
            c->axis[at] = c->axis[at - 1];
        c->axis[at] = x;
    }
    c->axes = 0;
    for (int i = 0; i < n; i++) {
        const axis x = c->axis[i], *before = c->axes > 0 ? &c->axis[c->axes - 1] : NULL;
        if (before && before->d == x.n * x.d && before->s == x.n * x.s)
            c->axis[c->axes - 1] = (axis){before->n * x.n, x.d, x.s};
        else
            c->axis[c->axes++] = x;
    }
    return true;
}

/* Moves the axis along which the source has the shortest step to the place before the last. */
static void choose_plane(copy *c)
{
    const axis one = {1, 0, 0};
    while (c->axes < 2) { /* a single row */
        for (int i = c->axes; i > 0; i--) c->axis[i] = c->axis[i - 1];
        c->axis[0] = one;
        if (c->axes++ == 0) c->axis[1] = (axis){1, (int64_t)c->width, (int64_t)c->width};
    }
    int best = c->axes - 2;
    for (int i = c->axes - 3; i >= 0; i--)
        if (c->axis[i].s != 0 && distance(c->axis[i].s) < distance(c->axis[best].s)) best = i;
    if (distance(c->axis[best].s) >= distance(c->axis[c->axes - 1].s)) return;
    const axis x = c->axis[best];
    for (int i = best; i < c->axes - 2; i++) c->axis[i] = c->axis[i + 1];
    c->axis[c->axes - 2] = x;
}

static void choose_chunks(copy *c)
{
    int64_t elements = 1;
    c->cut = 0;
    for (int i = 0; i < c->axes; i++) {
        elements *= c->axis[i].n;
        if (c->axis[c->cut].n < MOST_CHUNKS && c->axis[i].n > c->axis[c->cut].n) c->cut = i;
    }
    c->chunks = elements / (CHUNK / (int64_t)c->width);
    if (c->chunks > MOST_CHUNKS) c->chunks = MOST_CHUNKS;
    if (c->chunks > c->axis[c->cut].n) c->chunks = c->axis[c->cut].n;
}

void tgi_strided_copy(size_t width, int ndim, const int64_t *shape, void *dst,
                      const int64_t *dst_strides, const void *src, const int64_t *src_strides)
{
    copy c;
    c.width = width;
    c.d = dst;
    c.s = src;
    if (!order_axes(&c, ndim, shape, dst_strides, src_strides)) return;
    choose_plane(&c);
    choose_chunks(&c);
    if (c.chunks > 1)
        tgi_parallel_for(c.chunks, copy_chunk, &c);
    else
        copy_all(&c);
}
