/* save.c - writes a checkpoint: all that a run needs in order to resume. */
#include <string.h>

#include "src/dict.h"
#include "src/optim/optimizer.h"
#include "src/train/trainer.h"
#include "tapegrad/alloc.h"
#include "tapegrad/npy.h"

tg_dict *tgi_trainer_tensors(const tg_trainer *tr, tg_error *err)
{
    tg_dict *d = tg_dict_new();
    tg_status status = d ? TG_OK : tg_fail(err, TG_ENOMEM, "trainer: out of memory");
    if (!status) status = tgi_dict_put_under(d, TGI_PARAMS, tr->model->params, err);
    if (!status) status = tgi_dict_put_under(d, TGI_STATE, tr->model->state, err);
    if (!status) return d;
    tg_dict_free(d);
    return NULL;
}

static tg_status put(tg_dict *d, const char *key, tg_dtype dtype, int ndim, int64_t n,
                     const void *data, tg_error *err)
{
    const int64_t shape[] = {n, 2};
    return tg_dict_take(d, key, tg_tensor_from(dtype, ndim, shape, data, err), err);
}

/* Divides a 64-bit integer into two halves, low half first. */
static void split(int64_t value, int32_t pair[2])
{
    const uint64_t bits = (uint64_t)value;
    const uint32_t halves[] = {(uint32_t)bits, (uint32_t)(bits >> 32)};
    memcpy(pair, halves, sizeof halves);
}

static tg_status put_position(const tg_trainer *tr, tg_dict *d, tg_error *err)
{
    const tg_batches_state b = tg_batches_get_state(tr->batches);
    const int64_t counters[TGI_COUNTER_COUNT] = {
        [TGI_STEPS] = tr->steps,
        [TGI_EVALUATIONS] = tr->evaluations,
        [TGI_DIVERGED] = tr->diverged,
        [TGI_EPOCH] = b.epoch,
        [TGI_POSITION] = b.position,
        [TGI_BATCH_COUNTER] = (int64_t)b.rng.counter,
        [TGI_MASK_COUNTER] = (int64_t)tr->mask_rng.counter,
        [TGI_BEST_STEP] = tr->best_step,
        [TGI_STALE] = tr->stale,
    };
    const double numbers[TGI_NUMBER_COUNT] = {[TGI_LOSS] = tr->loss,
                                              [TGI_TRAIN_ACC] = tr->train_acc,
                                              [TGI_TEST_ACC] = tr->test_acc,
                                              [TGI_BEST_ACC] = tr->best};
    int32_t pairs[TGI_COUNTER_COUNT][2];
    for (int i = 0; i < TGI_COUNTER_COUNT; i++) split(counters[i], pairs[i]);
    const tg_status status = put(d, TGI_COUNTERS, TG_I32, 2, TGI_COUNTER_COUNT, pairs, err);
    return status ? status : put(d, TGI_NUMBERS, TG_F64, 1, TGI_NUMBER_COUNT, numbers, err);
}

/* ---- history -------------------------------------------------------------------------------- */

/* The rows of one series as columns. */
typedef struct columns {
    int64_t n;
    double *value;
    int32_t (*step)[2], *metric;
    char *metrics; /* one after the other, each with a 0 byte at its end */
    size_t used;
} columns;

/* The number of a metric, which is added if it is new.  -1 when out of memory. */
static int32_t number_of(columns *c, const char *metric)
{
    int32_t number = 0;
    const size_t bytes = strlen(metric) + 1;
    for (size_t at = 0; at < c->used; at += strlen(c->metrics + at) + 1, number++)
        if (strcmp(c->metrics + at, metric) == 0) return number;
    char *larger = tg_realloc_array(c->metrics, c->used + bytes, 1);
    if (!larger) return -1;
    memcpy(larger + c->used, metric, bytes);
    c->metrics = larger;
    c->used += bytes;
    return number;
}

static tg_status fill(columns *c, const tg_trainer *tr)
{
    const size_t size = tg_history_size(tr->history);
    c->value = tg_realloc_array(NULL, size, sizeof *c->value);
    c->step = tg_realloc_array(NULL, size, sizeof *c->step);
    c->metric = tg_realloc_array(NULL, size, sizeof *c->metric);
    if (size > 0 && (!c->value || !c->step || !c->metric)) return TG_ENOMEM;
    for (size_t i = 0; i < size; i++) {
        tg_history_row row;
        (void)tg_history_get(tr->history, i, &row);
        if (strcmp(row.series, tr->series) != 0) continue;
        c->value[c->n] = row.value;
        split(row.step, c->step[c->n]);
        if ((c->metric[c->n] = number_of(c, row.metric)) < 0) return TG_ENOMEM;
        c->n++;
    }
    return TG_OK;
}

static tg_status put_history(const tg_trainer *tr, tg_dict *d, tg_error *err)
{
    columns c = {0};
    tg_status status = fill(&c, tr);
    if (status)
        (void)tg_fail(err, status, "trainer: out of memory for the history");
    else
        status = put(d, TGI_METRICS, TG_U8, 1, (int64_t)c.used, c.metrics, err);
    if (!status) status = put(d, TGI_METRIC, TG_I32, 1, c.n, c.metric, err);
    if (!status) status = put(d, TGI_STEP, TG_I32, 2, c.n, c.step, err);
    if (!status) status = put(d, TGI_VALUE, TG_F64, 1, c.n, c.value, err);
    tg_free(c.value);
    tg_free(c.step);
    tg_free(c.metric);
    tg_free(c.metrics);
    return status;
}

/* ---- the checkpoint ------------------------------------------------------------------------- */

tg_status tg_trainer_save(tg_trainer *tr, const char *path, tg_error *err)
{
    if (!tr || !path) return tg_fail(err, TG_EARG, "trainer_save: the trainer or the path is NULL");
    tg_status status = tgi_trainer_complete(tr, err);
    if (!status) status = tgi_config_add_data(tr, err);
    if (status) return status;
    tg_dict *d = tgi_trainer_tensors(tr, err);
    if (!d) return TG_ENOMEM;
    status = put(d, TGI_CONFIG, TG_U8, 1, (int64_t)strlen(tr->config), tr->config, err);
    if (!status) status = put_position(tr, d, err);
    if (!status) status = tgi_optimizer_put_state(tr->optimizer, TGI_OPTIMIZER, d, err);
    if (!status) status = put_history(tr, d, err);
    if (!status) status = tgi_dict_put_under(d, TGI_BEST, tr->best_tensors, err);
    if (!status) status = tg_npz_save(path, d, err);
    tg_dict_free(d);
    return status;
}
