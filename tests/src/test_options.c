/* test_options.c - structs of options that were not made by their function are refused by name, by
 * everything that takes them. The table has every such struct of the headers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/updates.h"
#include "tapegrad.h"
#include "tests/support/suite.h"

/* ---- what takes them: each tries the options and leaves what went wrong in err --------------- */

static tg_tape *tape;
static tg_rng rng;

static tg_tensor *zeros(int ndim)
{
    return tg_full(tape, TG_F64, ndim, (int64_t[]){2, 2, 2, 2}, 0);
}

static void tell(tg_error *err)
{
    if (tg_tape_status(tape))
        (void)tg_fail(err, tg_tape_status(tape), "%s", tg_tape_error(tape)->text);
}

#define TAKES(struct_name, name, ...)                                                              \
    static void name(const void *options, tg_error *err)                                           \
    {                                                                                              \
        const struct_name *o = options;                                                            \
        __VA_ARGS__;                                                                               \
        tell(err);                                                                                 \
    }

static tg_tensor *same(tg_tape *t, const tg_dict *x, void *user)
{
    (void)t, (void)user;
    return tg_param(t, x, "x");
}

typedef enum gradcheck_kind { FIRST, SECOND, OPERATION } gradcheck_kind;

static void check(gradcheck_kind kind, const tg_gradcheck_options *o, tg_error *err)
{
    tg_dict *x = tg_dict_new();
    (void)tg_dict_take(x, "x", tg_tensor_new(TG_F64, 0, NULL, err), err);
    if (kind == FIRST) (void)tg_gradcheck(same, NULL, x, o, NULL, err);
    if (kind == SECOND) (void)tg_gradgradcheck(same, NULL, x, o, NULL, err);
    if (kind == OPERATION) (void)tg_op_check(tg_op_find("neg"), o, NULL, err);
    tg_dict_free(x);
}

static void fill(const tg_init *init, tg_error *err)
{
    tg_tensor *w = tg_tensor_new(TG_F64, 2, (int64_t[]){2, 2}, err);
    (void)tg_init_fill(w, *init, &rng, err);
    tg_tensor_free(w);
}

static void add_group(const tg_group_options *o, tg_error *err)
{
    tg_optimizer *sgd = tg_sgd(tg_sgd_defaults(), err);
    (void)tg_optimizer_add_group(sgd, "*", *o, err);
    tg_optimizer_free(sgd);
}

static void train(const tg_trainer_options *o, tg_error *err)
{
    tg_dataset digits = {0}, test = {0};
    (void)tg_digits_load(1, 4, 1, &digits, &test, err);
    tg_simple_convnet_options net = tg_simple_convnet_defaults();
    net.filters = net.hidden = 2;
    tg_model *m = tg_simple_convnet_new(&net, &rng, err);
    tg_optimizer *sgd = tg_sgd(tg_sgd_defaults(), err);
    tg_trainer_free(tg_trainer_new(m, sgd, &digits, NULL, o, NULL, NULL, err));
    tg_optimizer_free(sgd);
    tg_simple_convnet_free(m);
    tg_dataset_free(&digits);
    tg_dataset_free(&test);
}

static const int64_t sizes[] = {2, 2};

static void mlp(tg_mlp_options o, tg_error *err)
{
    o.sizes = sizes, o.n_sizes = 2;
    tg_mlp_free(tg_mlp_new(&o, &rng, err));
}

static void mlp_of(const tg_init *init, const tg_batch_norm_options *bn, tg_error *err)
{
    tg_mlp_options o = tg_mlp_defaults();
    if (init) o.init = *init;
    if (bn) o.bn = *bn;
    mlp(o, err);
}

static void convnet_of(const tg_init *init, tg_error *err)
{
    tg_simple_convnet_options o = tg_simple_convnet_defaults();
    o.init = *init;
    tg_simple_convnet_free(tg_simple_convnet_new(&o, &rng, err));
}

static tg_status no_trial(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    (void)user, (void)err;
    results[0] = (double)trial->number;
    return TG_OK;
}

static void search(tg_search_options o, const tg_bayes_options *bayes, tg_error *err)
{
    const tg_range range = {.name = "x", .hi = 1};
    o.ranges = &range, o.n_ranges = 1, o.trial = no_trial;
    tg_search *s = tg_search_new(&o, err);
    if (bayes) (void)tg_search_bayes(s, 1, bayes, err);
    tg_search_free(s);
}

