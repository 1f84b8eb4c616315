/* draft.h - a plan while it is compiled. All of it is in an arena that is freed when tg_compile
 * returns, and it points into the tape. */
#ifndef TG_GRAPH_PLAN_DRAFT_H
#define TG_GRAPH_PLAN_DRAFT_H

#include "graph/plan/plan.h"

typedef struct tgi_value {
    tg_tensor x;           /* the value as the plan has it */
    tg_node node;          /* how it is computed; unused in a leaf */
    tg_tensor *tensor;     /* &x, or the leaf */
    const tg_tensor *from; /* on the tape */
    int32_t *in;           /* the numbers of the inputs */
    int32_t root;          /* the value whose memory it views; itself if it has its own */
    int32_t same;          /* the value that replaces it; itself if there is none */
    int32_t written_set;   /* of a leaf: the number of its alias set if that is written, else -1 */
    int32_t group, next;   /* its group, and the member after it; -1: none */
    int32_t last;          /* the last step that reads it */
    int32_t output;        /* the output that it is computed into; -1: none */
    int32_t dying;         /* for place.c: another value with the same `last`, + 1; 0: none */
    uint64_t epoch;        /* the number of earlier writes to what it reads */
    int64_t offset;        /* view: bytes from the root's data; root: place in the block */
    tgi_kind kind;
    tgi_role role;
    bool view, needed, escapes; /* escapes: read outside its group */
} tgi_value;

typedef struct tgi_draft_step {
    int32_t value; /* the operation; of a group its first member */
    int32_t count; /* members; 1 for an operation alone */
    bool epilogue; /* value is an operation, and the group after it is its epilogue */
    int64_t place; /* of its scratch memory in the block; -1: none */
    int64_t bytes; /*   the size of it */
} tgi_draft_step;

/* An instruction of a loop, with room for as many operands as there can be. */
typedef struct tgi_draft_instruction {
    const tgi_value *value;
    const tgi_value *inner; /* computed in the same pass; or NULL */
    tg_map_fn map;
    bool by_rows;
    int n, first_load, loads;
    tgi_operand y, x[TGI_MOST_OPERANDS];
} tgi_draft_instruction;

/* The loop of one group. */
typedef struct tgi_draft_loop {
    tgi_loop f; /* with its loads, but without its instructions and tails */
    int slots;
    size_t width; /* bytes of the widest element */
    tgi_draft_instruction instruction[TGI_SLOTS];
    const tgi_value *tail[TGI_SLOTS];
    tgi_operand tail_x[TGI_SLOTS];
} tgi_draft_loop;

/* A random operation and the generator that it draws from. */
typedef struct tgi_draft_draw {
    int32_t value, generator;
} tgi_draft_draw;

typedef struct tgi_draft {
    tg_plan *plan; /* the result */
    const tg_tape *tape;
    tgi_arena *work;
    tgi_value *values;
    tgi_draft_step *steps;
    int32_t *outputs; /* numbers of values */
    tgi_generator *generators;
    int32_t *generator_slots; /* hashed by seed and stream: number + 1; 0: free */
    size_t generator_mask;
    tgi_draft_draw *draws;
    int32_t n_values, n_leaves, n_steps, n_outputs, n_generators, n_draws;
    int32_t written_sets; /* alias sets that are written */
    int32_t *number;      /* of each value: the number of its item; -1: it has none */
    struct tgi_interned *interned;
    size_t scratch; /* the most bytes that the calls of a step need for their results */
} tgi_draft;

/* ---- the stages of tg_compile, in this order ------------------------------------------------ */

/* All return false when out of memory. Only build can fail otherwise, and says why in err. */
bool tgi_plan_build(tgi_draft *d, tg_error *err);
bool tgi_plan_simplify(tgi_draft *d);
bool tgi_plan_schedule(tgi_draft *d);
bool tgi_plan_place(tgi_draft *d);
bool tgi_plan_pack(tgi_draft *d);
bool tgi_plan_fuse(tgi_draft *d);

/* ---- aliases.c, order.c: for tgi_plan_build ------------------------------------------------- */

/* Both look only at the values of t whose number is 0 or more. */

/* Sets alias[i] to the alias set of the leaf that value i is or views, -1 if there is none, and
 * *count to the number of sets. */
bool tgi_plan_aliases(tgi_arena *work, const tg_tape *t, const int32_t *number, int32_t *alias,
                      int32_t *count);

/* Sets ids[0..*count-1] to the values in the order of the plan, the leaves first. */
bool tgi_plan_order(tgi_arena *work, const tg_tape *t, const int32_t *number, const int32_t *alias,
                    int32_t aliases, int32_t *ids, int32_t *count);

