/* saved.c - a newcomer's job: saves the parameters of a network in a file that NumPy reads, and
 * loads them into another network. It is C and C++, and exits with 0 when both give the same
 * outputs. */
#include <stdio.h>
#include <tapegrad.h>

static const float inputs[2][4] = {{1, 2, 3, 4}, {4, 3, 2, 1}};

static double output(tg_tape *t, const tg_model *m, tg_tensor *x)
{
    return tg_item(tg_sum(t, tg_model_forward(t, m, x, NULL), TG_ALL, false));
}

int main(void)
{
    const int64_t sizes[] = {4, 8, 3}, x_shape[] = {2, 4};
    tg_error err = TG_ERROR_INIT, none = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(1, 0);
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 3, net.sizes = sizes;
    tg_model *a = tg_mlp_new(&net, &rng, &err), *b = tg_mlp_new(&net, &rng, &err);
    tg_tensor *x = tg_tensor_from(TG_F32, 2, x_shape, inputs, &err);
    tg_tape *t = tg_tape_new_on(&err);
    const double first = output(t, a, x), other = output(t, b, x);

    tg_npz_save("saved.npz", a->params, &err);
    tg_dict *file = tg_npz_load("saved.npz", &err);
    tg_dict_copy(b->params, file, &err);
    for (int i = 0; i < tg_dict_size(file); i++) {
        char text[TG_DESCRIBE_SIZE];
        tg_tensor_describe(tg_dict_at(file, i), text, sizeof text);
        printf("%s %s\n", tg_dict_key(file, i), text);
    }
    tg_tape_reset(t);
    const double again = output(t, b, x);
    printf("%.6f, %.6f, then %.6f %s\n", first, other, again, err.text);

    tg_dict *missing = tg_npz_load("no_such_file.npz", &none);
    tg_dict_copy(b->params, missing, &none);
    printf("%s\n", none.text);
    tg_tape_free(t), tg_tensor_free(x), tg_dict_free(file), tg_mlp_free(a), tg_mlp_free(b);
    return err.status || other == first || again != first || none.status != TG_EIO;
}
