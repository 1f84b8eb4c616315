/* trainer.c - the training loop. */
#include "tapegrad/train.h"

#include <math.h>
#include <string.h>

#include "src/evaluate.h"
#include "tapegrad/alloc.h"

enum { BATCHES, MASKS }; /* streams of the seed */

struct tg_trainer {
    tg_model *model;
    tg_optimizer *optimizer;
    const tg_dataset *train, *test;
    tg_trainer_options options;
    tg_history *history;
    char *series;
    tg_tape *t;
    tg_batches *batches;
    tg_rng mask_rng;
    int64_t steps, evaluations;
    double loss, train_acc, test_acc;
    bool diverged;
};

tg_trainer_options tg_trainer_defaults(void)
{
    return (tg_trainer_options){.steps = 1000, .batch = 100, .seed = 1};
}

tg_trainer *tg_trainer_new(tg_model *model, tg_optimizer *optimizer, const tg_dataset *train,
                           const tg_dataset *test, const tg_trainer_options *options,
                           tg_history *history, const char *series, tg_error *err)
{
    const tg_trainer_options o = options ? *options : tg_trainer_defaults();
    if (!model || !optimizer || !train || o.steps < 0 || o.eval_every < 0 || o.eval_rows < 0) {
        (void)tg_fail(err, TG_EARG, "trainer: a part is missing or a count is negative");
        return NULL;
    }
    tg_trainer *tr = tg_calloc(1, sizeof *tr);
    if (!tr) {
        (void)tg_fail(err, TG_ENOMEM, "trainer: out of memory");
        return NULL;
    }
    *tr = (tg_trainer){.model = model,
                       .optimizer = optimizer,
                       .train = train,
                       .test = test,
                       .options = o,
                       .history = history,
                       .series = tg_strdup(series ? series : ""),
                       .t = tg_tape_new(),
                       .mask_rng = tg_rng_make(o.seed, MASKS),
                       .loss = NAN,
                       .train_acc = NAN,
                       .test_acc = NAN};
    tg_batches_options b = tg_batches_defaults();
    b.batch = o.batch;
    b.replace = o.replace;
    tr->batches = tg_batches_new(train->size, b, tg_rng_make(o.seed, BATCHES), err);
    if (tr->series && tr->t && tr->batches) return tr;
    (void)tg_fail(err, TG_ENOMEM, "trainer: out of memory");
    tg_trainer_free(tr);
    return NULL;
}

void tg_trainer_free(tg_trainer *tr)
{
    if (!tr) return;
    tg_batches_free(tr->batches);
    tg_tape_free(tr->t);
    tg_free(tr->series);
    tg_free(tr);
}

static tg_status failed(const tg_trainer *tr, tg_error *err)
{
    const tg_status status = tg_tape_status(tr->t);
    return status ? tg_fail(err, status, "%s", tg_tape_message(tr->t)) : TG_OK;
}

static tg_status keep(tg_trainer *tr, const char *metric, int64_t step, double value, tg_error *err)
{
    if (!tr->history || tg_history_add(tr->history, tr->series, metric, step, value) == TG_OK)
        return TG_OK;
    return tg_fail(err, TG_ENOMEM, "trainer: out of memory for the history");
}

static tg_status evaluate(tg_trainer *tr, tg_error *err)
{
    const int64_t rows = tr->options.eval_rows, k = tr->evaluations++;
    tg_status status = tgi_accuracy(tr->t, tr->model, tr->train, rows, &tr->train_acc, err);
    if (!status) status = keep(tr, "train_acc", k, tr->train_acc, err);
    if (status || !tr->test) return status;
    status = tgi_accuracy(tr->t, tr->model, tr->test, rows, &tr->test_acc, err);
    return status ? status : keep(tr, "test_acc", k, tr->test_acc, err);
}

tg_status tg_trainer_step(tg_trainer *tr, tg_error *err)
{
    if (!tr) return tg_fail(err, TG_EARG, "trainer: NULL");
    tg_tape *t = tr->t;
    tg_model *m = tr->model;
    tg_tensor *rows = tg_batches_next(tr->batches);
    tg_pass pass = {.train = true, .rng = &tr->mask_rng};
    tg_tape_reset(t);
    tg_tensor *x = tg_dataset_inputs(t, tr->train, rows, m->dtype);
    tg_tensor *labels = tg_dataset_labels(t, tr->train, rows);
    tg_tensor *loss = tg_model_loss(t, m, tg_model_forward(t, m, x, &pass), labels);
    tg_dict *grads = tg_grad(t, loss, m->params);
    tg_status status = failed(tr, err);
    if (!status) status = tg_optimizer_update(tr->optimizer, m->params, grads, err);
    if (status) return status;
    if (tr->options.loss_after) {
        pass.train = false;
        loss = tg_model_loss(t, m, tg_model_forward(t, m, x, &pass), labels);
        if ((status = failed(tr, err))) return status;
    }
    tr->loss = tg_item(loss);
    tr->diverged = tr->diverged || !isfinite(tr->loss);
    status = keep(tr, "loss", tr->steps, tr->loss, err);
    const int64_t every = tr->options.eval_every;
    if (!status && every > 0 && tr->steps % every == 0) status = evaluate(tr, err);
    tr->steps++;
    return status;
}

tg_status tg_trainer_fit(tg_trainer *tr, tg_error *err)
{
    if (!tr) return tg_fail(err, TG_EARG, "trainer: NULL");
    const tg_trainer_options *o = &tr->options;
    while (tr->steps < o->steps) {
        const tg_status status = tg_trainer_step(tr, err);
        if (status) return status;
        if (o->callback && !o->callback(o->user, tr))
            return tg_fail(err, TG_ESTOP, "trainer: stopped after %lld updates by the callback",
                           (long long)tr->steps);
        if (o->stop_on_nan && tr->diverged) break;
    }
    return TG_OK;
}

int64_t tg_trainer_steps(const tg_trainer *tr) { return tr ? tr->steps : 0; }

int64_t tg_trainer_total(const tg_trainer *tr) { return tr ? tr->options.steps : 0; }

double tg_trainer_loss(const tg_trainer *tr) { return tr ? tr->loss : NAN; }

double tg_trainer_accuracy(const tg_trainer *tr, bool test)
{
    return !tr ? NAN : test ? tr->test_acc : tr->train_acc;
}

bool tg_trainer_diverged(const tg_trainer *tr) { return tr && tr->diverged; }
