/* layer.c - a newcomer's job: a layer of the program's own, a row times its gate, checked to second
 * order. It is C and C++, and exits with 0 when the right layer passes and a wrong derivative is
 * found. */
#include <stdio.h>
#include <tapegrad.h>

static tg_tensor *gated(tg_tape *t, const tg_dict *p, void *user)
{
    tg_tensor *z = tg_affine(t, tg_param(t, p, "x"), tg_param(t, p, "W"), tg_param(t, p, "b"));
    tg_tensor *gate = tg_sigmoid(t, z);
    return tg_mul(t, z, user ? tg_stop_gradient(t, gate) : gate);
}

int main(void)
{
    const int64_t x_shape[] = {5, 3}, W_shape[] = {3, 4}, b_shape[] = {4};
    tg_error err = TG_ERROR_INIT, wrong = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(7, 0);
    tg_dict *p = tg_dict_new();
    tg_dict_take(p, "x", tg_tensor_new(TG_F64, 2, x_shape, &err), &err);
    tg_dict_take(p, "W", tg_tensor_new(TG_F64, 2, W_shape, &err), &err);
    tg_dict_take(p, "b", tg_tensor_new(TG_F64, 1, b_shape, &err), &err);
    for (int i = 0; i < tg_dict_size(p); i++)
        tg_init_fill(tg_dict_at(p, i), tg_init_normal(1), &rng, &err);
    tg_gradcheck_report report;
    tg_gradcheck(gated, NULL, p, NULL, &report, &err);
    tg_gradgradcheck(gated, NULL, p, NULL, NULL, &err);
    if (err.status)
        puts(err.text);
    else
        printf("%d derivatives, worst error %.0e\n", (int)report.checked, report.error);
    tg_gradcheck(gated, &rng, p, NULL, NULL, &wrong);
    printf("with a wrong one: %s\n", wrong.text);
    tg_dict_free(p);
    return err.status || report.checked != 31 || wrong.status != TG_EGRAD;
}
