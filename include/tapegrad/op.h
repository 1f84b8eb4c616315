/* op.h - what an operation is: one static descriptor with its shape rule, its forward
 * computation and its derivative (VJP) side by side.  The library's own operations and a
 * user's use the same struct and the same door, tg_record. */
#ifndef TAPEGRAD_OP_H
#define TAPEGRAD_OP_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_op tg_op;

/* ---- attributes: a plain struct per operation, described field by field --------------------- */

/* Up to TG_MAX_NDIM integers: axes, a shape, steps.  n = TG_ALL stands for "all axes". */
typedef struct tg_ints {
    int n;
    int64_t v[TG_MAX_NDIM];
} tg_ints;

#define TG_ALL (-2147483647 - 1) /* as an axis: all of them */

typedef enum tg_attr_kind {
    TG_ATTR_INT,   /* int64_t      "axis=-1" */
    TG_ATTR_U64,   /* uint64_t     "seed=7" */
    TG_ATTR_FLOAT, /* double       "p=0.5" */
    TG_ATTR_BOOL,  /* bool         "keepdims=true" */
    TG_ATTR_DTYPE, /* tg_dtype     "dtype=f64" */
    TG_ATTR_INTS,  /* tg_ints      "axis=0,2", "axis=all", "shape=" for none */
    TG_ATTR_STRING /* const char * "equation=ij,jk->ik" */
} tg_attr_kind;

typedef struct tg_attr_def {
    const char *name; /* NULL ends the list */
    tg_attr_kind kind;
    size_t offset;        /* of the field in the struct of attributes */
    const char *fallback; /* its default as text; NULL: must be given */
} tg_attr_def;

/* ---- what the functions of a descriptor are given ------------------------------------------- */

/* One recorded application of an operation. */
typedef struct tg_node {
    const tg_op *op;
    const void *attrs; /* the tape's copy of the struct; NULL when the op has none */
    tg_tensor *const *inputs;
    int n_inputs;
    tg_tensor *output;
    const char *scope;        /* "" outside any */
    const int32_t *input_ids; /* the numbers of the inputs on the tape */
    uint64_t version;         /* of the leaves it read, to detect writes since */
} tg_node;

/* What a shape rule reads and fills in.  ndim 0 and dtype of input 0 are preset. */
typedef struct tg_infer {
    const tg_op *op;
    const void *attrs;
    tg_tensor *const *inputs;
    int n_inputs;
    tg_dtype dtype;
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    bool view;                    /* set: the output looks at input 0, no forward is run, */
    int64_t strides[TG_MAX_NDIM]; /*   with these strides */
    int64_t offset;               /*   from input 0's first element, in elements */
    tg_error *err;                /* for tg_fail; messages start with the op's name */
} tg_infer;

/* y[j] = f(x0[j*s[0]], x1[j*s[1]], ...) for j = 0..n-1; y is contiguous, every stride is 0 or 1.
 * A large result is made in parts, by several threads at once.  The bits of y[j] do not depend on j
 * and n.  In a plan y may be the memory of an operand of stride 1 whose elements are as wide. */
typedef void (*tg_map_fn)(int64_t n, void *y, const void *const *x, const int64_t *s,
                          const void *attrs);

/* A reduction of input 0 in parts: so a plan feeds it from a fused loop, without storing its
 * input.  grain, parts and state_size look at shapes, dtypes and attributes only, and take input 0
 * to be contiguous; forward of such an input gives the same bits as its parts. */
typedef struct tg_op_fold {
    /* Elements that stay together: what is added starts and ends at multiples of it, or at the
     * end.  0: this node can only be computed whole. */
    int64_t (*grain)(const tg_node *n);
    /* Into how many parts the G grains of the input are cut.  Part p of P has the grains G*p/P ..
     * G*(p+1)/P - 1. */
    int64_t (*parts)(const tg_node *n);
    size_t (*state_size)(const tg_node *n); /* bytes of one part's state, a multiple of 64 */
    void (*begin)(const tg_node *n, void *state);
    /* The next count elements of the part in row-major order, contiguous at x.  How they are cut
     * into calls does not change a bit. */
    void (*add)(const tg_node *n, void *state, const void *x, int64_t count);
    /* Fills n->output from the states of all parts, which follow each other; it may change them. */
    void (*end)(const tg_node *n, int64_t parts, void *states);
} tg_op_fold;

