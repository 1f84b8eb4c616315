/* schedule.h - the open groups while a plan's steps are found. */
#ifndef TG_GRAPH_PLAN_SCHEDULE_H
#define TG_GRAPH_PLAN_SCHEDULE_H

#include "graph/plan/draft.h"

enum {
    OPEN = 16,    /* groups at a time */
    MEMBERS = 48, /* of a group */
    READS = 24,   /* values that it reads from outside */
    WAITING = 8
};

typedef struct tgi_open {
    int32_t first, last, count, number;
    size_t width; /* bytes of its widest element */
    int loads;    /* operands from outside that are not read straight on */
    int64_t size; /* elements */
    int64_t row;  /* of its rows; 1: none of its members reduces any */
    uint32_t before;
    int32_t reads[READS]; /* values outside it */
    int n_reads;
    int32_t waiting[WAITING]; /* reductions that run right after it */
    int n_waiting;
} tgi_open;

typedef struct tgi_schedule {
    tgi_draft *p;
    tgi_open open[OPEN]; /* count 0: free */
    int32_t groups;      /* made so far */
    int32_t *slot_of;    /* of each group made: its place in open, -1 when it has run */
} tgi_schedule;

/* The open group that computes the memory of value v, or after which it is computed; -1: none. */
int tgi_open_group_of(const tgi_schedule *s, int32_t v);

/* v has something to do with the open group, fits in it with this role and these rows, and
 * nothing that it needs comes after. */
bool tgi_open_can_join(const tgi_schedule *s, int slot, int32_t v, tgi_role *role, int64_t *row);
void tgi_open_join(tgi_schedule *s, int slot, int32_t v, tgi_role role, int64_t row);

/* What v would be in a group of `size` elements with these rows; false: it cannot be in it. */
bool tgi_open_role(const tgi_value *v, const tgi_open *g, tgi_role *role, int64_t *row);

/* Operands of v from different groups: one group, where that can be. */
void tgi_open_merge_inputs(tgi_schedule *s, int32_t v);

#endif
