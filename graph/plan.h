/* plan.h - the inside of a plan. */
#ifndef TG_GRAPH_PLAN_H
#define TG_GRAPH_PLAN_H

#include "graph/arena.h"
#include "tapegrad/op.h"
#include "tapegrad/plan.h"

typedef enum tgi_kind { TGI_LEAF, TGI_CONSTANT, TGI_RESULT } tgi_kind;

/* What a member of a group does.  A group works on n elements, cut into rows where one of its
 * members reduces rows; a narrow value has one element for each row. */
typedef enum tgi_part {
    TGI_WIDE,   /* elementwise, n elements */
    TGI_NARROW, /* elementwise, an element for each row */
    TGI_ROWS,   /* reduces each row to one element */
    TGI_FOLD    /* reduces all rows together: its result is there after the loop */
} tgi_part;

/* A leaf, a value that depends on none, or a result.  Views look at the memory of a root. */
typedef struct tgi_value {
    tg_tensor x;           /* the plan's own */
    tg_node node;          /* how it is made; not of a leaf */
    tg_tensor *tensor;     /* &x, or the leaf */
    tg_tensor *bound;      /* what is read in the place of a leaf, with x as its copy; or NULL */
    const tg_tensor *from; /* on the tape: only while compiling */
    int32_t *in;           /* the numbers of the inputs */
    int32_t root;          /* whose memory it looks at: itself when it has its own */
    int32_t same;          /* the value that stands for it: itself when it is computed */
    int32_t storage;       /* of a leaf: the region of written memory that it lies in, or -1 */
    int32_t group, next;   /* fused group and the member after it; -1: none */
    int32_t last;          /* the step that reads it last */
    int32_t output;        /* the output that it is computed into; -1: none */
    uint64_t epoch;        /* writes to what it reads that came before it */
    int64_t offset;        /* view: bytes from the root's data; root: place in the block */
    tgi_kind kind;
    tgi_part part;
    bool view, needed, escapes; /* escapes: read outside its group */
} tgi_value;

/* How an operand of a fused loop lies beside the result. */
typedef enum tgi_lie {
    TGI_ALONG,  /* element by element */
    TGI_STILL,  /* one element for all */
    TGI_BESIDE, /* one element for each row */
    TGI_REPEAT, /* one row, the same for each */
    TGI_APART   /* anything else: copied into a slot first */
} tgi_lie;

/* Where a fused loop finds an operand: at data, or in a slot of the scratch block. */
typedef struct tgi_operand {
    char *data;
    int64_t width; /* of an element, in bytes */
    int64_t row;   /* bytes from one row to the next, where the rows are done one by one */
    int32_t value; /* of the plan */
    int32_t slot;  /* -1: data */
    tgi_lie lie;
} tgi_operand;

enum {
    TGI_MAP_INPUTS = 8,
    TGI_SLOTS = 80,        /* no group has more members and operands to be copied together */
    TGI_BLOCK = 4096,      /* elements, at most; */
    TGI_STEP = 64,         /*   a multiple of it where there are no rows */
    TGI_SCRATCH = 32 << 10 /* bytes of all slots together: they stay in the first cache */
};

typedef struct tgi_instruction {
    tg_map_fn map; /* NULL: the rows of value are reduced */
    const void *attrs;
    const tgi_value *value;
    tgi_part part;
    bool by_rows;             /* one call for each row */
    int n, first_load, loads; /* loads: done before it */
    tgi_operand y, x[TGI_MAP_INPUTS];
    int64_t stride[TGI_MAP_INPUTS];
} tgi_instruction;

/* An operand that is TGI_APART: a block of it is copied into a slot. */
typedef struct tgi_load {
    int32_t value, slot, until; /* until: the instruction that reads it last */
    bool narrow;                /* for narrow results */
    int axes;
    int64_t n[TG_MAX_NDIM], step[TG_MAX_NDIM]; /* in bytes */
    size_t width;
    const char *data;
} tgi_load;

/* A fold that is fed from the loop. */
typedef struct tgi_tail {
    const tgi_value *value;
    tgi_operand x;
    size_t state_size; /* bytes of one part's state */
    char *states;
} tgi_tail;

/* One pass over n elements: all instructions on one block, then on the next. */
typedef struct tgi_fused {
    int64_t n, row, block; /* row: 1 where there are none */
    int64_t chunks, grain; /* chunks for the threads, cut at multiples of grain */
    bool alone;            /* too little for more than one thread */
    size_t slot_bytes;
    int instructions, loads, tails;
    tgi_instruction *instruction;
    tgi_load *load;
    tgi_tail *tail;
} tgi_fused;

typedef struct tgi_step {
    int32_t value;    /* the operation; of a group its first member */
    int32_t count;    /* members, 1 for an operation alone */
    bool headed;      /* value is an operation that hands its results to the group behind it */
    void *work;       /* scratch memory for forward */
    int64_t place;    /*   in the block; -1: none */
    int64_t bytes;    /*   of it */
    tgi_fused *fused; /* NULL: an operation alone */
} tgi_step;

