/* reducebench.c - the time of single reductions, recorded on a tape as a program would.
 *
 *   reducebench OP ROWS COLUMNS AXIS SECONDS   (AXIS -1: all; SECONDS of measuring)
 *
 * Without arguments it reads such lines from its input and answers each with the nanoseconds of
 * one call, the least of several blocks of calls: reducebench.py sets them beside PyTorch's. */
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

static bool call(tg_tape *t, const tg_op *op, tg_tensor *x, const char *attrs, int64_t times)
{
    _Alignas(16) char room[256];
    if (op->attrs_size > sizeof room || tg_attrs_parse(t, op, attrs, room)) return false;
    for (int64_t i = 0; i < times; i++) {
        if (!tg_apply(t, op, &x, 1, room)) return false;
        if (tg_tape_size(t) >= 100) tg_tape_reset(t);
    }
    return true;
}

static double measure(tg_tape *t, const tg_op *op, tg_tensor *x, const char *attrs, double seconds)
{
    int64_t times = 1;
    double best = 1e9;
    for (double start = now(), spent = 0; spent < seconds;) {
        const double before = now();
        if (!call(t, op, x, attrs, times)) return -1;
        const double after = now(), each = (after - before) / (double)times;
        if (each < best) best = each;
        spent = after - start;
        if (after - before < 1e-3) times *= 2;
    }
    tg_tape_reset(t);
    return 1e9 * best;
}

static int answer(const char *name, int64_t rows, int64_t columns, int axis, double seconds)
{
    char attrs[32] = "";
    const tg_op *op = tg_op_find(name);
    tg_tape *t = tg_tape_new();
    tg_tensor *x = tg_tensor_new(TG_F32, 2, (int64_t[]){rows, columns}, NULL);
    if (axis >= 0) (void)snprintf(attrs, sizeof attrs, "axis=%d", axis);
    tg_rng rng = tg_rng_make(1, 0);
    for (int64_t i = 0; x && i < x->size; i++)
        ((float *)x->data)[i] = (float)tg_rng_next_uniform(&rng, -3, 3);
    const double ns = op && t && x ? measure(t, op, x, attrs, seconds) : -1;
    if (ns < 0) fprintf(stderr, "reducebench: %s\n", t ? tg_tape_message(t) : "no memory");
    printf("%.1f\n", ns);
    fflush(stdout);
    tg_tensor_free(x);
    tg_tape_free(t);
    return ns < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    char name[32];
    long long rows, columns;
    int axis, status = EXIT_SUCCESS;
    double seconds;
    if (argc == 6)
        return answer(argv[1], atoll(argv[2]), atoll(argv[3]), atoi(argv[4]), atof(argv[5]));
    while (status == EXIT_SUCCESS &&
           scanf("%31s %lld %lld %d %lf", name, &rows, &columns, &axis, &seconds) == 5)
        status = answer(name, rows, columns, axis, seconds);
    return status;
}
