/* integer.c - random integers and permutations, unbiased, from a fixed number of words. */
#include "ops/elementwise/families.h"
#include "ops/random/random.h"

/* A number in 0..n-1 from word i. Words below 2^64 mod n would make some results too frequent and
 * are rejected. n is at most 2^32, so this happens to one word in 2^32 at most. A generator made
 * for this word then replaces it, so no other number changes and the counter advances as always. */
static uint64_t below(const tgi_random_attrs *r, uint64_t i, uint64_t word, uint64_t n)
{
    if (word >= (0 - n) % n) return word % n;
    tg_rng own = {~r->seed, r->stream, (r->counter + i / 2) * 2 + i % 2};
    own.counter <<= 8;
    return tg_rng_next_below(&own, n);
}

/* ---- randint -------------------------------------------------------------------------------- */

static const tg_attr_def randint_defs[] = {
    TGI_RANDOM_STATE,
    {"shape", TG_ATTR_INTS, offsetof(tgi_random_attrs, shape), ""},
    {"low", TG_ATTR_INT, offsetof(tgi_random_attrs, low), "0"},
    {"high", TG_ATTR_INT, offsetof(tgi_random_attrs, high), NULL},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status randint_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    if (r->low >= r->high)
        return tg_fail(c->err, TG_EARG, "randint: low is %lld, must be below high, %lld",
                       (long long)r->low, (long long)r->high);
    if (r->low < INT32_MIN || r->high - 1 > INT32_MAX)
        return tg_fail(c->err, TG_EARG, "randint: %lld..%lld does not fit into i32",
                       (long long)r->low, (long long)r->high - 1);
    const tg_status status = tgi_random_infer(c);
    c->dtype = TG_I32;
    return status;
}

TGI_RANDOM_FILL(randint_fill, int32_t,
                r->low +
                    (int64_t)below(r, (uint64_t)(first + i), word, (uint64_t)(r->high - r->low)))

static void randint_forward(const tg_node *node, void *work)
{
    (void)work;
    tgi_random_run(node->attrs, node->output->size, node->output->data, randint_fill);
}

static const tg_sample randint_samples[] = {{NULL, "seed=1 shape=2,3 high=6"},
                                            {NULL, "seed=1 counter=7 low=-3 high=-2"},
                                            {NULL, "seed=2 stream=3 shape=0,2 high=1"},
                                            {NULL, NULL}};

/* ---- permutation ---------------------------------------------------------------------------- */

static const tg_attr_def permutation_defs[] = {
    TGI_RANDOM_STATE,
    {"n", TG_ATTR_INT, offsetof(tgi_random_attrs, high), NULL},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status permutation_infer(tg_infer *c)
{
    const int64_t n = ((const tgi_random_attrs *)c->attrs)->high;
    if (n < 0 || n > INT32_MAX)
        return tg_fail(c->err, TG_ESHAPE, "permutation: %lld indices do not fit into i32",
                       (long long)n);
    c->dtype = TG_I32;
    c->ndim = 1;
    c->shape[0] = n;
    return TG_OK;
}

/* The inside-out Fisher-Yates shuffle: i takes a place among the first i + 1, and the number that
 * was there moves to the end. */
static void permutation_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    const tg_rng rng = {r->seed, r->stream, r->counter};
    int32_t *const y = node->output->data;
    (void)work;
    for (int64_t i = 0; i < node->output->size; i++) {
        const uint64_t word = tg_rng_word(&rng, (uint64_t)i);
        const int64_t j = (int64_t)below(r, (uint64_t)i, word, (uint64_t)i + 1);
        y[i] = y[j];
        y[j] = (int32_t)i;
    }
}

static const tg_sample permutation_samples[] = {
    {NULL, "seed=1 n=5"}, {NULL, "seed=1 counter=2 n=1"}, {NULL, "seed=1 n=0"}, {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { RANDINT, PERMUTATION };

const tg_op tgi_random_integer_ops[] = {
    [RANDINT] = TGI_RANDOM_OP(randint, "an integer in low..high-1", randint_infer),
    [PERMUTATION] =
        TGI_RANDOM_OP(permutation, "0, 1, ..., n - 1 in random order", permutation_infer),
};
TGI_FAMILY_COUNT(random_integer);

tg_tensor *tg_randint(tg_tape *t, tg_rng *rng, int ndim, const int64_t *shape, int64_t low,
                      int64_t high)
{
    return tgi_random_draw(t, &tgi_random_integer_ops[RANDINT], rng, ndim, shape,
                           (tgi_random_attrs){.dtype = TG_I32, .low = low, .high = high});
}

tg_tensor *tg_permutation(tg_tape *t, tg_rng *rng, int64_t n)
{
    return tgi_random_draw(t, &tgi_random_integer_ops[PERMUTATION], rng, 0, NULL,
                           (tgi_random_attrs){.dtype = TG_I32, .high = n});
}
