/* load.c - resumes a run from a checkpoint: checks everything, then sets everything. */
#include <string.h>

#include "src/dict.h"
#include "src/optim/optimizer.h"
#include "src/train/history.h"
#include "src/train/trainer.h"
#include "tapegrad/alloc.h"
#include "tapegrad/npy.h"

/* The contents of a checkpoint, checked against the trainer. */
typedef struct saved {
    const char *path;
    tg_dict *all;                               /* the members of the file */
    tg_dict *params, *state, *optimizer, *best; /* references to entries of all */
    int64_t counters[TGI_COUNTER_COUNT];
    double numbers[TGI_NUMBER_COUNT];
    tg_batches_state batches;
    tg_history_row *rows; /* with metrics borrowed from all */
    size_t n_rows;
} saved;

/* ---- single members ------------------------------------------------------------------------- */

/* The member of that name. It must have the dtype, n entries (n < 0: any number), and one axis, or
 * two if it holds pairs. */
static const tg_tensor *member(const saved *s, const char *key, tg_dtype dtype, bool pairs,
                               int64_t n, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    const tg_tensor *x = tg_dict_get(s->all, key);
    if (x && x->dtype == dtype && x->ndim == 1 + pairs && (n < 0 || x->shape[0] == n) &&
        (!pairs || x->shape[1] == 2))
        return x;
    if (x)
        (void)tg_fail(err, TG_EFORMAT, "trainer: '%.100s' is not a checkpoint: its '%s' is %s",
                      s->path, key, tg_tensor_describe(x, text, sizeof text));
    else
        (void)tg_fail(err, TG_EFORMAT, "trainer: '%.100s' is not a checkpoint: it has no '%s'",
                      s->path, key);
    return NULL;
}

static int64_t joined(const int32_t pair[2])
{
    uint32_t halves[2];
    memcpy(halves, pair, sizeof halves);
    return (int64_t)((uint64_t)halves[1] << 32 | halves[0]);
}

static tg_status check_config(tg_trainer *tr, const saved *s, tg_error *err)
{
    const tg_tensor *x = member(s, TGI_CONFIG, TG_U8, false, -1, err);
    if (!x) return TG_EFORMAT;
    if (!tgi_config_begins(x->data, (size_t)x->size))
        return tg_fail(err, TG_EFORMAT, "trainer: '%.100s' is not a checkpoint of version 1",
                       s->path);
    const tg_status status = tgi_config_add_data(tr, err);
    return status ? status : tgi_config_compare(tr, s->path, x->data, (size_t)x->size, err);
}

static tg_status read_position(const tg_trainer *tr, saved *s, tg_error *err)
{
    const tg_tensor *pairs = member(s, TGI_COUNTERS, TG_I32, true, TGI_COUNTER_COUNT, err);
    const tg_tensor *numbers = member(s, TGI_NUMBERS, TG_F64, false, TGI_NUMBER_COUNT, err);
    if (!pairs || !numbers) return TG_EFORMAT;
    const int32_t(*pair)[2] = pairs->data;
    for (int i = 0; i < TGI_COUNTER_COUNT; i++) s->counters[i] = joined(pair[i]);
    memcpy(s->numbers, numbers->data, sizeof s->numbers);
    const int64_t *c = s->counters;
    s->batches = tg_batches_get_state(tr->batches);
    s->batches.epoch = c[TGI_EPOCH];
    s->batches.position = c[TGI_POSITION];
    s->batches.rng.counter = (uint64_t)c[TGI_BATCH_COUNTER];
    if (c[TGI_STEPS] >= 0 && c[TGI_EVALUATIONS] >= 0 && c[TGI_STALE] >= 0 && c[TGI_EPOCH] >= 0 &&
        c[TGI_POSITION] >= 0 && c[TGI_POSITION] < tg_batches_per_epoch(tr->batches))
        return TG_OK;
    return tg_fail(err, TG_EFORMAT, "trainer: '%.100s': a counter is out of range", s->path);
}

/* ---- history -------------------------------------------------------------------------------- */

static tg_status read_history(saved *s, tg_error *err)
{
    const tg_tensor *texts = member(s, TGI_METRICS, TG_U8, false, -1, err);
    const tg_tensor *value = member(s, TGI_VALUE, TG_F64, false, -1, err);
    if (!texts || !value) return TG_EFORMAT;
    const tg_tensor *metric = member(s, TGI_METRIC, TG_I32, false, value->size, err);
    const tg_tensor *step = member(s, TGI_STEP, TG_I32, true, value->size, err);
    if (!metric || !step) return TG_EFORMAT;
    const char *text = texts->data, *end = text + texts->size;
    int32_t n_texts = 0;
    for (const char *p = text; p < end; p++) n_texts += *p == '\0';
    const bool ends_well = text == end || end[-1] == '\0';

    const char **names = tg_realloc_array(NULL, (size_t)n_texts, sizeof *names);
    s->n_rows = (size_t)value->size;
    s->rows = tg_realloc_array(NULL, s->n_rows, sizeof *s->rows);
    tg_status status = names && s->rows
                           ? TG_OK
                           : tg_fail(err, TG_ENOMEM, "trainer: out of memory for the history");
    for (int32_t i = 0; i < n_texts && ends_well && !status; i++) {
        names[i] = text;
        text += strlen(text) + 1;
    }
    for (size_t i = 0; i < s->n_rows && !status; i++) {
        const int32_t number = ((const int32_t *)metric->data)[i];
        if (!ends_well || number < 0 || number >= n_texts)
            status = tg_fail(err, TG_EFORMAT,
                             "trainer: '%.100s': row %zu of the history has no metric", s->path, i);
        else
            s->rows[i] = (tg_history_row){.metric = names[number],
                                          .step = joined(((const int32_t(*)[2])step->data)[i]),
                                          .value = ((const double *)value->data)[i]};
    }
    tg_free(names);
    return status;
}

