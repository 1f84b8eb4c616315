/* group.h - open groups, which may still grow while the steps of a plan are decided. */
#ifndef TG_GRAPH_PLAN_GROUP_H
#define TG_GRAPH_PLAN_GROUP_H

#include "graph/plan/draft.h"

enum {
    TGI_MOST_OPEN = 16,    /* open groups at a time */
    TGI_MOST_MEMBERS = 48, /* members of a group */
    TGI_MOST_READS = 24,   /* values that it reads from outside */
    TGI_MOST_WAITING = 8   /* reductions that wait for it */
};

typedef struct tgi_open_group {
    int32_t first, last, count;    /* members: the first, the last, how many */
    int32_t number;                /* counts the groups that were opened */
    size_t width;                  /* bytes of its widest element */
    int loads;                     /* operands from outside that are not contiguous */
    int64_t size;                  /* elements */
    int64_t row;                   /* elements in a row; 1 if no member reduces rows */
    uint32_t before;               /* a bit for each open group that must run before it */
    int32_t reads[TGI_MOST_READS]; /* values from outside */
    int n_reads;
    int32_t waiting[TGI_MOST_WAITING]; /* reductions of its results, which run in it or after it */
    int n_waiting;
} tgi_open_group;

typedef struct tgi_schedule {
    tgi_draft *p;
    tgi_open_group open[TGI_MOST_OPEN]; /* count 0: free */
    int32_t groups;                     /* opened so far */
    int32_t *slot_of; /* of each group opened: its index in open, -1 once it is closed */
} tgi_schedule;

/* The open group that computes the memory of value v, or for which v waits; -1: none. */
int tgi_plan_group_of(const tgi_schedule *s, int32_t v);

/* The role that v would have in group g, and the number of elements in a row that the group would
 * then have; false if it can have none. */
bool tgi_plan_group_role(const tgi_value *v, const tgi_open_group *g, tgi_role *role, int64_t *row);

/* v can join the open group: it reads something that the group computes or reads, fits in it, and
 * needs nothing that is computed after the group. Sets its role and the group's new row. */
bool tgi_plan_group_can_join(const tgi_schedule *s, int slot, int32_t v, tgi_role *role,
                             int64_t *row);
void tgi_plan_group_join(tgi_schedule *s, int slot, int32_t v, tgi_role role, int64_t row);

/* Merges the groups that compute the operands of v, where possible. */
void tgi_plan_group_merge_inputs(tgi_schedule *s, int32_t v);

#endif
