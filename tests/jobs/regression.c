/* regression.c - a newcomer's job: y = 2 x0 - 3 x1 + 1 from arrays of the program. It is C and C++,
 * and exits with 0 when the numbers are found. */
#include <stdio.h>
#include <tapegrad.h>

enum { ROWS = 50 };

static float inputs[ROWS][2], outputs[ROWS];

int main(void)
{
    const int64_t x_shape[] = {ROWS, 2}, y_shape[] = {ROWS, 1}, W_shape[] = {2, 1}, b_shape[] = {1};
    for (int i = 0; i < ROWS; i++) {
        inputs[i][0] = (float)i / (float)ROWS, inputs[i][1] = (float)(7 * i % ROWS) / (float)ROWS;
        outputs[i] = 2 * inputs[i][0] - 3 * inputs[i][1] + 1;
    }
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tg_tensor_from(TG_F32, 2, x_shape, inputs, &err);
    tg_tensor *y = tg_tensor_from(TG_F32, 2, y_shape, outputs, &err);
    tg_dict *p = tg_dict_new();
    tg_dict_take(p, "W", tg_tensor_new(TG_F32, 2, W_shape, &err), &err);
    tg_dict_take(p, "b", tg_tensor_new(TG_F32, 1, b_shape, &err), &err);
    tg_sgd_options options = tg_sgd_defaults();
    options.lr = 0.5;
    tg_optimizer *sgd = tg_sgd(options, &err);
    tg_tape *t = tg_tape_new_on(&err);
    for (int step = 0; step < 300 && !err.status; step++) {
        tg_tape_reset(t);
        tg_tensor *guess = tg_affine(t, x, tg_param(t, p, "W"), tg_param(t, p, "b"));
        tg_tensor *loss = tg_mse(t, guess, y, TG_REDUCE_MEAN);
        tg_optimizer_update(sgd, p, tg_grad(t, loss, p), &err);
    }
    const double w0 = tg_tensor_get(tg_dict_get(p, "W"), 0);
    const double w1 = tg_tensor_get(tg_dict_get(p, "W"), 1);
    const double b = tg_item(tg_dict_get(p, "b"));
    const bool found = w0 > 1.99 && w0 < 2.01 && w1 > -3.01 && w1 < -2.99 && b > 0.99 && b < 1.01;
    printf("y = %.3f x0 %+.3f x1 %+.3f %s\n", w0, w1, b, err.text);
    tg_tape_free(t), tg_optimizer_free(sgd), tg_dict_free(p);
    tg_tensor_free(x), tg_tensor_free(y);
    return err.status || !found;
}
