/* step.c - one update of a trainer, and what follows it: loss, evaluation, history.
 *
 * An update that fails changes nothing. What fails after an update is pending, and the next step
 * begins with it. */
#include <math.h>

#include "graph/tape.h"
#include "src/optim/optimizer.h"
#include "src/train/accuracy.h"
#include "src/train/history.h"
#include "src/train/trainer.h"

/* ---- one update ----------------------------------------------------------------------------- */

/* The parameters that are not frozen now; NULL when out of memory. */
static const tg_dict *trained(tg_trainer *tr, tg_error *err)
{
    tg_dict *params = tr->model->params;
    if (tgi_is_trainable(tr->optimizer, params, params)) return params;
    if (tr->trained && tgi_is_trainable(tr->optimizer, params, tr->trained)) return tr->trained;
    tg_dict_free(tr->trained);
    return tr->trained = tg_optimizer_trainable(tr->optimizer, params, err);
}

/* Sets the lr of this step, unless the schedule is constant. */
static void schedule(tg_trainer *tr)
{
    const tg_schedule *s = &tr->options.schedule;
    if (s->kind == TG_SCHEDULE_CONSTANT && s->warmup == 0) return;
    tg_optimizer_set_lr(tr->optimizer, tr->base_lr * tg_schedule_factor(*s, tr->steps));
}

/* The loss of a batch in evaluation mode. */
static tg_tensor *plain_loss(const tg_trainer *tr, tg_tensor *x, tg_tensor *labels)
{
    const tg_pass pass = {.train = false};
    return tg_model_loss(tr->t, tr->model, tg_model_forward(tr->t, tr->model, x, &pass), labels);
}

/* Records and makes the update for these rows, and sets tr->loss. */
static tg_status record_step(tg_trainer *tr, tg_tensor *rows, tg_error *err)
{
    tg_tape *t = tr->t;
    tg_model *m = tr->model;
    const tg_rng before = tr->mask_rng;
    const tg_dict *params = trained(tr, err);
    if (!params) return TG_ENOMEM;
    const tg_pass pass = {.train = true, .rng = &tr->mask_rng};
    tg_tape_reset(t);
    tg_tensor *x = tg_dataset_inputs(t, tr->train, rows, m->dtype);
    tg_tensor *labels = tg_dataset_labels(t, tr->train, rows);
    tg_tensor *loss = tg_model_loss(t, m, tg_model_forward(t, m, x, &pass), labels);
    tg_dict *grads = tg_grad(t, loss, params);
    if (tr->options.clip_norm > 0) grads = tg_clip_grad_norm(t, grads, tr->options.clip_norm, NULL);
    const bool plan = tgi_trainer_may_plan(tr, rows);
    tg_status status = tgi_tape_pass(tr->t, err);
    if (!status && plan) (void)tg_optimizer_record(t, tr->optimizer, m->params, grads);
    if (!status && !plan) status = tg_optimizer_update(tr->optimizer, m->params, grads, err);
    if (status || (status = tgi_tape_pass(tr->t, err))) return status;
    if (tr->options.loss_after) {
        tr->pending = TGI_PENDING_LOSS;
        loss = plain_loss(tr, x, labels);
        if ((status = tgi_tape_pass(tr->t, err))) return status;
    }
    tr->loss = tg_item(loss);
    if (plan) tgi_trainer_plan(tr, rows, loss, before);
    return TG_OK;
}

/* Saves the model's state, which an update that fails may have written. */
static tg_status save_state(tg_trainer *tr, tg_error *err)
{
    const tg_dict *state = tr->model->state;
    if (tg_dict_size(state) == 0) return TG_OK;
    if (tg_dict_size(tr->before) == tg_dict_size(state) && !tg_dict_copy(tr->before, state, NULL))
        return TG_OK;
    tg_dict_free(tr->before);
    tr->before = tg_dict_clone(state, err);
    return tr->before ? TG_OK : TG_ENOMEM;
}

static void restore_state(tg_trainer *tr)
{
    if (tg_dict_size(tr->model->state) > 0) (void)tg_dict_copy(tr->model->state, tr->before, NULL);
}

/* An update that fails in a plan, except for lack of memory, also fails when it is recorded, but
 * with a message that names the loss or the layer. So it is recorded. */
static tg_status planned_step(tg_trainer *tr, tg_error *err)
{
    tg_error why = TG_ERROR_INIT;
    const tg_status status = tgi_trainer_run_plan(tr, &why);
    if (!status) return TG_OK;
    if (status == TG_ENOMEM) return tg_fail(err, status, "%s", why.text);
    tgi_trainer_drop_plan(tr);
    restore_state(tr);
    return record_step(tr, tr->rows, err);
}

/* Makes one update. On failure nothing has changed. */
static tg_status update(tg_trainer *tr, tg_error *err)
{
    const tg_batches_state batch = tg_batches_get_state(tr->batches);
    const tg_rng masks = tr->mask_rng;
    const double lr = tg_optimizer_lr(tr->optimizer);
    tg_status status = save_state(tr, err);
    if (status) return status;
    tr->rows = tg_batches_next(tr->batches);
    schedule(tr);
    status =
        tgi_trainer_planned(tr, tr->rows) ? planned_step(tr, err) : record_step(tr, tr->rows, err);
    if (!status) tr->pending = TGI_PENDING_ROWS;
    if (tr->pending) return status;
    tgi_trainer_drop_plan(tr);
    (void)tg_batches_set_state(tr->batches, batch, NULL);
    tr->mask_rng = masks;
    tg_optimizer_set_lr(tr->optimizer, lr);
    restore_state(tr);
    return status;
}

/* ---- what follows it ------------------------------------------------------------------------ */