/* An operand that changes nothing: x * 1, x - 0. */
typedef struct tg_op_neutral {
    bool given;
    double value;
} tg_op_neutral;

/* A set of inputs that the generic tests, the gradient checks and the documentation try.
 *   inputs  one word each, KIND[SHAPE]:RANGE, "f[2,3] f[3]:0.5..2 i[2]:0..3"
 *   KIND    f (the float dtype under test), i (i32), b (u8); d as f, but n max(|lo|, |hi|) is added
 *           to the diagonal of each n by n matrix, which makes it regular and its symmetric part
 *           positive definite
 *   RANGE   lo..hi, half-open for integers, default -2..2 (f, d), 0..2 (i, b); ~lo..hi draws a
 *           magnitude and a random sign, to stay clear of a kink at 0
 *   attrs   as for tg_apply_text; NULL for none */
typedef struct tg_sample {
    const char *inputs; /* NULL ends the list */
    const char *attrs;
} tg_sample;

enum {
    TG_OP_ZERO_GRAD = 1, /* vjp is NULL because the derivative is 0, not because there is none */
    TG_OP_RANDOM = 2,    /* draws random numbers */
    TG_OP_WRITES = 4,    /* writes its first input, a leaf; a plan takes all leaves for written */
    TG_OP_MASK = 8,      /* elementwise, and the result is u8 whatever the inputs */
    /* Reduces its one input along the axes that its first attribute of kind TG_ATTR_INTS names.
     * Along the last axis alone, with 16 elements or more, the bits of each row's result do not
     * depend on the other rows. */
    TG_OP_ROWS = 16,
    /* Its attributes hold more than is described; a plan copies them as they are. */
    TG_OP_OPAQUE = 32,
    /* A plan may do it before what was recorded before it and has nothing to do with it. */
    TG_OP_EARLY = 64,
    /* Gives no denormal numbers: arithmetic, where the library makes them 0; not what moves bits. */
    TG_OP_NORMAL = 128
};

struct tg_op {
    const char *name;           /* as in tg_NAME */
    const char *formula;        /* what y is, for the documentation: "exp(x)" */
    const char *derivative;     /* what the VJP gives, as text; NULL where vjp is NULL */
    int min_inputs, max_inputs; /* max -1: any number */
    int flags;

    const tg_attr_def *attrs; /* NULL: none */
    size_t attrs_size;

    /* The shape rule: the only part that may fail on shapes, dtypes and attributes.  It may
     * normalise attributes: c->attrs is the tape's own copy, cast the const away. */
    tg_status (*infer)(tg_infer *c);

    /* Elementwise operations: infer is tg_infer_elementwise, forward is tg_forward_elementwise
     * and map holds a loop per dtype of the last input; NULL: not defined for it. */
    tg_map_fn map[TG_DTYPE_COUNT];

    /* Looks at the values of the inputs before each forward, where they can be wrong (an
     * index); NULL: nothing to look at. */
    tg_status (*check)(const tg_node *n, tg_error *err);

    /* Scratch bytes that forward needs; NULL: none. */
    size_t (*work_size)(const tg_node *n);

    /* Arithmetic operations that forward takes, for tg_tape_stats; NULL: one for each element of
     * the result when the op is elementwise, else none. */
    double (*flops)(const tg_node *n);

    /* Fills n->output, which is contiguous and not yet initialised.  Cannot fail. */
    void (*forward)(const tg_node *n, void *work);

