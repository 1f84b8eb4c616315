/* null_values.h - what test_null.c gives for the arguments that are not NULL: a world of small
 * things, and for every type of a parameter the macro v_TYPE, which null_calls.awk writes into the
 * calls. */
#ifndef TESTS_NULL_VALUES_H
#define TESTS_NULL_VALUES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tapegrad.h"
#include "tests/support/suite.h"

/* ---- what the other arguments are ----------------------------------------------------------- */

enum { VARIANTS = 5, MANY = 16 };

/* Operands of 1 to 5 axes. Everything else stays the same. */
static struct {
    tg_tape *t;
    tg_tensor *x, *index, *mask, *many[MANY], *out[MANY];
    tg_dict *dict, *images;
    tg_dataset data, other;
    tg_model *model, *made[MANY];
    tg_optimizer *optimizer;
    tg_trainer *trainer;
    tg_history *history;
    tg_plan *plan;
    tg_graph *graph;
    tg_search *search;
    tg_figure *figure;
    tg_axes *axes;
    tg_batches *batches;
    FILE *file;
    int variant;
} v;

static tg_error error;
static tg_rng rng;
static tg_curve curve;
static tg_trial trial;
static tg_range range;
static tg_progress progress;
static tg_history_row row;
static tg_plan_step step;
static tg_gradcheck_report report;
static tg_activation_stats activation_stats;
static tg_gradient_stats gradient_stats[MANY];
static tg_op_stats op_stats[MANY];
static tg_infer infer;
static tg_dtype dtype;
static char text[64];
static unsigned char bytes[1024];
static int some_int[MANY];
static int32_t some_int32[MANY];
static uint32_t some_uint32[MANY];
static int64_t some_int64[1024];
static double some_double[MANY], growing[256];
static const int axes[] = {0, 1, 2, 3, 4, 5, 6, 7};
static int64_t shape[TG_MAX_NDIM];
static const char *const names[] = {"a", "b", "c", "d"};

static tg_status one_trial(const tg_trial *one, double *results, void *user, tg_error *err)
{
    (void)user, (void)err;
    results[0] = one->values[0];
    return TG_OK;
}

static const tg_range one_range = {.name = "a", .hi = 1};

static tg_search_options search_options(void)
{
    tg_search_options o = tg_search_defaults();
    o.n_ranges = 1;
    o.ranges = &one_range;
    o.trial = one_trial;
    return o;
}

static tg_mlp_options mlp_options(void)
{
    static const int64_t sizes[] = {784, 3, 10};
    tg_mlp_options o = tg_mlp_defaults();
    o.n_sizes = 3;
    o.sizes = sizes;
    return o;
}

static tg_trainer_options trainer_options(void)
{
    tg_trainer_options o = tg_trainer_defaults();
    o.steps = 3;
    o.batch = 4;
    return o;
}

static tg_tensor *square(tg_tape *t, const tg_dict *x, void *user)
{
    (void)user;
    tg_tensor *w = tg_dict_at(x, 0);
    return tg_sum(t, tg_mul(t, w, w), TG_ALL, false);
}

static tg_tensor *region(tg_tape *t, tg_tensor *const *xs, int n, tg_rng *draws, void *user)
{
    (void)draws, (void)user;
    return n > 0 ? tg_exp(t, xs[0]) : NULL;
}

static tg_tensor *hook(tg_tape *t, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)t, (void)x, (void)user;
    return g;
}

static void no_update(const tg_update *u) { (void)u; }

static const tg_optimizer_type type = {
    .name = "none", .states = {NULL}, .update_f32 = no_update, .update_f64 = no_update};

static const tg_node *node(void)
{
    const tg_tensor *y = tg_exp(v.t, v.x);
    return y ? y->node : NULL;
}

#define OPTIONS(name) ((name##_options[]){name##_defaults()})

#define v_int (v.variant < 3 ? 1 : v.variant - 1)
#define v_int32_t 0
#define v_int64_t 1
#define v_uint64_t 1
#define v_size_t 12
#define v_double 0.5
#define v_bool true
#define v_tg_dtype TG_F32
#define v_tg_status TG_EARG
#define v_tg_reduction TG_REDUCE_MEAN
#define v_tg_dropout_form TG_DROPOUT_INVERTED
#define v_tg_pad_mode TG_PAD_CONSTANT
#define v_tg_legend_place TG_LEGEND_BEST
#define v_tg_init tg_init_he()
#define v_tg_rng rng
#define v_tg_limits ((tg_limits){1, 1})
#define v_tg_batches_state tg_batches_get_state(v.batches)