/* ---- generators.c --------------------------------------------------------------------------- */

/* The attributes that describe the generator of a random operation; NULL where it has none. */
typedef struct tgi_generator_attrs {
    const uint64_t *seed, *stream, *counter;
} tgi_generator_attrs;
tgi_generator_attrs tgi_generators_attrs(const tg_op *op, const void *attrs);

/* Finds the generators of all random operations on the tape. */
bool tgi_generators_find(tgi_draft *d);

/* The number of the generator that node n draws from, whose range is extended to what n draws; -1
 * if it has none. */
int32_t tgi_generators_number(tgi_draft *d, const tg_node *n);

/* ---- value.c -------------------------------------------------------------------------------- */

/* v is computed by its map and by nothing else of its descriptor. */
bool tgi_value_is_map(const tgi_value *v);

/* v is a map that runs as a call when it is a step of its own. */
bool tgi_value_is_call(const tgi_value *v);

/* v has as many elements as y, in y's order and without gaps. */
bool tgi_value_is_plain(const tgi_value *v, const tgi_value *y);

/* If v reduces rows that a loop can supply: the number of elements in a row. Else 0. */
int64_t tgi_value_row(const tgi_value *v);

/* Bytes of the states of all parts of the partial reduction v. */
size_t tgi_value_partial_bytes(const tgi_value *v);

/* ---- access.c ------------------------------------------------------------------------------- */

/* How x is read to compute y, whose rows have `row` elements (1: it has no rows). */
tgi_access tgi_access_of(const tg_tensor *x, const tg_tensor *y, int64_t row);

/* The axes along which x is read to compute y: merged where possible, outermost first, with the
 * size of each and the bytes from one element to the next. Returns their number, at least 1. */
int tgi_access_axes(const tg_tensor *x, const tg_tensor *y, int64_t *n, int64_t *step);

/* ---- slots.c -------------------------------------------------------------------------------- */

/* `unit` elements of every result and copied operand fit in scratch memory. The members are those
 * of the groups that begin with `first` and `other` (-1: none). */
bool tgi_slots_fit(const tgi_draft *p, int32_t first, int32_t other, int64_t row, int64_t unit);

/* The least common multiple of a and b; TGI_BLOCK + 1 if one of them is larger than a block. */
int64_t tgi_slots_unit(int64_t a, int64_t b);

/* ---- intern.c ------------------------------------------------------------------------------- */

/* The plan's only copy of these bytes; NULL when out of memory. */
const void *tgi_plan_intern(tgi_draft *d, const void *data, size_t bytes);

/* ---- fuse.c and pairs.c --------------------------------------------------------------------- */

/* The loop of a group while it is built. */
typedef struct tgi_loop_builder {
    tgi_draft *p;
    tgi_draft_loop *l;
    tgi_loop *f; /* of l */
    int members;
    int32_t member[TGI_SLOTS]; /* the values, in order */
    int inner[TGI_SLOTS];      /* the member that is computed in the same pass; -1: none */
    bool absorbed[TGI_SLOTS];  /* computed in the pass of a later member */
    int of[TGI_SLOTS];         /* of an instruction: its member */
    int32_t slot[TGI_SLOTS];   /* of an instruction: the slot of its result; -1: in memory */
    bool taken[TGI_SLOTS];     /* slots in use at this point */
} tgi_loop_builder;

static inline const tgi_value *tgi_member(const tgi_loop_builder *m, int member)
{
    return &m->p->values[m->member[member]];
}

/* The member that computes root; -1: none does. */
static inline int tgi_member_of(const tgi_loop_builder *m, int32_t root)
{
    for (int i = 0; i < m->members; i++)
        if (m->member[i] == root) return i;
    return -1;
}

/* Finds the members that can be computed in the pass of a later one: sets inner and absorbed. */
void tgi_pairs_find(tgi_loop_builder *m);

/* The map that computes x and then y, which reads x as its operand k; NULL if there is none. */
tg_map_fn tgi_pairs_map(const tgi_value *y, const tgi_value *x, int k);

/* ---- steps.c: for tgi_plan_fuse ------------------------------------------------------------- */

/* Add step s of the draft to the plan: as a job, with the loop l or NULL for an operation alone; or
 * as calls. */
bool tgi_steps_add_job(tgi_draft *d, int32_t s, const tgi_draft_loop *l);
bool tgi_steps_add_calls(tgi_draft *d, int32_t s, const tgi_draft_loop *l);

/* Gives the calls of all steps their scratch memory. */
bool tgi_steps_place_scratch(tgi_draft *d);

#endif
