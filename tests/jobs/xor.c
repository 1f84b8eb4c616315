/* xor.c - a newcomer's job: a small network learns XOR as two classes. It is C and C++, and exits
 * with 0 when all four answers are right. */
#include <stdio.h>
#include <tapegrad.h>

static const float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const int32_t answers[4] = {0, 1, 1, 0};

int main(void)
{
    const int64_t x_shape[] = {4, 2}, l_shape[] = {4}, sizes[] = {2, 8, 2};
    const tg_pass training = {true, NULL, NULL};
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tg_tensor_from(TG_F32, 2, x_shape, inputs, &err);
    tg_tensor *labels = tg_tensor_from(TG_I32, 1, l_shape, answers, &err);
    tg_rng rng = tg_rng_make(1, 0);
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 3, net.sizes = sizes, net.activation = TG_TANH, net.init = tg_init_xavier();
    tg_model *model = tg_mlp_new(&net, &rng, &err);
    tg_adam_options options = tg_adam_defaults();
    options.lr = 0.05;
    tg_optimizer *adam = tg_adam(options, &err);
    tg_tape *t = tg_tape_new_on(&err);
    for (int step = 0; step < 200 && !err.status; step++) {
        tg_tape_reset(t);
        tg_tensor *loss = tg_model_loss(t, model, tg_model_forward(t, model, x, &training), labels);
        tg_optimizer_update(adam, model->params, tg_grad(t, loss, model->params), &err);
    }
    tg_tape_reset(t);
    tg_tensor *guess = tg_argmax(t, tg_model_forward(t, model, x, NULL), 1, false);
    int right = 0;
    for (int i = 0; i < 4; i++) right += tg_tensor_get(guess, i) == answers[i];
    printf("%d of 4 are right %s\n", right, err.text);
    tg_tape_free(t), tg_optimizer_free(adam), tg_mlp_free(model);
    tg_tensor_free(x), tg_tensor_free(labels);
    return err.status || right != 4;
}
