/* test_mistakes.c - the messages for a newcomer's typical mistakes, word for word, in a program
 * that checks one tg_error at its end. */
#include "tapegrad.h"
#include "tests/support/close.h"

static tg_error err;
static tg_tape *t; /* on err */

/* ---- a network and its data ----------------------------------------------------------------- */

typedef struct world {
    tg_dataset data, unused;
    tg_model *model;
    tg_optimizer *sgd;
} world;

static world begin(int64_t inputs, int64_t classes)
{
    world w = {.sgd = tg_sgd(tg_sgd_defaults(), &err)};
    const int64_t sizes[] = {inputs, 5, classes};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 3, net.sizes = sizes;
    tg_rng rng = tg_rng_make(1, 0);
    w.model = tg_mlp_new(&net, &rng, &err);
    (void)tg_digits_load(1, 4, 4, &w.data, &w.unused, &err);
    return w;
}

static void end(world *w)
{
    tg_dataset_free(&w->data);
    tg_dataset_free(&w->unused);
    tg_mlp_free(w->model);
    tg_optimizer_free(w->sgd);
}

static tg_tensor *loss_of(const world *w)
{
    tg_tensor *x = tg_dataset_inputs(t, &w->data, NULL, TG_F32);
    tg_tensor *y = tg_model_forward(t, w->model, x, NULL);
    return tg_model_loss(t, w->model, y, tg_dataset_labels(t, &w->data, NULL));
}

/* As in README's program, only the last call is checked. */
static void train(const world *w)
{
    double accuracy;
    tg_tensor *loss = loss_of(w);
    (void)tg_optimizer_update(w->sgd, w->model->params, tg_grad(t, loss, w->model->params), &err);
    tg_tape_reset(t);
    (void)tg_accuracy(w->model, &w->data, 0, &accuracy, &err);
}

/* ---- mistakes ------------------------------------------------------------------------------- */

static void inputs_of_783(void)
{
    world w = begin(783, 10);
    train(&w);
    end(&w);
}

static void three_classes_for_ten_digits(void)
{
    world w = begin(784, 3);
    train(&w);
    end(&w);
}

static void one_hot_of_another_dtype(void)
{
    (void)tg_cross_entropy(t, tensor_of(NULL, "f32[2,3]"), tensor_of(NULL, "f64[2,3]"), NULL);
}

static void matrix_of_another_dtype(void)
{
    (void)tg_affine(t, tensor_of(NULL, "f32[2,3]"), tensor_of(NULL, "f64[3,4]"), NULL);
}

static void column_beside_row(void)
{
    (void)tg_mse(t, tensor_of(NULL, "f32[4,1]"), tensor_of(NULL, "f32[4]"), TG_REDUCE_MEAN);
}

static void wrong_axis(void) { (void)tg_softmax(t, tensor_of(NULL, "f32[2,3]"), 2); }

static void bytes_as_numbers(void)
{
    (void)tg_matmul(t, tensor_of(NULL, "u8[2,3]"), tensor_of(NULL, "f32[3,4]"));
}

static void half_of_an_integer(void) { (void)tg_clamp(t, tensor_of(NULL, "i32[3]"), 0.5, 1); }

static void key_that_is_not_there(void)
{
    world w = begin(784, 10);
    (void)tg_square(t, tg_param(t, w.model->params, "W3"));
    end(&w);
}

static void weights_of_another_network(void)
{
    world a = begin(784, 10), b = begin(784, 9);
    (void)tg_dict_copy(a.model->params, b.model->params, &err);
    end(&a), end(&b);
}

static void wrong_path(void)
{
    tg_dict *file = tg_npz_load("no/such/file.npz", &err);
    (void)tg_dict_get(file, "W1");
    tg_dict_free(file);
}

static void wrong_folder(void)
{
    world w = {.sgd = NULL};
    (void)tg_mnist_load("no/such/folder", &w.data, &(tg_dataset){0}, &err);
    (void)tg_dataset_inputs(t, &w.data, NULL, TG_F32);
}

