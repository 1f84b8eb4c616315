/* reducebench.c - the time of single reductions, recorded on a tape as a program would.
 *
 *   reducebench OP SHAPE AXES SECONDS   as "sum 4096x1000 1 0.5", "max 4096x1000t all 0.5"
 *
 * A t behind the shape turns the first two axes around. Without arguments it reads such lines
 * from its input and answers each with the nanoseconds of one call, the least of several blocks of
 * calls: reducebench.py sets them beside PyTorch's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tapegrad.h"

static double now(void)
{
    struct timespec t;
    (void)timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool call(tg_tape *t, const tg_op *op, tg_tensor *x, bool turned, const char *attrs,
                 int64_t times)
{
    _Alignas(16) char room[256];
    if (op->attrs_size > sizeof room || tg_attrs_parse(t, op, attrs, room)) return false;
    for (int64_t i = 0; i < times; i++) {
        tg_tensor *in = turned ? tg_transpose(t, x, 0, 1) : x;
        if (!tg_apply(t, op, &in, 1, room)) return false;
        if (tg_tape_size(t) >= 100) tg_tape_reset(t);
    }
    return true;
}

static double measure(tg_tape *t, const tg_op *op, tg_tensor *x, bool turned, const char *attrs,
                      double seconds)
{
    int64_t times = 1;
    double best = 1e9;
    for (double start = now(), spent = 0; spent < seconds;) {
        const double before = now();
        if (!call(t, op, x, turned, attrs, times)) return -1;
        const double after = now(), each = (after - before) / (double)times;
        if (each < best) best = each;
        spent = after - start;
        if (after - before < 1e-3) times *= 2;
    }
    tg_tape_reset(t);
    return 1e9 * best;
}

/* "4096x1000t" */
static bool read_shape(const char *text, int *ndim, int64_t *shape, bool *turned)
{
    char *end = NULL;
    *ndim = 0;
    do {
        if (*ndim == TG_MAX_NDIM) return false;
        shape[(*ndim)++] = strtoll(text, &end, 10);
        if (end == text) return false;
        text = end + 1;
    } while (*end == 'x');
    *turned = *end == 't';
    return *end == '\0' || *turned;
}

static int answer(const char *name, const char *shape_text, const char *axes, double seconds)
{
    char attrs[64];
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    bool turned;
    const tg_op *op = tg_op_find(name);
    tg_tape *t = tg_tape_new();
    tg_tensor *x = read_shape(shape_text, &ndim, shape, &turned)
                       ? tg_tensor_new(TG_F32, ndim, shape, NULL)
                       : NULL;
    (void)snprintf(attrs, sizeof attrs, "axis=%s", axes);
    tg_rng rng = tg_rng_make(1, 0);
    for (int64_t i = 0; x && i < x->size; i++)
        ((float *)x->data)[i] = (float)tg_rng_next_uniform(&rng, -3, 3);
    const double ns = op && t && x ? measure(t, op, x, turned, attrs, seconds) : -1;
    if (ns < 0) fprintf(stderr, "reducebench: %s\n", t ? tg_tape_message(t) : "no memory");
    printf("%.1f\n", ns);
    fflush(stdout);
    tg_tensor_free(x);
    tg_tape_free(t);
    return ns < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    char name[32], shape[64], axes[32];
    int status = EXIT_SUCCESS;
    double seconds;
    if (argc == 5) return answer(argv[1], argv[2], argv[3], atof(argv[4]));
    while (status == EXIT_SUCCESS && scanf("%31s %63s %31s %lf", name, shape, axes, &seconds) == 4)
        status = answer(name, shape, axes, seconds);
    return status;
}
