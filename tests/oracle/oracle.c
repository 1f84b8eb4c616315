/* oracle.c - oracle IN.npz OUT.npz: computes the cases that oracle.py has written.
 *
 * Standard input has a line "ID NAME WANT ATTRIBUTES" for each case. WANT has a letter for each
 * operand: d, a gradient is wanted, or -; it is 0 when there are none. IN has the operands ID.x0,
 * ID.x1, ..., and where a gradient is wanted the cotangent ID.dy of the value and a weight ID.v0,
 * ID.v1, ... for each gradient. OUT gets
 *   ID.y             the value
 *   ID.dx0, ...      the gradients, of <dy, y>
 *   ID.ddx0, ...     the second gradients, of the sum of <v, dx>, and ID.ddy with respect to dy.
 * Standard output has "ID ok", "ID unknown" or "ID failed: why" for each case,
 * and "op NAME" for each operation of the registry. */
#include "oracle.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 8 };

typedef struct io {
    tg_tape *t;
    tg_dict *in, *out;
    const char *id;
} io;

static void set_key(char *key, size_t size, const io *c, const char *name, int i)
{
    if (i < 0)
        (void)snprintf(key, size, "%s.%s", c->id, name);
    else
        (void)snprintf(key, size, "%s.%s%d", c->id, name, i);
}

static tg_tensor *get(const io *c, const char *name, int i)
{
    char key[64];
    set_key(key, sizeof key, c, name, i);
    return tg_param(c->t, c->in, key);
}

static void put(const io *c, const char *name, int i, const tg_tensor *x)
{
    char key[64];
    set_key(key, sizeof key, c, name, i);
    tg_error *err = tg_tape_error(c->t);
    if (x && !err->status) (void)tg_dict_take(c->out, key, tg_tensor_clone(x, err), err);
}

/* xs has room for one more than the nx tensors in it. */
static void put_gradients(const io *c, tg_tensor *y, int nx, tg_tensor **xs, const int *place)
{
    tg_tensor *dy = get(c, "dy", -1), *dxs[MOST], *vs[MOST], *ddxs[MOST + 1];
    if (!dy || tg_vjp(c->t, 1, &y, &dy, nx, xs, dxs)) return;
    for (int i = 0; i < nx; i++) {
        put(c, "dx", place[i], dxs[i]);
        if (!(vs[i] = get(c, "v", place[i]))) return;
    }
    xs[nx] = dy;
    if (tg_vjp(c->t, nx, dxs, vs, nx + 1, xs, ddxs)) return;
    for (int i = 0; i < nx; i++) put(c, "ddx", place[i], ddxs[i]);
    put(c, "ddy", -1, ddxs[nx]);
}

static void run(const io *c, const char *name, const char *want, const char *attrs)
{
    tg_tensor *x[MOST], *xs[MOST + 1];
    int n = 0, nx = 0, place[MOST];
    for (; want[n] && want[n] != '0' && n < MOST; n++) {
        x[n] = get(c, "x", n);
        if (want[n] == 'd') place[nx] = n, xs[nx++] = x[n];
    }
    tg_tensor *y = oracle_call(c->t, name, x, n, attrs);
    put(c, "y", -1, y);
    if (y && nx) put_gradients(c, y, nx, xs, place);
}

static void run_all(io *c)
{
    static const char no_operation[] = "apply: no operation";
    char line[512], id[16], name[64], want[MOST + 1];
    while (fgets(line, sizeof line, stdin)) {
        int end = 0;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%15s %63s %8s%n", id, name, want, &end) != 3) {
            printf("? failed: cannot read '%s'\n", line);
            continue;
        }
        c->id = id;
        tg_tape_reset(c->t);
        run(c, name, want, line + end);
        if (strncmp(tg_tape_message(c->t), no_operation, strlen(no_operation)) == 0)
            printf("%s unknown\n", id);
        else if (tg_tape_status(c->t))
            printf("%s failed: %s\n", id, tg_tape_message(c->t));
        else
            printf("%s ok\n", id);
    }
    for (int i = 0; i < tg_op_count(); i++) printf("op %s\n", tg_op_at(i)->name);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: oracle IN.npz OUT.npz <CASES\n");
        return 2;
    }
    tg_error err = TG_ERROR_INIT;
    io c = {.t = tg_tape_new(), .in = tg_npz_load(argv[1], &err), .out = tg_dict_new()};
    if (!c.t || !c.out) (void)tg_fail(&err, TG_ENOMEM, "out of memory");
    if (!err.status) {
        run_all(&c);
        (void)tg_npz_save(argv[2], c.out, &err);
    }
    if (err.status) (void)fprintf(stderr, "oracle: %s\n", err.text);
    tg_tape_free(c.t), tg_dict_free(c.in), tg_dict_free(c.out);
    return err.status != TG_OK;
}
