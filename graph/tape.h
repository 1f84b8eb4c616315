/* tape.h - the inside of a tape. */
#ifndef TG_GRAPH_TAPE_H
#define TG_GRAPH_TAPE_H

#include "graph/arena.h"
#include "graph/storage.h"
#include "tapegrad/grad.h"
#include "tapegrad/op.h"

/* The few operations that the engine itself records. They are passed to a tape when it is made,
 * because they are defined in ops/, which graph/ does not call. */
typedef struct tgi_core_ops {
    const tg_op *full, *add, *sum_to, *sum;
} tgi_core_ops;

/* A function that the sweep calls with the gradient of x. */
typedef struct tgi_hook {
    struct tgi_hook *next;
    tg_tensor *x;
    tg_hook fn;
    void *user;
} tgi_hook;

struct tg_tape {
    tgi_arena arena;   /* values, nodes, data: until the reset */
    tgi_arena scratch; /* work memory, used as a stack */
    tg_error *error;   /* where the first failure is kept: own, or the caller's */
    tg_error own;
    const char *composition; /* the name of the one that runs, for messages; or NULL */
    bool anomaly;

    tg_tensor **values; /* in the order of recording; a leaf at its first use */
    int32_t size, capacity;

    int32_t *leaf_slots;  /* open addressing: number of a leaf's value + 1, 0 free */
    size_t leaf_capacity; /* a power of two, or 0 */
    int32_t leaf_count;

    char *scope; /* the current path, in a buffer that grows */
    size_t scope_size, scope_capacity;
    size_t *scope_marks; /* its size before each push */
    size_t scope_depth, scope_most;
    const char *scope_copy;   /* the arena's copy, made when first needed; NULL: make one */
    const char *scope_of_vjp; /* in a sweep: the scope of the node whose VJP runs */

    int64_t visited;             /* VJPs called by the last sweep */
    tgi_hook *hooks;             /* in the order of registration */
    const unsigned char *wanted; /* in a sweep: marks of the values, for tgi_tape_wants */

    tg_tape *inner; /* where tg_checkpoint runs its regions; NULL before the first */
    bool replay;    /* a region is computed again, so nothing may be written */
    tgi_core_ops core;
};

/* A number that is equal for tapes with the same operations on the same leaves, whatever random
 * numbers they have drawn. */
uint64_t tgi_tape_hash(const tg_tape *t);

/* What tg_tape_new_on in ops/registry.c calls with the operations of ops/. */
tg_tape *tgi_tape_new(const tgi_core_ops *core, tg_error *err);

/* The number of x on the tape; -1 for a leaf that it has not seen. */
int32_t tgi_tape_find(const tg_tape *t, const tg_tensor *x);

int32_t tgi_tape_number_leaf(tg_tape *t, tg_tensor *x);

/* The same, but a leaf that the tape has not seen gets a number, and the tape holds a reference to
 * it until the reset. When out of memory, poisons the tape and returns -1. */
static inline int32_t tgi_tape_number(tg_tape *t, tg_tensor *x)
{
    return x->tape ? x->id : tgi_tape_number_leaf(t, x);
}

bool tgi_tape_takes_leaf(const tg_tape *t, const tg_tensor *x);

/* x can be an operand: a leaf, or a value that the tape holds now. */
static inline bool tgi_tape_takes(const tg_tape *t, const tg_tensor *x)
{
    if (!x->tape) return tgi_tape_takes_leaf(t, x);
    return x->tape == t && x->id >= 0 && x->id < t->size && t->values[x->id] == x;
}

/* Makes room for one more value. On failure poisons the tape and returns false. */
bool tgi_tape_grow(tg_tape *t);

/* Appends a value and returns its number. On failure poisons the tape and returns -1. */
static inline int32_t tgi_tape_append(tg_tape *t, tg_tensor *x)
{
    if (t->size == t->capacity && !tgi_tape_grow(t)) return -1;
    t->values[t->size] = x;
    return t->size++;
}

const char *tgi_scope_copy(tg_tape *t);

/* The current scope, in the arena; NULL when out of memory. */
static inline const char *tgi_tape_scope(tg_tape *t)
{
    return t->scope_of_vjp ? t->scope_of_vjp : t->scope_size ? tgi_scope_copy(t) : "";
}

/* Passes the tape's failure on to err, which may be the same error as the tape's. Returns TG_OK if
 * there is none. */
tg_status tgi_tape_pass(const tg_tape *t, tg_error *err);

/* A composition of operations runs between these two. The message of a failure inside begins with
 * its name, or if compositions are nested, with the name of the outermost. enter returns the
 * `outer` that leave takes, and leave returns y. */
static inline const char *tgi_enter(tg_tape *t, const char *name)
{
    const char *outer = t ? t->composition : NULL;
    if (t && !outer) t->composition = name;
    return outer;
}

static inline tg_tensor *tgi_leave(tg_tape *t, const char *outer, tg_tensor *y)
{
    if (t) t->composition = outer;
    return y;
}

/* Poisons the tape because there is no memory. Returns NULL. */
void *tgi_tape_out_of_memory(tg_tape *t, const char *who);

/* The sum of the versions of the storages that the inputs of a node read. */
static inline uint64_t tgi_inputs_version(tg_tensor *const *inputs, int n)
{
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) sum += tgi_version(inputs[i]);
    return sum;
}

/* tg_vjp whose messages call the xs by these names; NULL: by their numbers. */
tg_status tgi_vjp(tg_tape *t, int ny, tg_tensor *const *ys, tg_tensor *const *dys, int nx,
                  tg_tensor *const *xs, const char *const *names, tg_tensor **dxs);

/* Inside a VJP: the sweep wants the cotangent of input i of n. */
bool tgi_sweep_wants(const tg_tape *t, const tg_node *n, int i);

/* The gradient that the hooks of x make of g. On failure poisons the tape and returns NULL. */
tg_tensor *tgi_hooks_call(tg_tape *t, tg_tensor *x, tg_tensor *g);

/* The value, node, attributes and operands of an operation that is about to be recorded, in one
 * piece of the arena. The value has no shape and no data yet. NULL when out of memory. */
tg_tensor *tgi_record_value(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                            const void *attrs, tg_node **node);

/* Records a constant of ndim 0, as tg_full does, but faster. */
tg_tensor *tgi_scalar(tg_tape *t, double value, tg_dtype dtype);

/* tg_scalar as an operand beside x, in the dtype that it would take there. */
tg_tensor *tgi_scalar_for(tg_tape *t, const tg_tensor *x, double value);

/* A weak scalar as a constant of another dtype. */
tg_tensor *tgi_scalar_cast(tg_tape *t, const tg_tensor *weak, tg_dtype dtype);

/* Replaces the weak scalars among n operands by constants in the dtype of one that is not weak,
 * preferably a float. False if all are weak; nothing is changed then. */
bool tgi_scalar_settle(tg_tape *t, int n, tg_tensor **xs);

/* The attributes of the op "full". */
typedef struct tgi_full_attrs {
    double value;
    tg_dtype dtype;
    tg_ints shape;
} tgi_full_attrs;

/* The attributes of the op "sum". */
typedef struct tgi_sum_attrs {
    tg_ints axis;
    bool keepdims;
} tgi_sum_attrs;

/* The attributes of the op "sum_to". */
typedef struct tgi_shape_attrs {
    tg_ints shape;
} tgi_shape_attrs;

#endif