#define v_tg_tape_p v.t
#define v_c_tg_tape_p v.t
#define v_tg_tensor_p v.x
#define v_c_tg_tensor_p v.x
#define v_tg_tensor_pc_p v.many
#define v_tg_tensor_p_p v.out
#define v_leaf_index v.index
#define v_leaf_labels v.index
#define v_leaf_rows v.index
#define v_leaf_mask v.mask
#define v_leaf_condition v.mask
#define v_tg_error_p &error
#define v_tg_dict_p v.dict
#define v_c_tg_dict_p v.dict
#define v_tg_dataset_p &v.other
#define v_c_tg_dataset_p &v.data
#define v_tg_model_p v.model
#define v_c_tg_model_p v.model
#define v_tg_model_pc_p v.made
#define v_tg_optimizer_p v.optimizer
#define v_c_tg_optimizer_p v.optimizer
#define v_c_tg_optimizer_type_p &type
#define v_tg_trainer_p v.trainer
#define v_c_tg_trainer_p v.trainer
#define v_tg_history_p v.history
#define v_c_tg_history_p v.history
#define v_tg_history_row_p &row
#define v_tg_plan_p v.plan
#define v_c_tg_plan_p v.plan
#define v_tg_plan_step_p &step
#define v_tg_graph_p v.graph
#define v_c_tg_graph_p v.graph
#define v_tg_search_p v.search
#define v_c_tg_search_p v.search
#define v_tg_trial_p &trial
#define v_c_tg_trial_p &trial
#define v_tg_range_p &range
#define v_c_tg_range_p &one_range
#define v_tg_figure_p v.figure
#define v_c_tg_figure_p v.figure
#define v_tg_axes_p v.axes
#define v_tg_batches_p v.batches
#define v_c_tg_batches_p v.batches
#define v_tg_progress_p &progress
#define v_tg_curve_p &curve
#define v_tg_rng_p &rng
#define v_c_tg_rng_p &rng
#define v_tg_infer_p &infer
#define v_c_tg_node_p node()
#define v_c_tg_op_p tg_op_find(v.variant < 3 ? "exp" : "sum")
#define v_c_tg_op_pc_p ((const tg_op *const[]){tg_op_find("exp"), tg_op_find("sum")})
#define v_tg_op_stats_p op_stats
#define v_tg_gradcheck_report_p &report
#define v_tg_gradient_stats_p gradient_stats
#define v_tg_activation_stats_p &activation_stats
#define v_tg_dtype_p &dtype
#define v_FILE_p v.file
#define v_char_p text
#define v_int_p some_int
#define v_c_int_p axes
#define v_int32_t_p some_int32
#define v_uint32_t_p some_uint32
#define v_uint8_t_p bytes
#define v_int64_t_p some_int64
#define v_c_int64_t_p shape
#define v_double_p some_double
#define v_c_double_p growing
#define v_c_void_p bytes
#define v_c_char_pc_p names
#define v_c_tg_allocator_p NULL
#define v_c_tg_pass_p (&(const tg_pass){.train = true, .rng = &rng})
#define v_c_tg_conv_options_p NULL
#define v_c_tg_pool_options_p NULL
#define v_c_tg_plot_style_p ((tg_plot_style[]){tg_plot_style_defaults()})
#define v_c_tg_gradcheck_options_p OPTIONS(tg_gradcheck)
#define v_c_tg_gradient_options_p OPTIONS(tg_gradient)
#define v_c_tg_activation_options_p OPTIONS(tg_activation)
#define v_c_tg_cross_entropy_options_p OPTIONS(tg_cross_entropy)
#define v_c_tg_trainer_options_p ((tg_trainer_options[]){trainer_options()})
#define v_c_tg_simple_convnet_options_p NULL
#define v_c_tg_search_options_p ((tg_search_options[]){search_options()})
#define v_c_tg_mlp_options_p ((tg_mlp_options[]){mlp_options()})
#define v_c_tg_bayes_options_p NULL
#define v_c_tg_batch_norm_options_p ((tg_batch_norm_options[]){tg_batch_norm_book()})

#define v_tg_region region
#define v_tg_hook hook
#define v_tg_function square
#define v_any_user &rng
#define v_any_block tg_malloc(16)
#define v_any_work bytes
#define v_any_attrs bytes
#define v_text_path "/dev/null"
#define v_text_dir "/dev/null"
#define v_text_equation "...i->..."
#define v_text_format "a"
#define v_text_name "exp"
#define v_text_op "exp"
#define v_text_attrs ""
#define v_text_key "a"
#define v_text_a_name "a"
#define v_text_b_name "b"
#define v_text_label "a"
#define v_text_metric "a"
#define v_text_metrics "a"
#define v_text_pattern "*"
#define v_text_prefix "a"
#define v_text_scope "a"
#define v_text_series "a"
#define v_text_text "a"
#define v_text_title "a"
#define v_text_who "a"