static void value_of_before_the_reset(void)
{
    tg_tensor *x = tensor_of(NULL, "f32[2]"), *y = tg_square(t, x);
    tg_tape_reset(t);
    (void)tg_add(t, y, x);
}

static void value_of_another_tape(void)
{
    tg_tape *other = tg_tape_new();
    tg_tensor *x = tensor_of(NULL, "f32[2]"), *y = tg_square(other, x);
    (void)tg_add(t, x, y);
    tg_tape_free(other);
}

static void no_reset_between_steps(void)
{
    world w = begin(784, 10);
    tg_dict *p = w.model->params;
    tg_tensor *loss = loss_of(&w);
    for (int i = 0; i < 2; i++) (void)tg_optimizer_update(w.sgd, p, tg_grad(t, loss, p), &err);
    end(&w);
}

static void gradients_of_before_the_reset(void)
{
    world w = begin(784, 10);
    tg_dict *p = w.model->params, *grads = tg_grad(t, loss_of(&w), p);
    tg_tape_reset(t);
    (void)tg_optimizer_update(w.sgd, p, grads, &err);
    end(&w);
}

static void loss_of_many_elements(void)
{
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "x", tg_tensor_new(TG_F32, 1, (int64_t[]){3}, &err), &err);
    (void)tg_grad(t, tg_square(t, tg_param(t, p, "x")), p);
    tg_dict_free(p);
}

static void numbers_as_parameters(void)
{
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "W", tg_tensor_new(TG_I32, 1, (int64_t[]){3}, &err), &err);
    (void)tg_l2_penalty(t, p, "W", 0.1);
    tg_dict_free(p);
}

static void logarithm_of_0(void)
{
    tg_tape_set_anomaly(t, true);
    (void)tg_mean(t, tg_log(t, tensor_of(NULL, "f32[2]: 1 0")), TG_ALL, false);
}

static void lr_below_0(void)
{
    tg_adam_options o = tg_adam_defaults();
    o.lr = -0.001;
    tg_optimizer_free(tg_adam(o, &err));
}

static void options_made_by_hand(void)
{
    tg_optimizer_free(tg_adam((tg_adam_options){.lr = 0.001}, &err));
}

static void no_generator(void)
{
    (void)tg_dropout(t, tensor_of(NULL, "f32[2,3]"), 0.5, TG_DROPOUT_INVERTED, NULL, true);
}

static void no_statistics(void)
{
    const tg_batch_norm_options o = tg_batch_norm_book();
    tg_tensor *x = tensor_of(NULL, "f32[2,3]"), *one = tensor_of(NULL, "f32[3]: 1 1 1");
    (void)tg_batch_norm(t, x, one, one, NULL, NULL, &o, true);
}

static void no_options(void)
{
    tg_tensor *x = tensor_of(NULL, "f32[2,3]"), *one = tensor_of(NULL, "f32[3]: 1 1 1");
    (void)tg_batch_norm(t, x, one, one, one, one, NULL, true);
}

static void slopes_the_wrong_way_round(void)
{
    (void)tg_rrelu(t, tensor_of(NULL, "f32[2,3]"), 0.3, 0.1, NULL, false);
}

static void unknown_reduction(void)
{
    tg_tensor *x = tensor_of(NULL, "f32[2,3]");
    (void)tg_l1(t, x, x, (tg_reduction)7);
}

static void far_too_many_copies(void)
{
    const int64_t times[] = {(int64_t)1 << 40, (int64_t)1 << 40};
    (void)tg_tile(t, tensor_of(NULL, "f32[1,1]"), 2, times);
}

static void copy_of_nothing(void) { tg_tensor_free(tg_tensor_clone(NULL, &err)); }