static void draw(int how, const tg_plot_style *style, tg_error *err)
{
    const double v[] = {0, 1, 1, 0};
    tg_figure *f = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(f, 0, 0);
    if (how == 0) (void)tg_axes_line(ax, NULL, 2, NULL, v, style);
    if (how == 1) (void)tg_axes_points(ax, NULL, 2, NULL, v, style);
    if (how == 2) (void)tg_axes_bars(ax, NULL, 2, v, 0, 1, style);
    if (how == 3) (void)tg_axes_hist(ax, NULL, 2, v, 2, 0, 1, style);
    if (how == 4) (void)tg_axes_arrows(ax, 1, v, v, v, v, 1, style);
    (void)tg_figure_write_svg(f, "/dev/null", err);
    tg_figure_free(f);
}

static void norm(const tg_batch_norm_options *o, bool training)
{
    tg_tensor *v = tg_tensor_new(TG_F64, 1, (int64_t[]){2}, NULL);
    tg_tensor *m = tg_tensor_new(TG_F64, 1, (int64_t[]){2}, NULL);
    (void)tg_batch_norm(tape, zeros(2), v, v, m, v, o, training);
    tg_tensor_free(v);
    tg_tensor_free(m);
}

static void gradients(const tg_gradient_options *o, tg_error *err)
{
    tg_dict *d = tg_dict_new();
    tg_gradient_stats stats[1];
    (void)tg_dict_take(d, "x", tg_tensor_new(TG_F64, 0, NULL, err), err);
    (void)tg_gradient_measure(d, d, o, stats, err);
    tg_dict_free(d);
}

static tg_tensor *labels(void) { return tg_cast(tape, zeros(1), TG_I32); }

TAKES(tg_activation_options, activation, tg_activation_stats s;
      (void)tg_activation_measure(zeros(2), o, &s, NULL, err))
TAKES(tg_batches_options, batches, tg_batches_free(tg_batches_new(4, *o, rng, err)))
TAKES(tg_batch_norm_options, batch_norm, norm(o, true))
TAKES(tg_batch_norm_options, batch_norm_used, norm(o, false))
TAKES(tg_batch_norm_options, mlp_norm, mlp_of(NULL, o, err))
TAKES(tg_bayes_options, bayes, search(tg_search_defaults(), o, err))
TAKES(tg_conv_options, conv1d, (void)tg_conv1d(tape, zeros(3), zeros(3), NULL, o))
TAKES(tg_conv_options, conv2d, (void)tg_conv2d(tape, zeros(4), zeros(4), NULL, o))
TAKES(tg_conv_options, back1d, (void)tg_conv_transpose1d(tape, zeros(3), zeros(3), NULL, o))
TAKES(tg_conv_options, back2d, (void)tg_conv_transpose2d(tape, zeros(4), zeros(4), NULL, o))
TAKES(tg_cross_entropy_options, entropy, (void)tg_cross_entropy(tape, zeros(2), labels(), o))
TAKES(tg_cross_entropy_options, nll, (void)tg_nll(tape, zeros(2), labels(), o))
TAKES(tg_gradcheck_options, gradcheck, check(FIRST, o, err))
TAKES(tg_gradcheck_options, gradgradcheck, check(SECOND, o, err))
TAKES(tg_gradcheck_options, op_check, check(OPERATION, o, err))
TAKES(tg_gradient_options, gradient, gradients(o, err))
TAKES(tg_group_options, group, add_group(o, err))
TAKES(tg_init, init_fill, fill(o, err))
TAKES(tg_init, init_mlp, mlp_of(o, NULL, err))
TAKES(tg_init, init_convnet, convnet_of(o, err))
TAKES(tg_mlp_options, mlp_new, mlp(*o, err))
TAKES(tg_plot_style, style_line, draw(0, o, err))
TAKES(tg_plot_style, style_points, draw(1, o, err))
TAKES(tg_plot_style, style_bars, draw(2, o, err))
TAKES(tg_plot_style, style_histogram, draw(3, o, err))
TAKES(tg_plot_style, style_arrows, draw(4, o, err))
TAKES(tg_pool_options, max_pool1d, (void)tg_max_pool1d(tape, zeros(3), o))
TAKES(tg_pool_options, max_pool2d, (void)tg_max_pool2d(tape, zeros(4), o))
TAKES(tg_pool_options, avg_pool1d, (void)tg_avg_pool1d(tape, zeros(3), o))
TAKES(tg_pool_options, avg_pool2d, (void)tg_avg_pool2d(tape, zeros(4), o))
TAKES(tg_search_options, search_new, search(*o, NULL, err))
TAKES(tg_simple_convnet_options, convnet,
      tg_simple_convnet_free(tg_simple_convnet_new(o, &rng, err)))