/* ---- making them ---------------------------------------------------------------------------- */

static void make_tensors(void)
{
    static const int64_t shapes[VARIANTS][5] = {
        {4}, {2, 2}, {1, 2, 2}, {1, 1, 2, 2}, {1, 1, 1, 2, 2}};
    const int ndim = v.variant + 1;
    memcpy(shape, shapes[v.variant], sizeof shapes[0]);
    v.x = tg_tensor_new(TG_F32, ndim, shape, NULL);
    (void)tg_tensor_fill(v.x, 0.5, NULL);
    v.index = tg_tensor_new(TG_I32, 1, (const int64_t[]){1}, NULL);
    v.mask = tg_tensor_new(TG_U8, ndim, shape, NULL);
    for (int i = 0; i < MANY; i++) v.many[i] = tg_exp(v.t, v.x);
    for (int i = 0; i < 256; i++) growing[i] = i;
}

static void make_models(void)
{
    const tg_mlp_options net = mlp_options();
    const tg_trainer_options o = trainer_options();
    const tg_search_options so = search_options();
    ck_assert_int_eq(tg_digits_load(1, 12, 6, &v.data, &v.other, NULL), TG_OK);
    tg_dataset_free(&v.other);
    v.model = tg_mlp_new(&net, &rng, NULL);
    for (int i = 0; i < MANY; i++) v.made[i] = v.model;
    v.optimizer = tg_adam(tg_adam_defaults(), NULL);
    v.history = tg_history_new();
    (void)tg_history_add(v.history, "a", "a", 0, 1);
    v.trainer = tg_trainer_new(v.model, v.optimizer, &v.data, NULL, &o, v.history, "a", NULL);
    v.batches = tg_batches_new(12, tg_batches_defaults(), rng, NULL);
    v.search = tg_search_new(&so, NULL);
    ck_assert_int_eq(tg_search_random(v.search, 2, NULL), TG_OK);
    (void)tg_search_get(v.search, 0, &trial);
    ck_assert(v.model && v.optimizer && v.history && v.trainer && v.batches);
}

static void make_graph(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "test_null.%ld.tmp", (long)getpid());
    tg_tensor *w = tg_tensor_new(TG_F64, 1, (const int64_t[]){3}, NULL);
    v.dict = tg_dict_new();
    ck_assert_int_eq(tg_dict_take(v.dict, "a", w, NULL), TG_OK);
    tg_tape *t = tg_tape_new();
    tg_tensor *loss = square(t, v.dict, NULL);
    v.plan = tg_compile_grads(t, loss, tg_grad(t, loss, v.dict), NULL);
    ck_assert_int_eq(tg_graph_save(path, t, v.dict, NULL, 1, &loss, NULL, NULL), TG_OK);
    v.graph = tg_graph_load(path, 0, NULL, NULL);
    (void)remove(path);
    tg_tape_free(t);
    ck_assert(v.plan && v.graph);
}

static void make_world(int variant)
{
    memset(&v, 0, sizeof v);
    v.variant = variant;
    rng = tg_rng_make(1, 0);
    v.t = tg_tape_new();
    make_tensors();
    make_models();
    make_graph();
    v.figure = tg_figure_new(1, 1);
    v.axes = tg_figure_axes(v.figure, 0, 0);
    v.file = fopen("/dev/null", "w+");
    progress = tg_progress_start(v.file, "a", 10);
    infer = (tg_infer){.op = tg_op_find("exp"), .inputs = v.many, .n_inputs = 1, .err = &error};
    ck_assert(v.figure && v.axes && v.file);
}

static void free_world(void)
{
    tg_plan_free(v.plan);
    tg_graph_free(v.graph);
    tg_search_free(v.search);
    tg_figure_free(v.figure);
    tg_batches_free(v.batches);
    tg_trainer_free(v.trainer);
    tg_history_free(v.history);
    tg_optimizer_free(v.optimizer);
    tg_mlp_free(v.model);
    tg_dataset_free(&v.data);
    tg_dict_free(v.dict);
    tg_tensor_free(v.x);
    tg_tensor_free(v.index);
    tg_tensor_free(v.mask);
    tg_tape_free(v.t);
    (void)fclose(v.file);
}

#endif