    /* The same as forward, and calls done once for each run of elements of the output, in row-major
     * order, as soon as they are final: from any thread, also from several at once.  The runs
     * follow from the shapes alone and cover the output.  NULL: not offered. */
    void (*forward_then)(const tg_node *n, void *work,
                         void (*done)(void *user, int64_t first, int64_t count), void *user);

    /* For a reduction: how it is computed in parts; NULL: only whole. */
    const tg_op_fold *fold;

    /* Refuses the result after each forward, where only the computation itself can tell whether
     * there is one (a singular matrix): forward has left in its scratch memory, not empty then,
     * what it found.  NULL: nothing to refuse. */
    tg_status (*verdict)(const tg_node *n, const void *work, tg_error *err);

    /* The cotangent of input i from dy, the cotangent of the output, as operations on t.  It
     * may have a larger shape to which input i broadcasts: the sweep sums.  NULL
     * without an error stands for 0.  Never called for inputs that are not float. */
    tg_tensor *(*vjp)(tg_tape *t, const tg_node *n, int i, tg_tensor *dy);

    const tg_sample *samples; /* at least one in the library's own table */

    /* Elementwise, of two operands: where each element of operand i is neutral[i].value, the result
     * is the other operand, bit for bit but for denormal numbers, and a plan leaves the operation out
     * where there are none (TG_OP_NORMAL). */
    tg_op_neutral neutral[2];
};

/* ---- the doors ------------------------------------------------------------------------------ */

/* Applies op to n inputs and records it: shape rule, memory, check, forward.  attrs points to
 * the op's struct of attributes and is copied.  NULL with the tape poisoned on failure. */
tg_tensor *tg_record(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                     const void *attrs);

/* tg_record for callers that hold an op they found: checks op and the number of inputs. */
tg_tensor *tg_apply(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                    const void *attrs);

/* Any operation by name, with attributes as text: tg_apply_text(t, "sum", &x, 1,
 * "axis=1 keepdims=true").  Attributes left out take their default.  TG_EKEY for an unknown
 * op or attribute or one that is missing, TG_EARG for a value that is not of its kind. */
tg_tensor *tg_apply_text(tg_tape *t, const char *name, tg_tensor *const *inputs, int n,
                         const char *attrs);

/* Fills a struct of attributes (op->attrs_size bytes) from text. Strings stay pointers into
 * arena memory of t. */
tg_status tg_attrs_parse(tg_tape *t, const tg_op *op, const char *text, void *attrs);

/* The other way: attributes as text that gives the same again, "axis=1 keepdims=true", cut to
 * size; "" for NULL or an op without any.  Returns text. */
char *tg_attrs_describe(const tg_op *op, const void *attrs, char *text, size_t size);

/* The library's operations, in a fixed order.  find: NULL when there is none of that name;
 * at: NULL outside 0..count-1. */
int tg_op_count(void);
const tg_op *tg_op_at(int i);
const tg_op *tg_op_find(const char *name);

/* ---- ready-made parts for descriptors ------------------------------------------------------- */

/* Shape rule by NumPy broadcasting over all inputs; all inputs of one dtype (a u8 first input
 * is let through as a condition when there are three), one that op->map supports. */
tg_status tg_infer_elementwise(tg_infer *c);
void tg_forward_elementwise(const tg_node *n, void *work);

/* Shape rule "as input 0". */
tg_status tg_infer_same(tg_infer *c);

/* For flops: one for each element of input 0. */
double tg_flops_per_input(const tg_node *n);

/* The shape that shapes a and b broadcast to; TG_ESHAPE when they do not, or are none. */
tg_status tg_broadcast_shapes(const char *who, int na, const int64_t *a, int nb, const int64_t *b,
                              int *ndim, int64_t *shape, tg_error *err);

/* An axis in -ndim..ndim-1 made non-negative; TG_EAXIS otherwise. */
tg_status tg_axis_normalise(const char *who, int64_t *axis, int ndim, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
