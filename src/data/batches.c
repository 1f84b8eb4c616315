/* batches.c - minibatches: which rows a training step uses. */
#include "src/options.h"
#include "tapegrad/alloc.h"
#include "tapegrad/data.h"

struct tg_batches {
    int64_t n, batch, per_epoch;
    bool replace;
    tg_batches_state state;
    int32_t *order;      /* the rows in the order of an epoch; NULL with replace */
    int64_t order_epoch; /* the epoch that has this order; -1: none */
    tg_tensor *full;     /* (batch) */
    tg_tensor *last;     /* (n % batch), a view of full; NULL if no batch is short */
};

tg_batches_options tg_batches_defaults(void)
{
    return (tg_batches_options){.made = TGI_MADE_BATCHES, .batch = 100};
}

/* Makes the leaves and the order. What was made before a failure stays in b. */
static tg_status make_rows(tg_batches *b, bool drop_last, tg_error *err)
{
    const int64_t whole = b->n / b->batch, rest = b->n % b->batch, step = 1;
    b->per_epoch = whole;
    b->order_epoch = -1;
    if (b->replace) {
        if (b->per_epoch == 0) b->per_epoch = 1;
    } else {
        b->order = tg_realloc_array(NULL, (size_t)b->n, sizeof *b->order);
        if (!b->order) return tg_fail(err, TG_ENOMEM, "batches: out of memory");
    }
    /* if no batch is full, it needs only as much room as there are rows */
    const int64_t room = b->replace || whole > 0 ? b->batch : rest;
    b->full = tg_tensor_new(TG_I32, 1, &room, err);
    if (!b->full) return TG_ENOMEM;
    if (b->replace || drop_last || rest == 0) return TG_OK;
    b->per_epoch++;
    b->last = tg_tensor_view(b->full, 1, &rest, &step, 0, err);
    return b->last ? TG_OK : TG_ENOMEM;
}

tg_batches *tg_batches_new(int64_t n, tg_batches_options options, tg_rng rng, tg_error *err)
{
    const int64_t batch = options.batch;
    if (tgi_options_check("batches", options.made, TGI_MADE_BATCHES, err)) return NULL;
    if (n < 1 || n > INT32_MAX || batch < 1 || batch > INT32_MAX) {
        tg_fail(err, TG_EARG, "batches: %lld rows in batches of %lld; both must be in 1..2^31-1",
                (long long)n, (long long)batch);
        return NULL;
    }
    if (options.drop_last && !options.replace && batch > n) {
        tg_fail(err, TG_EARG,
                "batches: drop_last leaves no batch, because batch is %lld for %lld rows",
                (long long)batch, (long long)n);
        return NULL;
    }
    tg_batches *b = tg_calloc(1, sizeof *b);
    if (!b) {
        tg_fail(err, TG_ENOMEM, "batches: out of memory");
        return NULL;
    }
    b->n = n;
    b->batch = batch;
    b->replace = options.replace;
    b->state.rng = rng;
    if (make_rows(b, options.drop_last, err) == TG_OK) return b;
    tg_batches_free(b);
    return NULL;
}

void tg_batches_free(tg_batches *b)
{
    if (!b) return;
    tg_tensor_free(b->last);
    tg_tensor_free(b->full);
    tg_free(b->order);
    tg_free(b);
}

/* The order depends only on the generator and the epoch, so that a resumed run has the same one. */
static void shuffle(tg_batches *b)
{
    tg_rng rng = b->state.rng;
    rng.counter += (uint64_t)b->state.epoch << 32;
    for (int64_t i = 0; i < b->n; i++) b->order[i] = (int32_t)i;
    tg_rng_shuffle(&rng, b->n, b->order);
    b->order_epoch = b->state.epoch;
}

tg_tensor *tg_batches_next(tg_batches *b)
{
    if (!b) return NULL;
    const bool at_end = b->state.position == b->per_epoch - 1;
    tg_tensor *rows = at_end && b->last ? b->last : b->full;
    int32_t *row = rows->data;
    if (b->replace) {
        for (int64_t i = 0; i < rows->size; i++)
            row[i] = (int32_t)tg_rng_next_below(&b->state.rng, (uint64_t)b->n);
    } else {
        if (b->order_epoch != b->state.epoch) shuffle(b);
        const int32_t *from = b->order + b->state.position * b->batch;
        for (int64_t i = 0; i < rows->size; i++) row[i] = from[i];
    }
    tg_tensor_touch(rows);
    b->state.position = at_end ? 0 : b->state.position + 1;
    b->state.epoch += at_end;
    return rows;
}

int64_t tg_batches_per_epoch(const tg_batches *b) { return b ? b->per_epoch : 0; }

int64_t tg_batches_epoch(const tg_batches *b) { return b ? b->state.epoch : 0; }

tg_batches_state tg_batches_get_state(const tg_batches *b)
{
    return b ? b->state : (tg_batches_state){0, 0, {0, 0, 0}};
}

tg_status tg_batches_set_state(tg_batches *b, tg_batches_state state, tg_error *err)
{
    if (!b) return tg_fail(err, TG_EARG, "batches_set_state: b is NULL");
    if (state.epoch < 0 || state.position < 0 || state.position >= b->per_epoch)
        return tg_fail(err, TG_EARG,
                       "batches_set_state: epoch %lld and position %lld of %lld are out of range",
                       (long long)state.epoch, (long long)state.position, (long long)b->per_epoch);
    b->state = state;
    b->order_epoch = -1;
    return TG_OK;
}
