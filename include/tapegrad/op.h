/* op.h - what an operation is: one static descriptor that holds its shape rule, its forward
 * computation and its derivative (VJP). The library's own operations and those of a user have the
 * same kind of descriptor and are all recorded by tg_record. A descriptor must outlive every tape,
 * plan and graph that uses it. */
#ifndef TAPEGRAD_OP_H
#define TAPEGRAD_OP_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_op tg_op;

/* ---- attributes: a plain struct per operation, described field by field --------------------- */

/* Up to TG_MAX_NDIM integers: axes, a shape, steps. n = TG_ALL stands for "all axes". */
typedef struct tg_ints {
    int n;
    int64_t v[TG_MAX_NDIM];
} tg_ints;

typedef enum tg_attr_kind {
    TG_ATTR_INT,    /* int64_t      "axis=-1" */
    TG_ATTR_U64,    /* uint64_t     "bits=7" */
    TG_ATTR_FLOAT,  /* double       "p=0.5" */
    TG_ATTR_BOOL,   /* bool         "keepdims=true" */
    TG_ATTR_DTYPE,  /* tg_dtype     "dtype=f64" */
    TG_ATTR_INTS,   /* tg_ints      "axis=0,2", "axis=all", "shape=" for none */
    TG_ATTR_STRING, /* const char * "equation=ij,jk->ik" */
    /* The state of the generator that an operation with TG_OP_RANDOM draws from, as in tg_rng. */
    TG_ATTR_SEED,   /* uint64_t     "seed=7" */
    TG_ATTR_STREAM, /* uint64_t     "stream=0" */
    TG_ATTR_COUNTER /* uint64_t     "counter=0" */
} tg_attr_kind;

typedef struct tg_attr_def {
    const char *name; /* NULL ends the list */
    tg_attr_kind kind;
    size_t offset;        /* of the field in the struct */
    const char *fallback; /* its default as text; NULL: must be given */
} tg_attr_def;

/* ---- what the functions of a descriptor receive --------------------------------------------- */

/* One recorded application of an operation. */
typedef struct tg_node {
    const tg_op *op;
    const void *attrs; /* the tape's copy of the struct; NULL when the op has none */
    tg_tensor *const *inputs;
    int n_inputs;
    tg_tensor *output;
    const char *scope;        /* "" outside any scope */
    const int32_t *input_ids; /* the numbers of the inputs on the tape */
    uint64_t version;         /* of the leaves read; a write to one of them makes it outdated */
} tg_node;

/* What a shape rule reads and fills in. When it is called, ndim is 0 and dtype that of input 0, or
 * TG_F32 if there are no inputs. */
typedef struct tg_infer {
    const tg_op *op;
    const void *attrs;
    tg_tensor *const *inputs;
    int n_inputs;
    tg_dtype dtype;
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    /* If view is set, no forward is run. The output is then a view of input 0 that starts `offset`
     * elements after its first element and has these strides. */
    bool view;
    int64_t strides[TG_MAX_NDIM];
    int64_t offset;
    tg_error *err; /* for tg_fail; begin the message with op->name, "%s: ..." */
} tg_infer;

/* Computes y[j] = f(x0[j*s[0]], x1[j*s[1]], ...) for j = 0..n-1. y is contiguous, and every stride
 * is 0 or 1. Several threads may each compute a part of a large result. The bits of y[j] must not
 * depend on j or n. In a plan, y may be the memory of an operand that has stride 1 and elements of
 * the same width. */
typedef void (*tg_map_fn)(int64_t n, void *y, const void *const *x, const int64_t *s,
                          const void *attrs);

/* How to compute a reduction of input 0 in parts. With it a plan can reduce the results of a fused
 * loop while they are computed, without storing them. grain, parts and state_size depend on
 * shapes, dtypes and attributes only, and assume that input 0 is contiguous. For a contiguous
 * input, forward must give the same bits as the parts do. */
typedef struct tg_op_partial {
    /* The number of elements that must not be separated: each call of add starts and ends at a
     * multiple of it, or at the end of the input. 0: this node can only be computed whole. */
    int64_t (*grain)(const tg_node *n);
    /* The number of parts, P. If the input has G grains, part p has grains G*p/P ..
     * G*(p+1)/P - 1. */
    int64_t (*parts)(const tg_node *n);
    size_t (*state_size)(const tg_node *n); /* bytes of one part's state, a multiple of 64 */
    void (*begin)(const tg_node *n, void *state);
    /* Adds the next count elements of the part in row-major order; at x they are contiguous. The
     * result must not depend on how the elements are divided into calls. */
    void (*add)(const tg_node *n, void *state, const void *x, int64_t count);
    /* Fills n->output from the states of all parts, which are stored one after the other. It may
     * overwrite them. */
    void (*end)(const tg_node *n, int64_t parts, void *states);
} tg_op_partial;

