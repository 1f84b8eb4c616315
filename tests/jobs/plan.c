/* plan.c - a newcomer's job: a training step that is recorded once and run many times, with batches
 * drawn by the library. It is C and C++, and exits with 0 when the network has learnt. */
#include <stdio.h>
#include <tapegrad.h>

int main(void)
{
    const int64_t sizes[] = {784, 50, 10};
    const tg_pass training = {true, NULL, NULL};
    tg_error err = TG_ERROR_INIT;
    tg_dataset train, test;
    tg_digits_load(1, 2000, 500, &train, &test, &err);
    tg_rng rng = tg_rng_make(1, 0);
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 3, net.sizes = sizes;
    tg_model *model = tg_mlp_new(&net, &rng, &err);
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), &err);
    tg_batches_options drawn = tg_batches_defaults();
    drawn.drop_last = true; /* all batches have one size and arrive in one leaf */
    tg_batches *batches = tg_batches_new(train.size, drawn, rng, &err);

    tg_tape *t = tg_tape_new_on(&err);
    tg_tensor *rows = tg_batches_next(batches);
    tg_tensor *x = tg_dataset_inputs(t, &train, rows, TG_F32);
    tg_tensor *y = tg_model_forward(t, model, x, &training);
    tg_tensor *loss = tg_model_loss(t, model, y, tg_dataset_labels(t, &train, rows));
    const double before = tg_item(loss);
    tg_optimizer_record(t, adam, model->params, tg_grad(t, loss, model->params));
    tg_plan *step = tg_compile(t, 1, &loss, &err);
    tg_tape_free(t);
    for (int i = 1; i < 200 && !err.status; i++) {
        tg_batches_next(batches);
        tg_plan_run(step, &err);
    }
    double accuracy = 0;
    tg_accuracy(model, &test, 0, &accuracy, &err);
    const double after = tg_item(tg_plan_output(step, 0));
    printf("%d updates, loss %.2f to %.2f, accuracy %.2f %s\n", (int)tg_optimizer_steps(adam),
           before, after, accuracy, err.text);
    const bool done = tg_optimizer_steps(adam) == 200 && after < before / 2 && accuracy > 0.7;
    tg_plan_free(step), tg_batches_free(batches), tg_optimizer_free(adam), tg_mlp_free(model);
    tg_dataset_free(&train), tg_dataset_free(&test);
    return err.status || !done;
}
