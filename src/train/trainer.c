/* trainer.c - makes a trainer, and tg_trainer_fit: steps, checkpoints, the best parameters at the
 * end. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "src/data/dataset.h"
#include "src/options.h"
#include "src/train/trainer.h"
#include "tapegrad/alloc.h"

enum { BATCHES, MASKS }; /* streams of the seed */

tg_trainer_options tg_trainer_defaults(void)
{
    return (tg_trainer_options){
        .made = TGI_MADE_TRAINER, .steps = 1000, .batch = 100, .seed = 1, .plan = true};
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
    const tg_status made = tgi_options_check("trainer", o->made, TGI_MADE_TRAINER, err);
    if (made) return made;
    const char *negative = o->steps < 0              ? "steps"
                           : o->eval_every < 0       ? "eval_every"
                           : o->eval_rows < 0        ? "eval_rows"
                           : o->patience < 0         ? "patience"
                           : o->checkpoint_every < 0 ? "checkpoint_every"
                                                     : NULL;
    if (negative) return tg_fail(err, TG_EARG, "trainer: %s is negative", negative);
    if (!(o->clip_norm >= 0 && isfinite(o->clip_norm) && o->min_delta >= 0))
        return tg_fail(err, TG_EARG, "trainer: %s is %g, must be at least 0%s",
                       o->min_delta >= 0 ? "clip_norm" : "min_delta",
                       o->min_delta >= 0 ? o->clip_norm : o->min_delta,
                       o->min_delta >= 0 ? " and finite" : "");
    if ((o->patience > 0 || o->restore_best) && (!test || o->eval_every == 0))
        return tg_fail(err, TG_EARG, "trainer: %s needs a test set, and eval_every above 0",
                       o->patience > 0 ? "patience" : "restore_best");
    return check_schedule(&o->schedule, err);
}

/* A batch of one row has no unbiased variance. Without this check fit would fail only when it
 * reaches that batch. */
static tg_status check_batches(const tg_trainer_options *o, const tg_model *m, int64_t rows,
                               tg_error *err)
{
    const tg_mlp_options *mlp = tg_mlp_get_options(m);
    if (!mlp || !mlp->batch_norm || !mlp->bn.unbiased || o->batch < 1) return TG_OK;
    const bool last = !o->replace && !o->drop_last && rows % o->batch == 1;
    if (o->batch > 1 && !last) return TG_OK;
    return tg_fail(err, TG_EARG,
                   "trainer: %lld rows in batches of %lld leave a batch of one row, which has no "
                   "unbiased variance for batch norm: set %s",
                   (long long)rows, (long long)o->batch,
                   o->batch > 1 ? "drop_last or another batch" : "another batch");
}

/* Makes what tr owns. */
static tg_status make_members(tg_trainer *tr, tg_error *err)
{
    const tg_trainer_options *o = &tr->options;
    tg_batches_options b = tg_batches_defaults();
    b.batch = o->batch;
    b.replace = o->replace;
    b.drop_last = o->drop_last;
    tr->batches = tg_batches_new(tr->train->size, b, tg_rng_make(o->seed, BATCHES), err);
    if (!tr->batches) return TG_EARG;
    if (o->checkpoint) tr->checkpoint = tg_strdup(o->checkpoint);
    if (!tr->series || !tr->t || (o->checkpoint && !tr->checkpoint))
        return tg_fail(err, TG_ENOMEM, "trainer: out of memory");
    if (o->checkpoint_every == 0) tr->options.checkpoint_every = tg_batches_per_epoch(tr->batches);
    tr->options.checkpoint = tr->checkpoint;
    return tgi_config_make(tr, err);
}

tg_trainer *tg_trainer_new(tg_model *model, tg_optimizer *optimizer, const tg_dataset *train,
                           const tg_dataset *test, const tg_trainer_options *options,
                           tg_history *history, const char *series, tg_error *err)
{
    const tg_trainer_options o = options ? *options : tg_trainer_defaults();
    const char *missing = !model                  ? "model"
                          : !optimizer            ? "optimizer"
                          : !train                ? "training set"
                          : !model->params        ? "model's params"
                          : !model->forward       ? "model's forward"
                          : !model->loss          ? "model's loss"
                          : !train->images        ? "training set's images"
                          : !train->labels        ? "training set's labels"
                          : test && !test->images ? "test set's images"
                          : test && !test->labels ? "test set's labels"
                                                  : NULL;
    if (missing) {
        (void)tg_fail(err, TG_EARG, "trainer: the %s is NULL", missing);
        return NULL;
    }
    if (check_options(&o, test, err) || tgi_dataset_check("trainer: train: ", train, err) ||
        (test && tgi_dataset_check("trainer: test: ", test, err)) ||
        check_batches(&o, model, train->size, err))
        return NULL;
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
    if (make_members(tr, err) == TG_OK) return tr;
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
    tg_dict_free(tr->before);
    tg_dict_free(tr->best_tensors);
    tg_free(tr->config);
    tg_free(tr->checkpoint);
    tg_free(tr->series);
    tg_free(tr);
}

/* ---- fit ------------------------------------------------------------------------------------ */

/* Loads the checkpoint, if it exists. */
static tg_status resume(tg_trainer *tr, tg_error *err)
{
    struct stat there;
    if (!tr->checkpoint || tr->resumed) return TG_OK;
    if (stat(tr->checkpoint, &there) == 0 || errno != ENOENT) {
        if (tr->steps > 0)
            return tg_fail(err, TG_EARG,
                           "trainer: '%.100s' exists, but %lld updates have been made without it",
                           tr->checkpoint, (long long)tr->steps);
        const tg_status status = tg_trainer_load(tr, tr->checkpoint, err);
        if (status) return status;
        tr->saved_steps = tr->steps;
        if (tr->steps > tr->options.steps)
            return tg_fail(err, TG_EARG,
                           "trainer: '%.100s' has made %lld updates, more than steps, %lld",
                           tr->checkpoint, (long long)tr->steps, (long long)tr->options.steps);
    }
    tr->resumed = true;
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
    if (!tr) return tg_fail(err, TG_EARG, "trainer: the trainer is NULL");
    const tg_trainer_options *o = &tr->options;
    tg_status status = resume(tr, err);
    bool go_on = true;
    if (!status && !tr->pending && tr->steps > 0 && tr->steps % o->checkpoint_every == 0)
        status = save(tr, err); /* in case it failed before */
    while (!status && go_on && tr->steps < o->steps && !tg_trainer_stopped_early(tr) &&
           !(o->stop_on_nan && tr->diverged)) {
        status = tg_trainer_step(tr, err);
        if (status) break;
        go_on = !o->callback || o->callback(o->user, tr);
        if (tr->steps % o->checkpoint_every == 0) status = save(tr, err);
    }
    if (!status) status = save(tr, err); /* before restore_best, so that a longer run can go on */
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
