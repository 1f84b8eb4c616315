/* hello.c - the program of the README: solves cos x = x by gradient descent. */
#include <stdio.h>
#include <tapegrad.h>

int main(void)
{
    tg_error err = TG_ERROR_INIT; /* keeps the first failure of all the calls below */
    tg_dict *params = tg_dict_new();
    tg_dict_take(params, "x", tg_tensor_new(TG_F64, 0, NULL, &err), &err);
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), &err);
    tg_tape *t = tg_tape_new_on(&err);
    for (int step = 0; step <= 2000 && !err.status; step++) {
        tg_tape_reset(t);
        tg_tensor *x = tg_param(t, params, "x");
        tg_tensor *loss = tg_square(t, tg_sub(t, tg_cos(t, x), x));
        if (step % 500 == 0) printf("x = %.6f  loss %.6f\n", tg_item(x), tg_item(loss));
        tg_optimizer_update(adam, params, tg_grad(t, loss, params), &err);
    }
    tg_optimizer_free(adam), tg_dict_free(params), tg_tape_free(t);
    return err.status ? puts(err.text), 1 : 0;
}