TAKES(tg_trainer_options, trainer, train(o, err))
#define TAKES_OPTIMIZER(name, title)                                                               \
    TAKES(tg_##name##_options, name, tg_optimizer_free(tg_##name(*o, err)))
TGI_OPTIMIZERS(TAKES_OPTIMIZER)

/* ---- the table ------------------------------------------------------------------------------ */

#define NORM "tg_batch_norm_book() or tg_batch_norm_torch()"
#define INIT "tg_init_he() or another tg_init function"
#define STYLE "tg_plot_style_defaults()"

/* struct, what takes it, what makes it, its name in the sentence, the maker in the sentence */
#define ROWS(X)                                                                                    \
    X(tg_activation_options, activation, tg_activation_defaults(), "activation_measure",           \
      "tg_activation_defaults()")                                                                  \
    X(tg_batches_options, batches, tg_batches_defaults(), "batches", "tg_batches_defaults()")      \
    X(tg_batch_norm_options, batch_norm, tg_batch_norm_book(), "batch_norm", NORM)                 \
    X(tg_batch_norm_options, batch_norm_used, tg_batch_norm_torch(), "batch_norm", NORM)           \
    X(tg_batch_norm_options, mlp_norm, tg_batch_norm_torch(), "mlp: bn", NORM)                     \
    X(tg_bayes_options, bayes, tg_bayes_defaults(), "search_bayes", "tg_bayes_defaults()")         \
    X(tg_conv_options, conv1d, tg_conv_defaults(), "conv1d", "tg_conv_defaults()")                 \
    X(tg_conv_options, conv2d, tg_conv_defaults(), "conv2d", "tg_conv_defaults()")                 \
    X(tg_conv_options, back1d, tg_conv_defaults(), "conv_transpose1d", "tg_conv_defaults()")       \
    X(tg_conv_options, back2d, tg_conv_defaults(), "conv_transpose2d", "tg_conv_defaults()")       \
    X(tg_cross_entropy_options, entropy, tg_cross_entropy_defaults(), "cross_entropy",             \
      "tg_cross_entropy_defaults()")                                                               \
    X(tg_cross_entropy_options, nll, tg_cross_entropy_defaults(), "nll",                           \
      "tg_cross_entropy_defaults()")                                                               \
    X(tg_gradcheck_options, gradcheck, tg_gradcheck_defaults(), "gradcheck",                       \
      "tg_gradcheck_defaults()")                                                                   \
    X(tg_gradcheck_options, gradgradcheck, tg_gradcheck_defaults(), "gradcheck",                   \
      "tg_gradcheck_defaults()")                                                                   \
    X(tg_gradcheck_options, op_check, tg_gradcheck_defaults(), "op_check",                         \
      "tg_gradcheck_defaults()")                                                                   \
    X(tg_gradient_options, gradient, tg_gradient_defaults(), "gradient_measure",                   \
      "tg_gradient_defaults()")                                                                    \
    X(tg_group_options, group, tg_group_defaults(), "add_group", "tg_group_defaults()")            \
    X(tg_init, init_fill, tg_init_normal(0), "init", INIT)                                         \
    X(tg_init, init_mlp, tg_init_zeros(), "mlp: init", INIT)                                       \
    X(tg_init, init_convnet, tg_init_glorot(), "convnet: init", INIT)                              \
    X(tg_mlp_options, mlp_new, tg_mlp_defaults(), "mlp", "tg_mlp_defaults()")                      \
    X(tg_plot_style, style_line, tg_plot_style_defaults(), "figure: axes (0,0): style", STYLE)     \
    X(tg_plot_style, style_points, tg_plot_style_defaults(), "figure: axes (0,0): style", STYLE)   \
    X(tg_plot_style, style_bars, tg_plot_style_defaults(), "figure: axes (0,0): style", STYLE)     \
    X(tg_plot_style, style_histogram, tg_plot_style_defaults(), "figure: axes (0,0): style",       \
      STYLE)                                                                                       \
    X(tg_plot_style, style_arrows, tg_plot_style_defaults(), "figure: axes (0,0): style", STYLE)   \
    X(tg_pool_options, max_pool1d, tg_pool_defaults(1), "max_pool1d", "tg_pool_defaults()")        \
    X(tg_pool_options, max_pool2d, tg_pool_defaults(1), "max_pool2d", "tg_pool_defaults()")        \
    X(tg_pool_options, avg_pool1d, tg_pool_defaults(1), "avg_pool1d", "tg_pool_defaults()")        \
    X(tg_pool_options, avg_pool2d, tg_pool_defaults(1), "avg_pool2d", "tg_pool_defaults()")        \
    X(tg_search_options, search_new, tg_search_defaults(), "search", "tg_search_defaults()")       \
    X(tg_simple_convnet_options, convnet, tg_simple_convnet_defaults(), "convnet",                 \
      "tg_simple_convnet_defaults()")                                                              \
    X(tg_trainer_options, trainer, tg_trainer_defaults(), "trainer", "tg_trainer_defaults()")

typedef union any {
    uint32_t made; /* the first member of each */
    unsigned char bytes[256];
    max_align_t align;
} any;

#define MAKES(type, name, maker, who, by)                                                          \
    static void make_##name(any *o)                                                                \
    {                                                                                              \
        const type made = maker;                                                                   \
        memcpy(o, &made, sizeof made);                                                             \
    }
ROWS(MAKES)
#define MAKES_OPTIMIZER(name, title) MAKES(tg_##name##_options, name, tg_##name##_defaults(), , )
TGI_OPTIMIZERS(MAKES_OPTIMIZER)

static const struct row {
    const char *type, *who, *by;
    size_t size, made_at;
    void (*take)(const void *options, tg_error *err);
    void (*make)(any *o);
} rows[] = {
#define ROW(type, name, maker, who, by)                                                            \
    {#type, who, by, sizeof(type), offsetof(type, made), name, make_##name},
    ROWS(ROW)
#define OPTIMIZER_ROW(name, title)                                                                 \
    ROW(tg_##name##_options, name, , title, "tg_" #name "_defaults()")
        TGI_OPTIMIZERS(OPTIMIZER_ROW)};

/* ---- the tests ------------------------------------------------------------------------------ */

static void start(void)
{
    tape = tg_tape_new();
    rng = tg_rng_make(1, 0);
    ck_assert_ptr_nonnull(tape);
}

static void end(void) { tg_tape_free(tape); }

static void refused(const struct row *r, const any *o)
{
    char text[256];
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(text, sizeof text, "%s: options must come from %s", r->who, r->by);
    r->take(o, &err);
    ck_assert_msg(err.status == TG_EARG && strcmp(err.text, text) == 0,
                  "%s: status %d, \"%s\" in the place of \"%s\"", r->type, err.status, err.text,
                  text);
    tg_tape_reset(tape);
}

START_TEST(others_are_refused_by_name)
{
    const struct row *r = &rows[_i];
    any o = {0}, other = {0};
    ck_assert_uint_le(r->size, sizeof o);
    ck_assert_uint_eq(r->made_at, 0);
    refused(r, &o);
    memset(&o, 0xff, sizeof o);
    refused(r, &o);
    r->make(&o);
    o.made = 0;
    refused(r, &o);
    for (int i = 0; i < COUNT(rows); i++) {
        rows[i].make(&other);
        o.made = other.made;
        if (strcmp(rows[i].type, r->type) != 0) refused(r, &o);
    }
}
END_TEST

START_TEST(those_of_the_function_are_taken)
{
    any o = {0};
    tg_error err = TG_ERROR_INIT;
    rows[_i].make(&o);
    rows[_i].take(&o, &err);
    ck_assert_msg(err.status == TG_OK, "%s: %s", rows[_i].type, err.text);
}
END_TEST

/* ---- the headers ---------------------------------------------------------------------------- */

static char *read_header(const char *name)
{
    static char text[1 << 16];
    char path[1024];
    const char *folder = getenv("srcdir");
    (void)snprintf(path, sizeof path, "%s/include/%s", folder ? folder : ".", name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file, "cannot open %s: set srcdir", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static bool in_table(const char *type, size_t n)
{
    for (int i = 0; i < COUNT(rows); i++)
        if (strlen(rows[i].type) == n && strncmp(rows[i].type, type, n) == 0) return true;
    return false;
}

/* How many structs of a header are options; all of them are in the table and begin with made. */
static int look(const char *header)
{
    int found = 0;
    for (const char *s = read_header(header); (s = strstr(s, "\ntypedef struct tg_"));) {
        s += strlen("\ntypedef struct ");
        const size_t n = strcspn(s, " ;");
        const char *body = s + n, *end_of = strchr(s, '}');
        if (strncmp(body, " {\n", 3) != 0 || !end_of) continue;
        const bool named = n > 8 && strncmp(s + n - 8, "_options", 8) == 0;
        const bool made = strncmp(body + 3, "    uint32_t made;", 18) == 0;
        ck_assert_msg(made || !named, "%.*s does not begin with made", (int)n, s);
        ck_assert_msg(!made || in_table(s, n), "%.*s is not in this test's table", (int)n, s);
        found += made;
    }
    return found;
}

START_TEST(no_struct_is_missing)
{
    char all[8192], name[128];
    int found = 0;
    (void)snprintf(all, sizeof all, "%s", read_header("tapegrad.h"));
    for (const char *s = all; (s = strstr(s, "#include \"")); s++) {
        ck_assert_int_eq(sscanf(s, "#include \"%100[^\"]\"", name), 1);
        found += look(name);
    }
    ck_assert_int_eq(found, 16 + TGI_UPDATES);
}
END_TEST

SUITE("options", .setup = start, .teardown = end,
      .tests = {
          {others_are_refused_by_name, COUNT(rows)},
          {those_of_the_function_are_taken, COUNT(rows)},
          {no_struct_is_missing},
      })
