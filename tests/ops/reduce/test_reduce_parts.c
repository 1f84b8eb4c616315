/* test_reduce_parts.c - a reduction in parts (tg_op_partial): every operation that offers it gives
 * the bits of its forward, however the parts are fed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"
#include "tests/support/suite.h"

static const struct {
    int ndim;
    int64_t shape[4];
} shapes[] = {{1, {1}},        {1, {31}},         {1, {64}},         {1, {65}},
              {1, {1000}},     {1, {40001}},      {1, {600000}},     {2, {128, 10}},
              {2, {128, 100}}, {2, {1, 700}},     {2, {700, 1}},     {2, {300, 200}},
              {2, {2000, 3}},  {2, {3, 20000}},   {2, {5, 33000}},   {2, {2, 100000}},
              {3, {9, 1, 50}}, {3, {40, 30, 20}}, {3, {20, 70, 90}}, {4, {3, 4, 5, 6}}};

static tg_tensor *random_leaf(tg_dtype dtype, int ndim, const int64_t *shape, tg_rng *rng)
{
    tg_tensor *x = tg_tensor_new(dtype, ndim, shape, NULL);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < x->size; i++)
        (void)tg_tensor_set(x, i,
                            tg_dtype_is_float(dtype) ? tg_rng_next_uniform(rng, -3, 3)
                                                     : (double)tg_rng_next_below(rng, 200),
                            NULL);
    return x;
}

/* The attributes that reduce the axes of mask. */
static void describe(const tg_op *op, const tg_tensor *x, unsigned mask, char *text, size_t size)
{
    const bool to_shape = strcmp(op->attrs->name, "shape") == 0;
    int n = snprintf(text, size, "%s=", op->attrs->name);
    const char *comma = "";
    for (int a = 0; a < x->ndim; a++) {
        if (!to_shape && !(mask >> a & 1)) continue;
        n += snprintf(text + n, size - (size_t)n, "%s%lld", comma,
                      to_shape ? (mask >> a & 1 ? 1 : (long long)x->shape[a]) : a);
        comma = ",";
    }
}

/* Grains from..to, in pieces of a random number of them. */
static void feed(const tg_node *node, void *state, int64_t from, int64_t to, int64_t grain,
                 tg_rng *rng)
{
    const tg_tensor *x = node->inputs[0];
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    const uint64_t most = tg_rng_next_below(rng, 3) == 0 ? 2 : (uint64_t)(4096 / grain + 2);
    while (from < to) {
        int64_t more = from + 1 + (int64_t)tg_rng_next_below(rng, most);
        if (more > to) more = to;
        const int64_t end = more * grain < x->size ? more * grain : x->size;
        node->op->partial->add(node, state, (const char *)x->data + from * grain * width,
                            end - from * grain);
        from = more;
    }
}

/* True when node was computed in parts and not only whole. */
static bool try_parts(const tg_node *node, const char *what, tg_rng *rng)
{
    const tg_op_partial *partial = node->op->partial;
    const int64_t grain = partial->grain(node);
    if (grain == 0) return false;
    const int64_t parts = partial->parts(node);
    const int64_t grains = (node->inputs[0]->size + grain - 1) / grain;
    const size_t size = partial->state_size(node);
    ck_assert_msg(parts >= 1 && parts <= grains && size % 64 == 0, "%s", what);
    char *states = aligned_alloc(64, (size_t)parts * size + 64);
    tg_tensor y = *node->output;
    tg_node copy = *node;
    const size_t bytes = (size_t)y.size * tg_dtype_size(y.dtype);
    y.data = malloc(bytes);
    copy.output = &y;
    ck_assert(states && y.data);
    memset(states, 0x5a, (size_t)parts * size + 64);
    for (int64_t p = parts; p-- > 0;) {
        partial->begin(&copy, states + (size_t)p * size);
        feed(&copy, states + (size_t)p * size, grains * p / parts, grains * (p + 1) / parts, grain,
             rng);
    }
    for (int i = 0; i < 64; i++)
        ck_assert_msg(states[(size_t)parts * size + (size_t)i] == 0x5a, "%s: behind the states",
                      what);
    partial->end(&copy, parts, states);
    ck_assert_msg(memcmp(y.data, node->output->data, bytes) == 0, "%s: other bits", what);
    free(y.data);
    free(states);
    return true;
}

