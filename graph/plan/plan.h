/* plan.h - the inside of a plan that is ready to run.
 *
 * tg_compile works on a draft (draft.h), which is gone when it returns. A plan holds only what
 * running, binding, printing and profiling need. It has an item for each value. Items that are
 * alike share layouts and operations, and only operations that run through their descriptor have
 * tensors and nodes. */
#ifndef TG_GRAPH_PLAN_H
#define TG_GRAPH_PLAN_H

#include "graph/arena.h"
#include "graph/elementwise.h"
#include "tapegrad/op.h"
#include "tapegrad/plan.h"

/* ---- values --------------------------------------------------------------------------------- */

typedef enum tgi_kind { TGI_LEAF, TGI_CONSTANT, TGI_RESULT } tgi_kind;

/* The role of a member of a group. A group works on n elements, which are divided into rows if one
 * of its members reduces rows. A narrow value has one element for each row. */
typedef enum tgi_role {
    TGI_WIDE,   /* elementwise, n elements */
    TGI_NARROW, /* elementwise, one element for each row */
    TGI_ROWS,   /* reduces each row to one element */
    TGI_PARTIAL /* a partial reduction of all n elements: its result exists only after the loop */
} tgi_role;

/* Dtype, shape and strides of a value. */
typedef struct tgi_layout {
    int64_t size;
    int32_t ndim;
    tg_dtype dtype;
    int64_t dims[]; /* the shape, then the strides */
} tgi_layout;

/* An operation with its attributes, and the scope in which it was recorded. */
typedef struct tgi_operation {
    const tg_op *op;
    const void *attrs;
    const char *scope;
} tgi_operation;

/* A leaf, a constant (which depends on no leaf), or a result. Views use the memory of a root. */
typedef struct tgi_item {
    const tgi_operation *operation; /* NULL unless a step computes this */
    const tgi_layout *layout;       /* NULL: a leaf */
    /* With a node if the operation runs through its descriptor. NULL if only loops and calls use
     * the value. */
    tg_tensor *tensor;
    int64_t offset; /* view: bytes from the root's data; root: place in the block */
    int32_t in;     /* where its inputs start in the plan's list of inputs */
    int32_t n_inputs;
    int32_t root;   /* the item whose memory it views; itself if it has its own */
    int32_t next;   /* the member after it in its step; -1: none */
    int32_t output; /* the output that it is computed into; -1: none */
    uint8_t kind, role;
    bool view, escapes; /* escapes: read outside its group */
} tgi_item;

/* A leaf that the plan reads. The leaves are the first items: leaf i is item i. */
typedef struct tgi_plan_leaf {
    tg_tensor *tensor;   /* held by reference */
    tg_tensor *bound;    /* held by reference: what is read instead; or NULL */
    tg_tensor now;       /* a copy of *bound */
    int32_t written_set; /* the number of its alias set if that is written, else -1 */
} tgi_plan_leaf;

/* ---- loops and calls ------------------------------------------------------------------------ */

/* How a loop reads an operand while it writes the result from front to back. */
typedef enum tgi_access {
    TGI_CONTIGUOUS, /* element by element */
    TGI_SCALAR,     /* one element for all */
    TGI_PER_ROW,    /* one element for each row */
    TGI_SAME_ROW,   /* the same row for each row */
    TGI_STRIDED     /* any other way: copied into a slot first */
} tgi_access;

/* Where a loop finds an operand: at data, or in a slot of scratch memory. */
typedef struct tgi_operand {
    char *data;
    int32_t value; /* of the plan */
    int16_t slot;  /* -1: data */
    uint8_t width; /* of an element, in bytes */
    uint8_t access;
} tgi_operand;

enum {
    TGI_SLOTS = 80,         /* the most members and copied operands of a group together */
    TGI_BLOCK = 4096,       /* the most elements in a block */
    TGI_STEP = 64,          /* without rows, a block is a multiple of so many elements */
    TGI_SCRATCH = 32 << 10, /* bytes of all slots together, which stay in the first cache */
    TGI_FEW = 32            /* groups of at most so many elements become calls */
};

/* Computes one member of a group, or two in one pass, on the elements of a block. */
typedef struct tgi_instruction {
    tg_map_fn map; /* NULL: reduces the rows of node's input */
    const void *attrs;
    const tg_node *node;
    int16_t first_load, loads; /* the loads that come before it */
    uint8_t role, n;           /* n: operands */
    bool by_rows;              /* the map is called for each row */
    tgi_operand y, x[];
} tgi_instruction;

static inline size_t tgi_instruction_size(int n)
{
    return sizeof(tgi_instruction) + (size_t)n * sizeof(tgi_operand);
}

static inline tgi_instruction *tgi_instruction_next(const tgi_instruction *c)
{
    return (tgi_instruction *)(uintptr_t)((const char *)c + tgi_instruction_size(c->n));
}

/* Copies a block of a TGI_STRIDED operand into a slot. */
typedef struct tgi_load {
    int32_t value, slot, until; /* until: the last instruction that reads it */
    bool narrow;                /* one element for each row */
    int axes;
    int64_t n[TG_MAX_NDIM], step[TG_MAX_NDIM]; /* step: in bytes */
    size_t width;
    const char *data;
} tgi_load;

/* A partial reduction, whose input the loop supplies block by block. */
typedef struct tgi_tail {
    const tg_node *node;
    tgi_operand x;
    size_t state_size; /* bytes of one part's state */
    char *states;
} tgi_tail;

