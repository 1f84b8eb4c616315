/* test_graph.c - a graph saved, loaded and run gives the same bits, and can be trained on. */
#include <unistd.h>

#include "src/op_sample.h"
#include "tapegrad.h"
#include "tests/support/error.h"
#include "tests/support/nets.h"
#include "tests/support/tape.h"

static const char file[] = "test_graph.tmp";
static tg_tape *u;

static void setup(void) { u = tg_tape_new(); }

static void teardown(void)
{
    tg_tape_free(u);
    (void)unlink(file);
}

static void assert_same_bits(const char *what, const tg_tensor *a, const tg_tensor *b)
{
    ck_assert_msg(tg_tensor_same_shape(a, b) && a->dtype == b->dtype, "%s", what);
    for (int64_t i = 0; i < a->size; i++) {
        const double x = read_at(a, i), y = read_at(b, i);
        ck_assert_msg(memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y)), "%s: %.17g, %.17g",
                      what, x, y);
    }
}

static tg_graph *saved_and_loaded(const tg_dict *inputs, const tg_dict *params, tg_tensor *y)
{
    if (tg_graph_save(file, t, inputs, params, 1, &y, NULL, &err)) ck_abort_msg("%s", err.text);
    tg_graph *g = tg_graph_load(file, 0, NULL, &err);
    if (!g) ck_abort_msg("%s", err.text);
    return g;
}

/* Every operation of the registry on all its samples, in both float dtypes. */
START_TEST(every_operation)
{
    const tg_op *op = tg_op_at(_i / 2);
    tgi_sample s;
    for (int i = 0; op->samples[i].inputs || op->samples[i].attrs; i++) {
        const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
        ck_assert_msg(tgi_sample_make(&s, op, i, dtype, false, 7, &err) == TG_OK, "%s", err.text);
        tg_tensor *y = tgi_sample_apply(t, s.floats, &s), *z = NULL;
        assert_fine(t, op->name);
        tg_graph *g = saved_and_loaded(NULL, s.floats, y);
        (void)tg_graph_run(u, g, 0, NULL, &z);
        assert_fine(u, op->name);
        assert_same_bits(op->name, y, z);
        tg_tape_reset(t);
        tg_tape_reset(u);
        tgi_sample_free(&s);
        tg_graph_free(g);
    }
}
END_TEST

/* ---- a network ------------------------------------------------------------------------------ */

static tg_model *network(void)
{
    const tg_mlp_options o = mlp_with(DIMS(6, 8, 7, 3), true, 0.2, 0.1);
    tg_rng rng = tg_rng_make(1, 0);
    tg_model *m = tg_mlp_new(&o, &rng, &err);
    ck_assert_msg(m, "%s", err.text);
    return m;
}

static tg_tensor *loss_of(const tg_model *m, const tg_dict *in)
{
    tg_rng rng = tg_rng_make(2, 0);
    const tg_pass train = {.train = true, .rng = &rng};
    tg_tensor *y = tg_model_forward(t, m, tg_dict_get(in, "x"), &train);
    return tg_model_loss(t, m, y, tg_dict_get(in, "labels"));
}

static tg_dict *batch(uint64_t seed)
{
    tg_dict *in = tg_dict_new();
    (void)tg_dict_set(in, "x", random_leaf(TG_F32, DIMS(5, 6), -1, 1, seed), &err);
    (void)tg_dict_set(in, "labels", random_leaf(TG_I32, DIMS(5), 0, 3, seed), &err);
    return in;
}

/* A step of gradient descent by hand. */
static void step(tg_tape *tape, tg_tensor *loss, tg_dict *params)
{
    const tg_dict *g = tg_grad(tape, loss, params);
    assert_fine(tape, "step");
    for (int k = 0; k < tg_dict_size(params); k++)
        for (int64_t i = 0; i < tg_dict_at(params, k)->size; i++)
            (void)tg_tensor_set(tg_dict_at(params, k), i,
                                tg_tensor_get(tg_dict_at(params, k), i) -
                                    0.1 * tg_tensor_get(tg_dict_at(g, k), i),
                                NULL);
}

/* Training goes on in the loaded graph as it does in the model, on new batches, with running
 * statistics that are written and dropout masks that are drawn again. */