static int try_axes(const tg_op *op, tg_tensor *x, tg_rng *rng)
{
    const int tries = getenv("TG_TEST_QUICK") ? 1 : 3;
    int done = 0;
    for (unsigned mask = 0; mask < 1u << x->ndim; mask++) {
        char text[128], what[256], shape[TG_DESCRIBE_SIZE];
        tg_tape *t = tg_tape_new();
        describe(op, x, mask, text, sizeof text);
        (void)snprintf(what, sizeof what, "%s of %s, %s", op->name,
                       tg_tensor_describe(x, shape, sizeof shape), text);
        tg_tensor *y = tg_apply_text(t, op->name, &x, 1, text);
        if (y)
            for (int i = 0; i < tries; i++) done += try_parts(y->node, what, rng);
        else /* a dtype, or as many axes, that it does not take */
            ck_assert(tg_tape_status(t) == TG_EDTYPE || tg_tape_status(t) == TG_EAXIS);
        tg_tape_free(t);
    }
    return done;
}

START_TEST(parts_give_the_bits_of_forward)
{
    tg_rng rng = tg_rng_make(3, (uint64_t)_i);
    int ops = 0, done = 0;
    for (int k = 0; k < tg_op_count(); k++) {
        const tg_op *op = tg_op_at(k);
        if (!op->partial) continue;
        ops++;
        for (int d = 0; d < TG_DTYPE_COUNT; d++) {
            tg_tensor *x = random_leaf((tg_dtype)d, shapes[_i].ndim, shapes[_i].shape, &rng);
            done += try_axes(op, x, &rng);
            tg_tensor_free(x);
        }
    }
    ck_assert_int_ge(ops, 2);
    ck_assert(done > 0 || shapes[_i].shape[0] == 1);
}
END_TEST

static void check_same(const char *what, const tg_tensor *want, const tg_tensor *got)
{
    ck_assert_msg(want && got && tg_tensor_same_shape(want, got), "%s", what);
    const size_t bytes = (size_t)want->size * tg_dtype_size(want->dtype);
    ck_assert_msg(memcmp(want->data, got->data, bytes) == 0, "%s: other bits", what);
}

/* A contiguous input is added up in one order, whether |x| is written first or not. */
START_TEST(norm1_gives_the_bits_of_a_sum)
{
    tg_rng rng = tg_rng_make(4, (uint64_t)_i);
    const int ndim = shapes[_i].ndim;
    for (int d = 0; d < TG_U8; d++) {
        tg_tensor *x = random_leaf((tg_dtype)d, ndim, shapes[_i].shape, &rng);
        for (unsigned mask = 1; mask < 1u << ndim; mask++) {
            tg_tape *t = tg_tape_new();
            int axes[TG_MAX_NDIM], n = 0;
            for (int a = 0; a < ndim; a++)
                if (mask >> a & 1) axes[n++] = a;
            const tg_tensor *want = tg_sum_axes(t, tg_abs(t, x), n, axes, false);
            if (n == 1) check_same("norm1", want, tg_norm1(t, x, axes[0], false));
            if (d != TG_I32) check_same("norm", want, tg_norm_axes(t, x, 1, n, axes, false));
            tg_tape_free(t);
        }
        tg_tensor_free(x);
    }
}
END_TEST

SUITE("reduce_parts", .timeout = 300,
      .tests = {
          {parts_give_the_bits_of_forward, COUNT(shapes)},
          {norm1_gives_the_bits_of_a_sum, COUNT(shapes)},
      })