static tg_status pending_loss(tg_trainer *tr, tg_error *err)
{
    tg_tape_reset(tr->t);
    tg_tensor *x = tg_dataset_inputs(tr->t, tr->train, tr->rows, tr->model->dtype);
    const tg_tensor *loss = plain_loss(tr, x, tg_dataset_labels(tr->t, tr->train, tr->rows));
    const tg_status status = tgi_tape_pass(tr->t, err);
    if (status) return status;
    tr->loss = tg_item(loss);
    tr->pending = TGI_PENDING_ROWS;
    return TG_OK;
}

/* Whether accuracies are measured after this number of updates. */
static bool evaluates(const tg_trainer *tr, int64_t updates)
{
    const tg_trainer_options *o = &tr->options;
    if (o->eval_every == 0) return false;
    if (o->eval_as_book) return updates > 0 && (updates - 1) % o->eval_every == 0;
    return updates % o->eval_every == 0 || updates == o->steps;
}

/* An evaluation, before it counts. */
typedef struct evaluation {
    double train, test;
    bool better;
    tg_dict *tensors; /* the model's, if it is the best one and restore_best is set */
} evaluation;

static tg_status evaluate(tg_trainer *tr, evaluation *e, tg_error *err)
{
    const int64_t rows = tr->options.eval_rows;
    tg_status status = tgi_accuracy(tr->t, tr->model, tr->train, rows, &e->train, err);
    if (status || !tr->test) return status;
    if ((status = tgi_accuracy(tr->t, tr->model, tr->test, rows, &e->test, err))) return status;
    e->better = isnan(tr->best) ? !isnan(e->test) : e->test > tr->best + tr->options.min_delta;
    if (!e->better || !tr->options.restore_best) return TG_OK;
    tg_dict *live = tgi_trainer_tensors(tr, err);
    e->tensors = live ? tg_dict_clone(live, err) : NULL;
    tg_dict_free(live);
    return e->tensors ? TG_OK : TG_ENOMEM;
}

/* Counts an evaluation that was made after this number of updates. */
static void count_evaluation(tg_trainer *tr, const evaluation *e, int64_t updates)
{
    tr->evaluations++;
    tr->train_acc = e->train;
    if (!tr->test) return;
    tr->test_acc = e->test;
    tr->stale = e->better ? 0 : tr->stale + 1;
    if (!e->better) return;
    tr->best = e->test;
    tr->best_step = updates;
    if (!e->tensors) return;
    tg_dict_free(tr->best_tensors);
    tr->best_tensors = e->tensors;
}

/* Measures what is due after this number of updates and adds it to tr and its history, with the
 * last loss if `loss` is true. On failure nothing has changed. */
static tg_status measure(tg_trainer *tr, int64_t updates, bool loss, tg_error *err)
{
    const bool due = evaluates(tr, updates);
    const int64_t at = tr->options.eval_as_book ? tr->evaluations : updates;
    evaluation e = {.train = NAN, .test = NAN};
    tg_status status = due ? evaluate(tr, &e, err) : TG_OK;
    const tg_history_row all[] = {{tr->series, "loss", updates - 1, tr->loss},
                                  {tr->series, "train_acc", at, e.train},
                                  {tr->series, "test_acc", at, e.test}};
    const tg_history_row *rows = all + !loss;
    const size_t n = (size_t)loss + (!due ? 0 : tr->test ? 2 : 1);
    if (!status && tr->history && n > 0)
        status = tgi_history_reserve(tr->history, tr->series, rows, n, err);
    if (status) {
        tg_dict_free(e.tensors);
        return status;
    }
    for (size_t i = 0; tr->history && i < n; i++)
        (void)tg_history_add(tr->history, tr->series, rows[i].metric, rows[i].step, rows[i].value);
    if (due) count_evaluation(tr, &e, updates);
    return TG_OK;
}

/* Whether a parameter has a NaN or an Inf, or a root mean square above 10^6. */
static bool is_too_large(const tg_dict *params)
{
    for (int i = 0; i < tg_dict_size(params); i++) {
        const tg_tensor *w = tg_dict_at(params, i);
        if (tg_dtype_is_float(w->dtype) && !(tgi_sum_of_squares(w, 1) <= 1e12 * (double)w->size))
            return true;
    }
    return false;
}

/* Checks the loss after each update, and all parameters only now and then, to save time. */
static bool diverges(const tg_trainer *tr, int64_t updates)
{
    if (!isfinite(tr->loss)) return true;
    const bool looks = evaluates(tr, updates) || updates == tr->options.steps ||
                       updates % tg_batches_per_epoch(tr->batches) == 0;
    return looks && is_too_large(tr->model->params);
}

tg_status tgi_trainer_complete(tg_trainer *tr, tg_error *err)
{
    if (!tr->pending) return TG_OK;
    tg_status status = tr->pending == TGI_PENDING_LOSS ? pending_loss(tr, err) : TG_OK;
    if (!status) status = measure(tr, tr->steps + 1, true, err);
    if (status) return status;
    tr->steps++;
    tr->diverged = tr->diverged || diverges(tr, tr->steps);
    tr->pending = TGI_PENDING_NOTHING;
    return TG_OK;
}

tg_status tg_trainer_step(tg_trainer *tr, tg_error *err)
{
    if (!tr) return tg_fail(err, TG_EARG, "trainer: the trainer is NULL");
    tg_status status = TG_OK;
    if (!tr->pending && tr->steps == 0 && tr->evaluations == 0) status = measure(tr, 0, false, err);
    if (!status && !tr->pending) status = update(tr, err);
    return status ? status : tgi_trainer_complete(tr, err);
}
