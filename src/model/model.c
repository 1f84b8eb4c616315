/* model.c - calls the functions of a model. */
#include "tapegrad/model.h"

tg_tensor *tg_model_forward(tg_tape *t, const tg_model *m, tg_tensor *x, const tg_pass *pass)
{
    const tg_pass evaluation = {0};
    if (!m || !m->forward)
        return tg_tape_fail(t, TG_EARG, "model: %s is NULL", m ? "its forward" : "the model");
    return m->forward(t, m, x, pass ? pass : &evaluation);
}

tg_tensor *tg_model_loss(tg_tape *t, const tg_model *m, tg_tensor *y, tg_tensor *labels)
{
    if (!m || !m->loss)
        return tg_tape_fail(t, TG_EARG, "model: %s is NULL", m ? "its loss" : "the model");
    return m->loss(t, m, y, labels);
}
