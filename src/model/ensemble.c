/* ensemble.c - combines several models into one that averages their predictions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tapegrad/alloc.h"
#include "tapegrad/model.h"

typedef struct ensemble {
    tg_model model; /* first, so that a pointer to it points to the ensemble */
    int n;
    tg_model *members[];
} ensemble;

/* ln (1/n sum_k softmax(y_k)), computed as logsumexp over k of log_softmax(y_k), minus ln n, so
 * that probabilities that would underflow keep their logarithms. */
static tg_tensor *forward(tg_tape *t, const tg_model *model, tg_tensor *x, const tg_pass *pass)
{
    const ensemble *m = model->self;
    tg_tensor **logs = tg_tape_alloc(t, (size_t)m->n * sizeof(tg_tensor *));
    if (!logs) return NULL;
    for (int k = 0; k < m->n; k++) {
        char scope[32];
        (void)snprintf(scope, sizeof scope, "member%d", k);
        tg_scope_push(t, scope);
        logs[k] = tg_log_softmax(t, tg_model_forward(t, m->members[k], x, pass), -1);
        tg_scope_pop(t);
    }
    tg_tensor *sum = tg_logsumexp(t, tg_stack(t, m->n, logs, 0), 0, false);
    return tg_sub(t, sum, tg_scalar(t, log(m->n)));
}

static tg_tensor *loss(tg_tape *t, const tg_model *model, tg_tensor *y, tg_tensor *labels)
{
    (void)model;
    return tg_neg(t, tg_mean(t, tg_pick(t, y, labels), TG_ALL, false));
}

/* Adds the entries of `from`, of member k, to `to`, with "k/" before their keys. */
static tg_status add_member(tg_dict *to, const tg_dict *from, int k, tg_error *err)
{
    tg_status status = TG_OK;
    for (int i = 0; i < tg_dict_size(from) && !status; i++) {
        const char *name = tg_dict_key(from, i);
        const size_t size = strlen(name) + 16;
        char *key = tg_malloc(size);
        if (!key) return tg_fail(err, TG_ENOMEM, "ensemble: out of memory");
        (void)snprintf(key, size, "%d/%s", k, name);
        status = tg_dict_set(to, key, tg_dict_at(from, i), err);
        tg_free(key);
    }
    return status;
}

tg_model *tg_ensemble_new(int n, tg_model *const *members, tg_error *err)
{
    for (int k = 0; members && k < n; k++)
        if (!members[k] || members[k]->dtype != members[0]->dtype) {
            (void)tg_fail(err, members[k] ? TG_EDTYPE : TG_EARG, "ensemble: member %d %s", k,
                          members[k] ? "has another dtype than member 0" : "is NULL");
            return NULL;
        }
    if (n < 1 || !members) {
        (void)tg_fail(err, TG_EARG, "ensemble: n is %d, must be at least 1, and members not NULL",
                      n);
        return NULL;
    }
    ensemble *m = tg_calloc(1, sizeof *m + (size_t)n * sizeof *members);
    if (!m) {
        (void)tg_fail(err, TG_ENOMEM, "ensemble: out of memory");
        return NULL;
    }
    memcpy(m->members, members, (size_t)n * sizeof *members);
    m->n = n;
    m->model = (tg_model){.params = tg_dict_new(),
                          .state = tg_dict_new(),
                          .dtype = members[0]->dtype,
                          .forward = forward,
                          .loss = loss,
                          .self = m};
    tg_status status = TG_OK;
    if (!m->model.params || !m->model.state)
        status = tg_fail(err, TG_ENOMEM, "ensemble: out of memory");
    for (int k = 0; k < n && !status; k++) {
        status = add_member(m->model.params, members[k]->params, k, err);
        if (!status) status = add_member(m->model.state, members[k]->state, k, err);
    }
    if (!status) return &m->model;
    tg_ensemble_free(&m->model);
    return NULL;
}

void tg_ensemble_free(tg_model *m)
{
    if (!m) return;
    tg_dict_free(m->params);
    tg_dict_free(m->state);
    tg_free(m);
}