/* The value of an operand that leaves the other one unchanged, as in x * 1 and x - 0. */
typedef struct tg_op_neutral {
    bool given;
    double value;
} tg_op_neutral;

/* Inputs with which generic tests, gradient checks and the documentation try an operation.
 *   inputs  one word each, KIND[SHAPE]:RANGE, "f[2,3] f[3]:0.5..2 i[2]:0..3"
 *   KIND    f (the float dtype under test), i (i32), b (u8); d is like f, but n max(|lo|, |hi|) is
 *           added to the diagonal of each n by n matrix, which makes it regular and its symmetric
 *           part positive definite
 *   RANGE   lo..hi, half-open for integers; by default -2..2 (f, d) or 0..2 (i, b).  ~lo..hi draws
 *           a magnitude and a random sign, to stay clear of a kink at 0
 *   attrs   as for tg_apply_text; NULL for none */
typedef struct tg_sample {
    const char *inputs; /* NULL ends the list */
    const char *attrs;
} tg_sample;

enum {
    TG_OP_ZERO_GRAD = 1, /* vjp is NULL because the derivative is 0, not because there is none */
    /* Draws random numbers from the generator that its attributes of kind TG_ATTR_SEED,
     * TG_ATTR_STREAM and TG_ATTR_COUNTER describe; a seed or stream left out is 0. A plan advances
     * the counter from run to run, so an operation without one cannot be planned. */
    TG_OP_RANDOM = 2,
    /* Writes its first input, a leaf. A plan assumes that it may write all of its inputs that are
     * leaves. */
    TG_OP_WRITES = 4,
    TG_OP_MASK = 8, /* elementwise, and the result is u8 whatever the inputs are */
    /* Reduces its one input along the axes that its first attribute of kind TG_ATTR_INTS names.
     * When only the last axis is reduced and has at least 16 elements, the bits of each row's
     * result must not depend on the other rows. */
    TG_OP_ROWS = 16,
    /* The struct of attributes holds more than its description lists. A plan copies it whole. */
    TG_OP_OPAQUE = 32,
    /* A plan may compute it before unrelated operations that were recorded earlier. */
    TG_OP_EARLY = 64,
    /* No result is denormal. This is true of arithmetic, because the library turns its denormal
     * results into 0, but not of operations that only move bits. */
    TG_OP_NORMAL = 128
};

struct tg_op {
    const char *name;           /* as in tg_NAME */
    const char *formula;        /* what y is, for the documentation: "exp(x)" */
    const char *derivative;     /* what the VJP gives, as text; NULL where vjp is NULL */
    int min_inputs, max_inputs; /* max -1: any number */
    int flags;

    const tg_attr_def *attrs; /* NULL: none */
    size_t attrs_size;        /* of the struct of attributes, which tg_record copies */

    /* The shape rule: the only function that may fail because of shapes, dtypes or attributes. It
     * may also normalise attributes: c->attrs is the tape's own copy, so cast the const away. */
    tg_status (*infer)(tg_infer *c);

    /* For elementwise operations, whose infer is tg_infer_elementwise and whose forward is
     * tg_forward_elementwise: a loop for each dtype of the last input; NULL: not defined. */
    tg_map_fn map[TG_DTYPE_COUNT];

    /* Called before each forward to check input values that can be wrong, such as an index. NULL:
     * nothing to check. */
    tg_status (*check)(const tg_node *n, tg_error *err);

    /* Scratch bytes that forward needs; NULL: none. */
    size_t (*work_size)(const tg_node *n);

    /* The number of arithmetic operations in forward, for tg_tape_stats. NULL: one for each
     * element of the result if the op is elementwise, else none. */
    double (*flops)(const tg_node *n);

    /* Fills n->output, which is contiguous and not yet initialised. Cannot fail. */
    void (*forward)(const tg_node *n, void *work);

    /* Like forward, but reports progress: it divides the output into runs of consecutive elements
     * (in row-major order) and calls done once for each run as soon as the run is final. done may
     * be called from several threads at once. The division depends on shapes alone. NULL: not
     * offered. */
    void (*forward_then)(const tg_node *n, void *work,
                         void (*done)(void *user, int64_t first, int64_t count), void *user);