/* What is drawn from one seed and stream: blocks first .. end-1 in a pass. */
typedef struct tgi_generator {
    uint64_t seed, stream, first, end;
} tgi_generator;

typedef struct tgi_draw {
    uint64_t *counter, recorded; /* the attribute in the plan's copy */
    int32_t generator;
} tgi_draw;

/* What a step took while a profile is on. */
typedef struct tgi_timing {
    int64_t runs;
    double seconds, start, last;
} tgi_timing;

/* For tests, which set it: plans compiled from then on leave `zone` bytes free on each side of every
 * result and scratch memory in their block, and their runs call `saw` before the first step (-1) and
 * after each. */
typedef struct tgi_plan_watch {
    int64_t zone; /* a multiple of 64 */
    void (*saw)(const tg_plan *p, int32_t step);
} tgi_plan_watch;
extern tgi_plan_watch tgi_plan_watched;

struct tg_plan {
    tgi_arena arena; /* all that follows */
    tgi_arena block; /* the results' memory, in one piece */
    tg_tape *home;   /* the tape that the values name as theirs; empty */
    tgi_value *values;
    tgi_step *steps;
    int32_t *outputs;   /* numbers of values */
    tg_tensor **leaves; /* what the outputs are computed or copied into */
    tgi_generator *generators;
    tgi_draw *draws;
    int32_t n_values, n_steps, n_outputs, n_generators, n_draws;
    int32_t storages; /* regions of leaves that are written */
    uint64_t run;
    tgi_plan_watch watch;
    tg_plan_numbers numbers;
    tgi_timing *timings; /* of each step, with one more for the start; NULL: no profile */
    tg_dict *grads;      /* set by tg_compile_grads, with what frees it */
    void (*free_grads)(tg_dict *d);
};

/* The stages of tg_compile, in this order.  err names what is wrong. */
bool tgi_plan_build(tg_plan *p, const tg_tape *t, tgi_arena *work, tg_error *err);
bool tgi_plan_simplify(tg_plan *p, tgi_arena *work);
void tgi_plan_mark(tg_plan *p); /* needed: all that outputs and writes depend on */
bool tgi_plan_schedule(tg_plan *p);
bool tgi_plan_place(tg_plan *p, tgi_arena *work); /* memory */
bool tgi_plan_fuse(tg_plan *p);                   /* the loops of the groups */

/* For tgi_plan_build: which of the regions of memory that leaves make up a value of t is, or looks
 * at, -1 for none; and the values that have a number of 0 or more in the order of the plan, the
 * leaves first. */
bool tgi_plan_regions(tgi_arena *work, const tg_tape *t, const int32_t *number, int32_t *region,
                      int32_t *count);
bool tgi_plan_order(tgi_arena *work, const tg_tape *t, const int32_t *number, const int32_t *region,
                    int32_t regions, int32_t *ids, int32_t *count);

/* It has a map and nothing else that has to be called. */
bool tgi_plan_is_map(const tgi_value *v);
/* Value v holds as many elements as y, in y's order and without gaps. */
bool tgi_plan_is_plain(const tgi_value *v, const tgi_value *y);
/* How x is read for y, whose rows have `row` elements (1: it has none). */
tgi_lie tgi_plan_lie(const tg_tensor *x, const tg_tensor *y, int64_t row);
/* The axes along which x is read for y, merged, outermost first: how many, of what size, and the
 * bytes from one element to the next. */
int tgi_plan_walk(const tg_tensor *x, const tg_tensor *y, int64_t *n, int64_t *step);
/* A unit of elements fits in the scratch slots that the groups with these first members (-1: none)
 * need together when every result stays in a slot. */
bool tgi_plan_fits(const tg_plan *p, int32_t first, int32_t other, int64_t row, int64_t unit);

/* The least common multiple; just more than a block where either is. */
int64_t tgi_plan_unit(int64_t a, int64_t b);

/* The elements of a row that v reduces to one, where it can do so block by block; else 0. */
int64_t tgi_plan_row(const tgi_value *v);

/* Bytes of the states of all parts of a fold. */
size_t tgi_fold_bytes(const tgi_value *v);

/* Seconds of a clock that never goes back. */
double tgi_plan_clock(void);
/* Adds a run of step i that began at `start` of that clock. */
void tgi_plan_took(tg_plan *p, int32_t i, double start);

void tgi_fused_run(const tgi_fused *f);
/* What the readers of a value look at: of a leaf what is bound in its place. */
tg_tensor *tgi_plan_reads(tgi_value *v);

/* Elements first .. first+count-1 alone, of a loop without folds and rows; f is a tgi_fused. */
void tgi_fused_piece(void *f, int64_t first, int64_t count);

/* Equal attributes of one op, field by field; a number that equal ones share. */
bool tgi_attrs_equal(const tg_op *op, const void *a, const void *b);
uint64_t tgi_attrs_hash(const tg_op *op, const void *attrs);
/* A number that tapes share which hold the same operations on the same leaves, whatever random
 * numbers they have drawn. */
uint64_t tgi_tape_hash(const tg_tape *t);

#endif
