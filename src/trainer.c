/* trainer.c - the training loop. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "src/evaluate.h"
#include "src/optimizer.h"
#include "src/trainer.h"
#include "tapegrad/alloc.h"

enum { BATCHES, MASKS }; /* streams of the seed */

tg_trainer_options tg_trainer_defaults(void)
{
    return (tg_trainer_options){.steps = 1000, .batch = 100, .seed = 1, .plan = true};
}

static tg_status check_schedule(const tg_schedule *s, tg_error *err)
{
    const bool known = s->kind >= TG_SCHEDULE_CONSTANT && s->kind <= TG_SCHEDULE_COSINE;
    const bool lengthless = s->kind == TG_SCHEDULE_CONSTANT || s->kind == TG_SCHEDULE_INVERSE;
    const double most = s->kind == TG_SCHEDULE_COSINE ? 1 : HUGE_VAL;
    if (known && (lengthless || s->length >= 1) && s->warmup >= 0 && s->rate >= 0 &&
        s->rate <= most && isfinite(s->rate))
        return TG_OK;
    return tg_fail(err, TG_EARG, "trainer: the %s of the schedule is out of range",
                   !known                         ? "kind"
                   : !lengthless && s->length < 1 ? "length"
                   : s->warmup < 0                ? "warm-up"
                                                  : "rate");
}

static tg_status check_options(const tg_trainer_options *o, const tg_dataset *test, tg_error *err)
{
    if (o->steps < 0 || o->eval_every < 0 || o->eval_rows < 0 || o->patience < 0 ||
        o->checkpoint_every < 0)
        return tg_fail(err, TG_EARG, "trainer: a count is negative");
    if (!(o->clip_norm >= 0 && isfinite(o->clip_norm) && o->min_delta >= 0))
        return tg_fail(err, TG_EARG, "trainer: %s is out of range",
                       o->min_delta >= 0 ? "clip_norm" : "min_delta");
    if ((o->patience > 0 || o->restore_best) && (!test || o->eval_every == 0))
        return tg_fail(err, TG_EARG, "trainer: %s needs a test set and eval_every",
                       o->patience > 0 ? "patience" : "restore_best");
    return check_schedule(&o->schedule, err);
}

/* What tr holds on its own account. */
static tg_status make_parts(tg_trainer *tr, tg_error *err)
{
    const tg_trainer_options *o = &tr->options;
    tg_batches_options b = tg_batches_defaults();
    b.batch = o->batch;
    b.replace = o->replace;
    tr->batches = tg_batches_new(tr->train->size, b, tg_rng_make(o->seed, BATCHES), err);
    if (!tr->batches) return TG_EARG;
    if (o->checkpoint) tr->checkpoint = tg_strdup(o->checkpoint);
    if (!tr->series || !tr->t || (o->checkpoint && !tr->checkpoint))
        return tg_fail(err, TG_ENOMEM, "trainer: out of memory");
    if (o->checkpoint_every == 0) tr->options.checkpoint_every = tg_batches_per_epoch(tr->batches);
    tr->options.checkpoint = tr->checkpoint;
    return tgi_trainer_configure(tr, err);
}

tg_trainer *tg_trainer_new(tg_model *model, tg_optimizer *optimizer, const tg_dataset *train,
                           const tg_dataset *test, const tg_trainer_options *options,
                           tg_history *history, const char *series, tg_error *err)
{
    const tg_trainer_options o = options ? *options : tg_trainer_defaults();
    if (!model || !optimizer || !train) {
        (void)tg_fail(err, TG_EARG, "trainer: a part is missing");
        return NULL;
    }
    if (check_options(&o, test, err)) return NULL;
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
                       .base_lr = tg_optimizer_lr(optimizer),
                       .loss = NAN,
                       .train_acc = NAN,
                       .test_acc = NAN,
                       .best = NAN,
                       .saved_steps = -1};
    if (make_parts(tr, err) == TG_OK) return tr;
    tg_trainer_free(tr);
    return NULL;
}