    /* For a reduction: how to compute it in parts. NULL: it can only be computed whole. */
    const tg_op_partial *partial;

    /* Called after each forward to refuse a result if the computation has shown that there is none,
     * as for the inverse of a singular matrix. It reads what forward left in its scratch memory,
     * so work_size must not be 0. NULL: nothing to refuse. */
    tg_status (*verdict)(const tg_node *n, const void *work, tg_error *err);

    /* Records operations on t that compute the cotangent of input i from dy, the cotangent of the
     * output. The result may have a larger shape to which input i broadcasts, because the sweep
     * sums over the extra axes. NULL without an error stands for 0. Never called for inputs that
     * are not float. */
    tg_tensor *(*vjp)(tg_tape *t, const tg_node *n, int i, tg_tensor *dy);

    const tg_sample *samples; /* at least one in the library's own table */

    /* For elementwise operations of two operands. If every element of operand i is
     * neutral[i].value, the result is the other operand, bit for bit except for denormal numbers.
     * A plan leaves the operation out if that operand has none (TG_OP_NORMAL). */
    tg_op_neutral neutral[2];

    /* For elementwise operations in plans: a map that computes inner and then op, which reads the
     * result of inner as its operand i, in one pass over memory. The operands of this map are
     * those of inner, followed by the other operands of op. They and both results have this dtype.
     * Its attrs are those of op; inner has none. It must give the bits of the two maps called one
     * after the other. Returns NULL if there is no such map. pair itself is NULL if op has none
     * with any inner. A plan may call it more than once with the same arguments. */
    tg_map_fn (*pair)(const tg_op *op, const tg_op *inner, int i, tg_dtype dtype);
};

/* ---- recording and finding operations -------------------------------------------------------- */

/* Applies op to n inputs and records it: shape rule, memory, check, forward. attrs points to the
 * op's struct of attributes, which is copied. On failure poisons the tape and returns NULL. */
tg_tensor *tg_record(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                     const void *attrs);

/* Like tg_record, for an op that was looked up or may be incomplete: TG_EKEY if op is NULL, TG_EARG
 * if it has no name or no infer. */
tg_tensor *tg_apply(tg_tape *t, const tg_op *op, tg_tensor *const *inputs, int n,
                    const void *attrs);

/* Any operation by name, with attributes as text: tg_apply_text(t, "sum", &x, 1,
 * "axis=1 keepdims=true"). Attributes left out take their default. TG_EKEY for an unknown op or
 * attribute and for a missing attribute, TG_EARG for a value that is not of the attribute's kind.
 */
tg_tensor *tg_apply_text(tg_tape *t, const char *name, tg_tensor *const *inputs, int n,
                         const char *attrs);

/* Fills a struct of attributes (op->attrs_size bytes) from text. Strings in it live in the tape's
 * arena, until the reset. */
tg_status tg_attrs_parse(tg_tape *t, const tg_op *op, const char *text, void *attrs);

/* Writes attributes as text, "axis=1 keepdims=true", from which tg_attrs_parse makes the same
 * attributes again. Cut to size; "" for NULL or an op without attributes. Returns text. */
char *tg_attrs_describe(const tg_op *op, const void *attrs, char *text, size_t size);

/* The library's operations, in a fixed order. find: NULL when there is none of that name;
 * at: NULL outside 0..count-1. */
int tg_op_count(void);
const tg_op *tg_op_at(int i);
const tg_op *tg_op_find(const char *name);

/* ---- ready-made parts for descriptors ------------------------------------------------------- */

/* The shape rule of elementwise operations: NumPy broadcasting over all inputs. All inputs must
 * have one dtype, and op->map must support it. As an exception, the first of three inputs may be a
 * u8 condition. */
tg_status tg_infer_elementwise(tg_infer *c);
void tg_forward_elementwise(const tg_node *n, void *work);

/* The shape rule for results of the same shape and dtype as input 0. */
tg_status tg_infer_same(tg_infer *c);

/* For the flops of a descriptor: one for each element of input 0. */
double tg_flops_per_input(const tg_node *n);

/* The shape to which shapes a and b broadcast. TG_ESHAPE if they do not, or if one of them is not
 * a shape. Error messages start with `who`, here and below. */
tg_status tg_broadcast_shapes(const char *who, int na, const int64_t *a, int nb, const int64_t *b,
                              int *ndim, int64_t *shape, tg_error *err);

/* An axis in -ndim..ndim-1 made non-negative; TG_EAXIS otherwise. */
tg_status tg_axis_normalise(const char *who, int64_t *axis, int ndim, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