/* ---- the checkpoint ------------------------------------------------------------------------- */

static tg_status check_tensors(const tg_trainer *tr, const saved *s, tg_error *err)
{
    tg_status status =
        tg_dict_match(s->params, "the checkpoint", tr->model->params, "the model", err);
    if (!status)
        status =
            tg_dict_match(s->state, "the checkpoint", tr->model->state, "the model's state", err);
    if (status || tg_dict_size(s->best) == 0) return status;
    tg_dict *live = tgi_trainer_tensors(tr, err);
    status = live ? tg_dict_match(s->best, "the best parameters of the checkpoint", live,
                                  "the model", err)
                  : TG_ENOMEM;
    tg_dict_free(live);
    return status;
}

static tg_status read_all(tg_trainer *tr, saved *s, tg_error *err)
{
    if (!(s->all = tg_npz_load(s->path, err))) return TG_EFORMAT;
    tg_status status = check_config(tr, s, err);
    if (!status) status = read_position(tr, s, err);
    if (!status) status = read_history(s, err);
    if (status) return status;
    if (!(s->params = tgi_dict_under(s->all, TGI_PARAMS, err)) ||
        !(s->state = tgi_dict_under(s->all, TGI_STATE, err)) ||
        !(s->optimizer = tgi_dict_under(s->all, TGI_OPTIMIZER, err)) ||
        !(s->best = tgi_dict_under(s->all, TGI_BEST, err)))
        return TG_ENOMEM;
    return check_tensors(tr, s, err);
}

/* Loading the optimizer can fail and, if it succeeds, changes something. So it comes after what
 * can fail and before what cannot. */
static tg_status set_all(tg_trainer *tr, const saved *s, tg_error *err)
{
    tg_dict *best = NULL;
    if (tg_dict_size(s->best) > 0 && !(best = tg_dict_clone(s->best, err))) return TG_ENOMEM;
    tg_status status = TG_OK;
    if (tr->history) status = tgi_history_reserve(tr->history, tr->series, s->rows, s->n_rows, err);
    if (!status) status = tgi_optimizer_load(tr->optimizer, s->optimizer, tr->model->params, err);
    if (status) {
        tg_dict_free(best);
        return status;
    }
    tg_dict_free(tr->best_tensors);
    tr->best_tensors = best;
    if (tr->history) tgi_history_replace(tr->history, tr->series, s->rows, s->n_rows);
    (void)tg_dict_copy(tr->model->params, s->params, NULL); /* they match */
    if (tr->model->state) (void)tg_dict_copy(tr->model->state, s->state, NULL);
    (void)tg_batches_set_state(tr->batches, s->batches, NULL);
    tr->pending = TGI_PENDING_NOTHING;
    tr->mask_rng.counter = (uint64_t)s->counters[TGI_MASK_COUNTER];
    tr->steps = s->counters[TGI_STEPS];
    tr->evaluations = s->counters[TGI_EVALUATIONS];
    tr->diverged = s->counters[TGI_DIVERGED] != 0;
    tr->best_step = s->counters[TGI_BEST_STEP];
    tr->stale = s->counters[TGI_STALE];
    tr->loss = s->numbers[TGI_LOSS];
    tr->train_acc = s->numbers[TGI_TRAIN_ACC];
    tr->test_acc = s->numbers[TGI_TEST_ACC];
    tr->best = s->numbers[TGI_BEST_ACC];
    return TG_OK;
}

tg_status tg_trainer_load(tg_trainer *tr, const char *path, tg_error *err)
{
    if (!tr || !path) return tg_fail(err, TG_EARG, "trainer_load: the trainer or the path is NULL");
    saved s = {.path = path};
    tg_error own = TG_ERROR_INIT;
    tg_status status = read_all(tr, &s, &own);
    if (!status) status = set_all(tr, &s, &own);
    if (status) status = tg_fail(err, own.status ? own.status : status, "%s", own.text);
    tg_free(s.rows);
    tg_dict_free(s.params);
    tg_dict_free(s.state);
    tg_dict_free(s.optimizer);
    tg_dict_free(s.best);
    tg_dict_free(s.all);
    return status;
}