void tg_trainer_free(tg_trainer *tr)
{
    if (!tr) return;
    tgi_trainer_drop_plan(tr);
    tg_batches_free(tr->batches);
    tg_tape_free(tr->t);
    tg_dict_free(tr->trained);
    tg_dict_free(tr->best_tensors);
    tg_free(tr->config);
    tg_free(tr->checkpoint);
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

/* Keeps the tensors of the best evaluation, where they are asked for. */
static tg_status note_best(tg_trainer *tr, tg_error *err)
{
    const bool better =
        isnan(tr->best) ? !isnan(tr->test_acc) : tr->test_acc > tr->best + tr->options.min_delta;
    tr->stale++;
    if (!better) return TG_OK;
    if (tr->options.restore_best) {
        tg_dict *live = tgi_trainer_tensors(tr, err);
        tg_dict *copy = live ? tg_dict_clone(live, err) : NULL;
        tg_dict_free(live);
        if (!copy) return TG_ENOMEM;
        tg_dict_free(tr->best_tensors);
        tr->best_tensors = copy;
    }
    tr->best = tr->test_acc;
    tr->best_step = tr->steps + 1;
    tr->stale = 0;
    return TG_OK;
}

static tg_status evaluate(tg_trainer *tr, tg_error *err)
{
    const int64_t rows = tr->options.eval_rows, k = tr->evaluations++;
    tg_status status = tgi_accuracy(tr->t, tr->model, tr->train, rows, &tr->train_acc, err);
    if (!status) status = keep(tr, "train_acc", k, tr->train_acc, err);
    if (status || !tr->test) return status;
    status = tgi_accuracy(tr->t, tr->model, tr->test, rows, &tr->test_acc, err);
    if (!status) status = keep(tr, "test_acc", k, tr->test_acc, err);
    return status ? status : note_best(tr, err);
}

/* The parameters that are not frozen now; NULL when out of memory. */
static const tg_dict *trained(tg_trainer *tr, tg_error *err)
{
    tg_dict *params = tr->model->params;
    if (tgi_is_trainable(tr->optimizer, params, params)) return params;
    if (tr->trained && tgi_is_trainable(tr->optimizer, params, tr->trained)) return tr->trained;
    tg_dict_free(tr->trained);
    return tr->trained = tg_optimizer_trainable(tr->optimizer, params, err);
}

/* The lr of this step, where a schedule sets it. */
static void schedule(tg_trainer *tr)
{
    const tg_schedule *s = &tr->options.schedule;
    if (s->kind == TG_SCHEDULE_CONSTANT && s->warmup == 0) return;
    tg_optimizer_set_lr(tr->optimizer, tr->base_lr * tg_schedule_factor(*s, tr->steps));
}

/* The update for these rows, recorded: tr->loss. */
static tg_status record_step(tg_trainer *tr, tg_tensor *rows, tg_error *err)
{
    tg_tape *t = tr->t;
    tg_model *m = tr->model;
    const tg_rng before = tr->mask_rng;
    const tg_dict *params = trained(tr, err);
    if (!params) return TG_ENOMEM;
    tg_pass pass = {.train = true, .rng = &tr->mask_rng};
    tg_tape_reset(t);
    tg_tensor *x = tg_dataset_inputs(t, tr->train, rows, m->dtype);
    tg_tensor *labels = tg_dataset_labels(t, tr->train, rows);
    tg_tensor *loss = tg_model_loss(t, m, tg_model_forward(t, m, x, &pass), labels);
    tg_dict *grads = tg_grad(t, loss, params);
    if (tr->options.clip_norm > 0) grads = tg_clip_grad_norm(t, grads, tr->options.clip_norm, NULL);
    const bool plan = tgi_trainer_may_plan(tr, rows);
    tg_status status = failed(tr, err);
    if (!status && plan) (void)tg_optimizer_record(t, tr->optimizer, m->params, grads);
    if (!status && !plan) status = tg_optimizer_update(tr->optimizer, m->params, grads, err);
    if (!status && tr->options.loss_after) {
        pass.train = false;
        loss = tg_model_loss(t, m, tg_model_forward(t, m, x, &pass), labels);
    }
    if (status || (status = failed(tr, err))) return status;
    tr->loss = tg_item(loss);
    if (plan) tgi_trainer_plan(tr, rows, loss, before);
    return TG_OK;
}

tg_status tg_trainer_step(tg_trainer *tr, tg_error *err)
{
    if (!tr) return tg_fail(err, TG_EARG, "trainer: NULL");
    tg_tensor *rows = tg_batches_next(tr->batches);
    schedule(tr);
    tg_status status =
        tgi_trainer_planned(tr, rows) ? tgi_trainer_run_plan(tr, err) : record_step(tr, rows, err);
    if (status) return status;
    tr->diverged = tr->diverged || !isfinite(tr->loss);
    status = keep(tr, "loss", tr->steps, tr->loss, err);
    const int64_t every = tr->options.eval_every;
    if (!status && every > 0 && tr->steps % every == 0) status = evaluate(tr, err);
    tr->steps++;
    return status;
}

/* ---- fit ------------------------------------------------------------------------------------ */

/* Goes on from the checkpoint, or finds that there is none. */
static tg_status attach(tg_trainer *tr, tg_error *err)
{
    struct stat there;
    if (!tr->checkpoint || tr->attached) return TG_OK;
    if (stat(tr->checkpoint, &there) == 0 || errno != ENOENT) {
        if (tr->steps > 0)
            return tg_fail(err, TG_EARG,
                           "trainer: '%.100s' is there already, and %lld updates are made",
                           tr->checkpoint, (long long)tr->steps);
        const tg_status status = tg_trainer_load(tr, tr->checkpoint, err);
        if (status) return status;
        tr->saved_steps = tr->steps;
        if (tr->steps > tr->options.steps)
            return tg_fail(err, TG_EARG, "trainer: '%.100s' has made %lld updates, asked are %lld",
                           tr->checkpoint, (long long)tr->steps, (long long)tr->options.steps);
    }
    tr->attached = true;
    return TG_OK;
}

static tg_status save(tg_trainer *tr, tg_error *err)
{
    if (!tr->checkpoint || tr->saved_steps == tr->steps) return TG_OK;
    const tg_status status = tg_trainer_save(tr, tr->checkpoint, err);
    if (!status) tr->saved_steps = tr->steps;
    return status;
}

static tg_status restore_best(tg_trainer *tr, tg_error *err)
{
    if (!tr->options.restore_best || !tr->best_tensors) return TG_OK;
    tg_dict *live = tgi_trainer_tensors(tr, err);
    const tg_status status = live ? tg_dict_copy(live, tr->best_tensors, err) : TG_ENOMEM;
    tg_dict_free(live);
    return status;
}

tg_status tg_trainer_fit(tg_trainer *tr, tg_error *err)
{
    if (!tr) return tg_fail(err, TG_EARG, "trainer: NULL");
    const tg_trainer_options *o = &tr->options;
    tg_status status = attach(tr, err);
    bool go_on = true;
    while (!status && go_on && tr->steps < o->steps && !tg_trainer_stopped_early(tr) &&
           !(o->stop_on_nan && tr->diverged)) {
        status = tg_trainer_step(tr, err);
        if (status) break;
        go_on = !o->callback || o->callback(o->user, tr);
        if (tr->steps % o->checkpoint_every == 0) status = save(tr, err);
    }
    if (!status) status = save(tr, err); /* before the best: a longer run goes on from the last */
    if (!status && !go_on)
        return tg_fail(err, TG_ESTOP, "trainer: stopped after %lld updates by the callback",
                       (long long)tr->steps);
    return status ? status : restore_best(tr, err);
}

bool tg_trainer_stopped_early(const tg_trainer *tr)
{
    return tr && tr->options.patience > 0 && tr->stale >= tr->options.patience;
}

double tg_trainer_best_accuracy(const tg_trainer *tr) { return tr ? tr->best : NAN; }

int64_t tg_trainer_best_step(const tg_trainer *tr) { return tr ? tr->best_step : 0; }

int64_t tg_trainer_steps(const tg_trainer *tr) { return tr ? tr->steps : 0; }

int64_t tg_trainer_total(const tg_trainer *tr) { return tr ? tr->options.steps : 0; }

double tg_trainer_loss(const tg_trainer *tr) { return tr ? tr->loss : NAN; }

double tg_trainer_accuracy(const tg_trainer *tr, bool test)
{
    return !tr ? NAN : test ? tr->test_acc : tr->train_acc;
}

bool tg_trainer_diverged(const tg_trainer *tr) { return tr && tr->diverged; }