START_TEST(training_goes_on)
{
    tg_model *m = network();
    tg_dict *in = batch(1);
    tg_tensor *loss = loss_of(m, in);
    step(t, loss, m->params);
    tg_graph *g = saved_and_loaded(in, m->params, loss);
    ck_assert_int_eq(tg_dict_match(m->params, "m", tg_graph_params(g), "g", &err), TG_OK);
    ck_assert(tg_graph_input_count(g) == 2 && tg_graph_output_count(g) == 1);
    ck_assert_str_eq(tg_graph_input_name(g, 0), "x");
    ck_assert_str_eq(tg_graph_input_name(g, 1), "labels");
    ck_assert_str_eq(tg_graph_output_name(g, 0), "output1");
    for (int i = 0; i < 5; i++) {
        tg_dict *next = batch((uint64_t)i + 10);
        tg_tensor *x[] = {tg_dict_get(next, "x"), tg_dict_get(next, "labels")}, *other = NULL;
        tg_tape_reset(t);
        tg_tape_reset(u);
        loss = loss_of(m, next);
        (void)tg_graph_run(u, g, 2, x, &other);
        assert_fine(u, "run");
        assert_same_bits("loss", loss, other);
        step(t, loss, m->params);
        step(u, other, tg_graph_params(g));
        tg_dict_free(next);
    }
    for (int k = 0; k < tg_dict_size(m->params); k++)
        assert_same_bits(tg_dict_key(m->params, k), tg_dict_at(m->params, k),
                         tg_dict_get(tg_graph_params(g), tg_dict_key(m->params, k)));
    tg_graph_free(g);
    tg_dict_free(in);
    tg_mlp_free(m);
}
END_TEST

/* A part of a larger computation: an input that is a value, several outputs, scopes. */
START_TEST(a_part_of_another_graph)
{
    tg_dict *in = tg_dict_new();
    tg_tensor *a = tensor_of(NULL, "f64[2]: 1 2"), *y[2], *z[2], *dx;
    (void)tg_dict_set(in, "a", a, &err);
    tg_scope_push(t, "part");
    (void)tg_exp(t, tensor_of(NULL, "f32[100]")); /* on which nothing depends */
    y[0] = tg_square(t, a);
    y[1] = tg_mul(t, y[0], tg_scalar(t, 3));
    const char *names[] = {"square", NULL};
    if (tg_graph_save(file, t, in, NULL, 2, y, names, &err)) ck_abort_msg("%s", err.text);
    tg_graph *g = tg_graph_load(file, 0, NULL, &err);
    ck_assert_str_eq(tg_graph_output_name(g, 0), "square");
    ck_assert_str_eq(tg_graph_output_name(g, 1), "output2");
    ck_assert_int_eq(tg_dict_size(tg_graph_params(g)), 0);
    tg_tensor *x = tensor_of(NULL, "f64[2]: 3 4"), *v = tg_add(u, x, tg_scalar(u, 1));
    (void)tg_graph_run(u, g, 1, &v, z);
    assert_tensor(u, "square", z[0], "f64[2]: 16 25", 0);
    ck_assert_str_eq(z[1]->node->scope, "part");
    (void)tg_vjp(u, 1, &z[1], NULL, 1, &x, &dx);
    assert_tensor(u, "gradient", dx, "f64[2]: 24 30", 0);
    tg_tensor *zeros = tg_graph_input_new(g, 0, &err);
    assert_tensor(NULL, "input", keep(zeros), "f64[2]: 0 0", 0);
    tg_dtype dtype;
    int ndim;
    const int64_t *shape = tg_graph_input_shape(g, 0, &ndim, &dtype);
    ck_assert(shape && shape[0] == 2 && ndim == 1 && dtype == TG_F64);
    ck_assert(!tg_graph_input_shape(g, 1, &ndim, &dtype));
    ck_assert(!tg_graph_input_new(g, 1, NULL) && !tg_graph_input_new(g, -1, NULL));
    ck_assert(!tg_graph_input_name(g, 1) && !tg_graph_output_name(g, 2));
    tg_graph_free(g);
    tg_dict_free(in);
}
END_TEST

/* ---- operations of one's own ---------------------------------------------------------------- */

static void twice_forward(const tg_node *n, void *work)
{
    (void)work;
    for (int64_t i = 0; i < n->output->size; i++)
        ((double *)n->output->data)[i] = 2 * read_at(n->inputs[0], i);
}

static const tg_op twice = {.name = "twice",
                            .formula = "2 x",
                            .min_inputs = 1,
                            .max_inputs = 1,
                            .infer = tg_infer_same,
                            .forward = twice_forward};