static const struct {
    void (*make)(void);
    tg_status status;
    const char *text;
} mistakes[] = {
    {inputs_of_783, TG_ESHAPE,
     "matmul: inner dimensions differ: f32[4,784] x f32[783,5] (in layer1)"},
    {three_classes_for_ten_digits, TG_EINDEX,
     "cross_entropy: label 8 of row 0 is out of range for 3 classes"},
    {one_hot_of_another_dtype, TG_EDTYPE,
     "cross_entropy: labels are f64[2,3], must be i32 (N) or have the dtype of the logits, "
     "f32[2,3] (use tg_cast)"},
    {matrix_of_another_dtype, TG_EDTYPE,
     "matmul: the dtypes differ: f32[2,3] x f64[3,4] (use tg_cast)"},
    {column_beside_row, TG_ESHAPE,
     "mse: f32[4,1] and f32[4] would both broadcast, to [4,4] (use tg_reshape)"},
    {wrong_axis, TG_EAXIS, "softmax: max: axis 2 is out of range for f32[2,3]"},
    {bytes_as_numbers, TG_EDTYPE, "matmul: u8[2,3] x f32[3,4], must be f32 or f64 (use tg_cast)"},
    {half_of_an_integer, TG_EDTYPE, "clamp: scalar: 0.5 cannot become i32 (use tg_cast)"},
    {key_that_is_not_there, TG_EKEY,
     "param: there is no 'W3'; did you mean 'W1'?  The keys are W1 b1 W2 b2"},
    {weights_of_another_network, TG_ESHAPE,
     "dict_copy: 'W2' is f32[5,10] in the destination but f32[5,9] in the source"},
    {wrong_path, TG_EIO, "cannot open 'no/such/file.npz': No such file or directory"},
    {wrong_folder, TG_EIO,
     "cannot open 'no/such/folder/train-images-idx3-ubyte': No such file or directory"},
    {value_of_before_the_reset, TG_ETAPE,
     "add: operand 1 belongs to another tape or was dropped by a reset"},
    {value_of_another_tape, TG_ETAPE,
     "add: operand 2 belongs to another tape or was dropped by a reset"},
    {no_reset_between_steps, TG_EGRAD,
     "grad: an operand of add has changed since it was recorded (by an optimizer, assign or "
     "tg_tensor_touch); reset the tape and record again (in layer2)"},
    {gradients_of_before_the_reset, TG_ETAPE, "update: grads was dropped when its tape was reset"},
    {loss_of_many_elements, TG_ESHAPE, "grad: loss is f32[3], must have one element"},
    {numbers_as_parameters, TG_EDTYPE, "l2_penalty: parameter 'W' is i32[3], must be f32 or f64"},
    {logarithm_of_0, TG_ENAN, "log: the result holds NaN or Inf"},
    {lr_below_0, TG_EARG, "Adam: lr is -0.001, must be in [0, inf)"},
    {options_made_by_hand, TG_EARG, "Adam: options must come from tg_adam_defaults()"},
    {no_generator, TG_EARG, "dropout: rng is NULL, but training needs it to draw a mask"},
    {no_statistics, TG_EARG, "batch_norm: running_mean is NULL"},
    {no_options, TG_EARG, "batch_norm: options is NULL"},
    {slopes_the_wrong_way_round, TG_EARG, "rrelu: lo is 0.3, must not be above hi, 0.1"},
    {unknown_reduction, TG_EARG, "l1: there is no reduction 7"},
    {far_too_many_copies, TG_ENOMEM,
     "tile: expand: the size of f32[1099511627776,1099511627776,1,1] overflows"},
    {copy_of_nothing, TG_EARG, "clone: the tensor is NULL"},
};

START_TEST(a_mistake_says_what_is_wrong)
{
    err = (tg_error)TG_ERROR_INIT;
    t = tg_tape_new_on(&err);
    mistakes[_i].make();
    tg_tape_free(t);
    free_leaves();
    ck_assert_str_eq(err.text, mistakes[_i].text);
    ck_assert_int_eq(err.status, mistakes[_i].status);
}
END_TEST

SUITE("mistakes", .timeout = 60,
      .tests = {
          {a_mistake_says_what_is_wrong, COUNT(mistakes)},
      })
