/* first.c - trains a network on drawn digits: the program to read after that of the README. */
#include <stdio.h>
#include <tapegrad.h>

int main(int argc, char **argv)
{
    const int steps = argc > 1 ? 5 : 500; /* any argument: a short run */
    const int64_t sizes[] = {784, 50, 10};
    const tg_pass training = {true, NULL, NULL};
    tg_error err = TG_ERROR_INIT; /* keeps the first failure of all calls */
    tg_dataset train, test;
    tg_digits_load(1, 10000, 1000, &train, &test, &err); /* or tg_mnist_load(dir, ...) */
    tg_rng rng = tg_rng_make(1, 0);
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 3, net.sizes = sizes;
    tg_model *model = tg_mlp_new(&net, &rng, &err);
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), &err);
    tg_batches *batches = tg_batches_new(train.size, tg_batches_defaults(), rng, &err);
    tg_tape *t = tg_tape_new_on(&err);
    for (int step = 1; step <= steps && !err.status; step++) {
        tg_tape_reset(t);
        tg_tensor *rows = tg_batches_next(batches);
        tg_tensor *x = tg_dataset_inputs(t, &train, rows, TG_F32);
        tg_tensor *y = tg_model_forward(t, model, x, &training);
        tg_tensor *loss = tg_model_loss(t, model, y, tg_dataset_labels(t, &train, rows));
        tg_optimizer_update(adam, model->params, tg_grad(t, loss, model->params), &err);
        if (step % 100 == 0) printf("step %d  loss %.3f\n", step, tg_item(loss));
    }
    double accuracy = 0;
    tg_accuracy(model, &test, 0, &accuracy, &err);
    if (err.status)
        fprintf(stderr, "first: %s\n", err.text);
    else
        printf("test accuracy %.3f\n", accuracy);
    tg_tape_free(t), tg_batches_free(batches), tg_optimizer_free(adam), tg_mlp_free(model);
    tg_dataset_free(&train), tg_dataset_free(&test);
    (void)argv;
    return err.status != TG_OK;
}