START_TEST(operations_of_ones_own)
{
    tg_tensor *x = tensor_of(NULL, "f64[2]: 1 2"), *y = tg_record(t, &twice, &x, 1, NULL), *z;
    ck_assert_int_eq(tg_graph_save(file, t, NULL, NULL, 1, &y, NULL, &err), TG_OK);
    ck_assert_ptr_null(tg_graph_load(file, 0, NULL, &err));
    ck_assert_int_eq(err.status, TG_EKEY);
    ck_assert_str_eq(err.text, "test_graph.tmp: there is no operation 'twice'");
    const tg_op *const mine[] = {NULL, &twice};
    tg_graph *g = tg_graph_load(file, 2, mine, NULL);
    (void)tg_graph_run(u, g, 0, NULL, &z);
    assert_tensor(u, "twice", z, "f64[2]: 2 4", 0);
    tg_graph_free(g);
}
END_TEST

static tg_tensor *identity(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)tape, (void)n, (void)rng, (void)user;
    return xs[0];
}

START_TEST(what_cannot_be_saved)
{
    tg_tensor *x = tensor_of(NULL, "f64[2]"), *y = tg_checkpoint(t, identity, NULL, 1, &x, NULL);
    ck_assert_int_eq(tg_graph_save(file, t, NULL, NULL, 1, &y, NULL, &err), TG_EKEY);
    ck_assert_str_eq(err.text,
                     "graph_save: the attributes of checkpoint cannot be written as text");
    ck_assert_int_ne(access(file, F_OK), 0);
    tg_dict *d = tg_dict_new();
    (void)tg_dict_set(d, "x", x, NULL);
    y = tg_exp(t, x);
    ck_assert_int_eq(tg_graph_save(file, t, d, d, 1, &y, NULL, NULL), TG_EKEY);
    ck_assert_int_eq(tg_graph_save(NULL, t, d, NULL, 1, &y, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_graph_save(file, NULL, d, NULL, 1, &y, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_graph_save(file, t, d, NULL, 1, NULL, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_graph_save(file, t, d, NULL, 1, &x, NULL, NULL), TG_ETAPE);
    ck_assert_int_eq(tg_graph_save(file, u, d, NULL, 1, &y, NULL, NULL), TG_ETAPE);
    ck_assert_int_eq(tg_graph_save("/nowhere/at/all", t, d, NULL, 1, &y, NULL, NULL), TG_EIO);
    (void)tg_add(t, x, NULL);
    ck_assert_int_eq(tg_graph_save(file, t, d, NULL, 1, &y, NULL, NULL), TG_EARG);
    tg_dict_free(d);
}
END_TEST

START_TEST(inputs_that_do_not_fit)
{
    tg_dict *in = tg_dict_new();
    tg_tensor *x = tensor_of(NULL, "f64[2]"), *y = tg_exp(t, x);
    (void)tg_dict_set(in, "x", x, NULL);
    tg_graph *g = saved_and_loaded(in, NULL, y);
    tg_tensor *other = tensor_of(NULL, "f64[3]"), *single = tensor_of(NULL, "f32[2]"), *none = NULL;
    const struct {
        const tg_graph *g;
        int n;
        tg_tensor *const *x;
        tg_status status;
        const char *message;
    } rows[] = {{NULL, 1, &x, TG_EARG, "graph_run: the graph is NULL"},
                {g, 0, NULL, TG_EARG, "graph_run: 0 inputs given, the graph has 1"},
                {g, 1, NULL, TG_EARG, "graph_run: the list of inputs is NULL"},
                {g, 1, &none, TG_EARG, "graph_run: input 'x' is NULL"},
                {g, 1, &other, TG_ESHAPE, "graph_run: input 'x' is f64[3], must be f64[2]"},
                {g, 1, &single, TG_EDTYPE, "graph_run: input 'x' is f32[2], must be f64[2]"}};
    for (int i = 0; i < COUNT(rows); i++) {
        tg_tape_reset(u);
        ck_assert_int_eq(tg_graph_run(u, rows[i].g, rows[i].n, rows[i].x, &y), rows[i].status);
        assert_error(u, rows[i].status, rows[i].message);
    }
    ck_assert_int_eq(tg_graph_run(NULL, g, 1, &x, &y), TG_EARG);
    tg_graph_free(g);
    tg_graph_free(NULL);
    tg_dict_free(in);
}
END_TEST

SUITE("graph", .with = {TAPE, FRESH_ERROR}, .setup = setup, .teardown = teardown, .timeout = 60,
      .tests = {
          {every_operation, 2 * tg_op_count()},
          {training_goes_on},
          {a_part_of_another_graph},
          {operations_of_ones_own},
          {what_cannot_be_saved},
          {inputs_that_do_not_fit},
      })