/* One pass over n elements: all instructions on one block, then all on the next. */
typedef struct tgi_loop {
    int64_t n, row, block; /* elements: in all, in a row (1: no rows), in a block */
    int64_t chunks, grain; /* chunks for threads, cut at multiples of grain */
    bool alone;            /* too small for more than one thread */
    size_t slot_bytes;
    int instructions, loads, tails;
    tgi_instruction *instruction;
    tgi_load *load;
    tgi_tail *tail;
} tgi_loop;

/* A map of few elements with the addresses of its operands, or two maps in one pass. */
typedef struct tgi_call {
    tg_map_fn map;
    const void *attrs;
    void *y;
    int32_t value, inner; /* inner: the value that is computed in the same pass; -1: none */
    uint16_t in_scratch;  /* bit k: operand k is in scratch memory; bit n: y is */
    uint8_t moves, n;     /* moves: bit k: operand k is read element by element */
    void *x[];
} tgi_call;

typedef struct tgi_calls {
    int32_t n, count; /* elements, calls */
    tgi_call *first;
} tgi_calls;

static inline size_t tgi_call_size(int n) { return sizeof(tgi_call) + (size_t)n * sizeof(void *); }

static inline tgi_call *tgi_call_next(const tgi_call *c)
{
    return (tgi_call *)(uintptr_t)((const char *)c + tgi_call_size(c->n));
}

/* ---- steps ---------------------------------------------------------------------------------- */

typedef enum tgi_step_kind {
    TGI_ALONE,    /* an operation through its descriptor */
    TGI_LOOP,     /* a group */
    TGI_EPILOGUE, /* an operation, and a group that runs on each piece of its result */
    TGI_CALLS     /* a group of few elements */
} tgi_step_kind;

typedef struct tgi_job {
    const tg_node *node; /* alone, epilogue */
    tgi_loop *loop;      /* loop, epilogue */
    void *work;          /* scratch memory for forward, or states of partial reductions */
    int64_t bytes;       /*   the size of it */
} tgi_job;

typedef struct tgi_step {
    int32_t value; /* the operation; of a group its first member */
    int32_t count; /* members; 1 for an operation alone */
    tgi_step_kind kind;
    union {
        tgi_job *job;
        tgi_calls *calls;
    } is;
} tgi_step;

/* ---- random numbers and times --------------------------------------------------------------- */

/* What a run draws from one seed and stream: run 0 blocks first .. end-1, the next run as many
 * after these. */
typedef struct tgi_generator {
    uint64_t seed, stream, first, end;
} tgi_generator;

/* A random operation: its counter in the plan's copy of its attributes, and the recorded value. */
typedef struct tgi_draw {
    uint64_t *counter, recorded;
    int32_t generator;
} tgi_draw;

/* The time that a step took while a profile is on. */
typedef struct tgi_timing {
    int64_t runs;
    double seconds, start, last;
} tgi_timing;

/* For tests. Plans that are compiled after it was set leave `zone` bytes free before and after
 * every result and scratch memory in their block, and their runs call `saw` before the first step
 * (with -1) and after each step. */
typedef struct tgi_plan_watch {
    int64_t zone; /* a multiple of 64 */
    void (*saw)(const tg_plan *p, int32_t step);
} tgi_plan_watch;
extern tgi_plan_watch tgi_plan_watched;

/* ---- the plan ------------------------------------------------------------------------------- */

struct tg_plan {
    tgi_arena arena; /* all that follows */
    tgi_arena block; /* the results' memory, in one piece */
    char *results;   /*   which starts here */
    tg_tape *home;   /* an empty tape, to which the values belong */
    tgi_item *items; /* in the order of computing, the leaves first */
    int32_t *inputs; /* of all items, as numbers of items */
    tgi_plan_leaf *leaves;
    tgi_step *steps;
    int32_t *outputs;    /* numbers of items */
    tg_tensor **written; /* the leaves that outputs are computed or copied into */
    tgi_generator *generators;
    tgi_draw *draws;
    int32_t n_items, n_leaves, n_steps, n_outputs, n_generators, n_draws;
    uint64_t run;
    tgi_plan_watch watch;
    tg_plan_numbers numbers;
    tgi_timing *timings; /* of each step, and one more for the start; NULL: no profile */
    tg_dict *grads;      /* set by tg_compile_grads, together with free_grads */
    void (*free_grads)(tg_dict *d);
};

/* ---- plan.c --------------------------------------------------------------------------------- */

/* The address of the elements of item i; NULL if they never leave a loop. */
void *tgi_plan_data(const tg_plan *p, int32_t i);

/* Item i as a tensor. */
tg_tensor tgi_plan_tensor(const tg_plan *p, int32_t i);

/* The node of item i: the plan's, or one that is made in *room. */
typedef struct tgi_borrowed {
    tg_node node;
    tg_tensor tensors[TGI_MOST_OPERANDS + 1], *inputs[TGI_MOST_OPERANDS];
} tgi_borrowed;
const tg_node *tgi_plan_node(const tg_plan *p, int32_t i, tgi_borrowed *room);

/* ---- loop.c --------------------------------------------------------------------------------- */

void tgi_loop_run(const tgi_loop *f);

/* Only elements first .. first+count-1 of a loop without rows and partial reductions. f is a
 * tgi_loop: this is what forward_then calls. */
void tgi_loop_piece(void *f, int64_t first, int64_t count);

/* ---- generators.c --------------------------------------------------------------------------- */

/* Sets the counters of all random operations for the run p->run. */
void tgi_generators_set_counters(tg_plan *p);

/* ---- profile.c ------------------------------------------------------------------------------ */

/* Seconds of a clock that is never set back. */
double tgi_profile_clock(void);

/* Adds a run of step i, which began at `start` of that clock and ends now. */
void tgi_profile_add(tg_plan *p, int32_t i, double start);

#endif
