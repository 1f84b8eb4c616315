/* blind.h - a plan asks operations about nodes before these have addresses, so their answers must
 * not read any: they are the same with the real addresses, with none, and with some that end the
 * program when read. */
#ifndef TESTS_BLIND_H
#define TESTS_BLIND_H

#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "tapegrad/op.h"
#include "tests/support/close.h"

/* A page that may be neither read nor written. */
static inline void *poison(void)
{
    static void *page;
    if (!page) page = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    return page;
}

typedef struct answers {
    size_t work, state;
    int64_t grain, parts;
    double flops;
} answers;

/* offset of the first element from the data, so that alignments differ too */
static inline answers ask(const tg_node *n, bool real, void *data, size_t offset)
{
    tg_tensor **in = calloc((size_t)n->n_inputs + 1, sizeof *in);
    tg_tensor *copies = calloc((size_t)n->n_inputs + 1, sizeof *copies), out = *n->output;
    tg_node node = *n;
    answers a = {0};
    ck_assert(in && copies);
    for (int i = 0; i < n->n_inputs; i++) {
        in[i] = &copies[i];
        copies[i] = *n->inputs[i];
        if (!real)
            copies[i].data = data ? (char *)data + offset * tg_dtype_size(copies[i].dtype) : NULL;
    }
    if (!real) out.data = data;
    node.inputs = in;
    node.output = &out;
    const tg_op *op = n->op;
    if (op->work_size) a.work = op->work_size(&node);
    if (op->flops) a.flops = op->flops(&node);
    if (op->partial && n->inputs[0]->size > 0) {
        a.grain = op->partial->grain(&node);
        if (a.grain > 0) {
            a.parts = op->partial->parts(&node);
            a.state = op->partial->state_size(&node);
        }
    }
    free(copies);
    free(in);
    return a;
}

static inline void assert_same_answers(const tg_node *n, answers a, answers b, const char *how)
{
    ck_assert_msg(
        a.work == b.work && a.state == b.state && a.grain == b.grain && a.parts == b.parts &&
            memcmp(&a.flops, &b.flops, sizeof a.flops) == 0,
        "%s %s: work %zu and %zu, state %zu and %zu, grain %lld and %lld, parts %lld and %lld",
        n->op->name, how, a.work, b.work, a.state, b.state, (long long)a.grain, (long long)b.grain,
        (long long)a.parts, (long long)b.parts);
}

static inline void assert_blind(const tg_node *n)
{
    if (!n->op->forward) return;
    const answers with = ask(n, true, NULL, 0);
    assert_same_answers(n, with, ask(n, false, NULL, 0), "without addresses");
    assert_same_answers(n, with, ask(n, false, poison(), 0), "with poisoned addresses");
    assert_same_answers(n, with, ask(n, false, poison(), 1), "with other alignments");
}

/* Collects everything that a tape holds and returns the number. */
static inline int assert_tape_blind(tg_tape *t)
{
    int n = 0;
    for (const tg_tensor *x; (x = tg_tape_value(t, n)); n++)
        if (x->node) assert_blind(x->node);
    return n;
}

#endif
