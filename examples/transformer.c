/* transformer.c - a small causal transformer learns one text by heart and writes it out again.
 *
 * x = E[c] + positions; twice: x += attention(norm(x)) Wo; x += gelu(norm(x) W1 + b1) W2 + b2. The
 * logits of the next character are norm(x) Wu. First its gradient is compared with differences in
 * f64. One text learnt by heart proves that the parts fit together, and nothing about language. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

enum { LAYERS = 2, HEADS = 2, WIDTH = 32, INNER = 128, GIVEN = 12, KEY = 32 };
enum { FIRST = 32, LETTERS = 95 }; /* printable ASCII */

static const char text[] =
    "A tape remembers what was done, each sum and product one by one. Walk back along it from the "
    "end: at every step you pass on what a small change there would have changed in the last "
    "number. No rule is known but those of single steps, and yet, when you stand at the beginning, "
    "you hold the slope of everything that came after.";

static tg_tensor *of_layer(tg_tape *t, const tg_dict *p, int layer, const char *name)
{
    char key[KEY];
    (void)snprintf(key, sizeof key, "%s%d", name, layer);
    return tg_param(t, p, key);
}

/* x (L, WIDTH) times W (WIDTH, WIDTH) -> (HEADS, L, WIDTH / HEADS) */
static tg_tensor *heads(tg_tape *t, tg_tensor *x, tg_tensor *W)
{
    tg_tensor *y = tg_matmul(t, x, W);
    return tg_transpose(t, tg_reshape(t, y, 3, (int64_t[]){-1, HEADS, WIDTH / HEADS}), 0, 1);
}

static tg_tensor *block(tg_tape *t, const tg_dict *p, int layer, tg_tensor *x)
{
    tg_tensor *u = tg_layer_norm(t, x, 1, of_layer(t, p, layer, "norm_a"), NULL, 1e-5);
    tg_tensor *seen = tg_attention(t, heads(t, u, of_layer(t, p, layer, "Wq")),
                                   heads(t, u, of_layer(t, p, layer, "Wk")),
                                   heads(t, u, of_layer(t, p, layer, "Wv")), NULL, true);
    seen = tg_reshape(t, tg_transpose(t, seen, 0, 1), 2, (int64_t[]){-1, WIDTH});
    x = tg_add(t, x, tg_matmul(t, seen, of_layer(t, p, layer, "Wo")));
    u = tg_layer_norm(t, x, 1, of_layer(t, p, layer, "norm_b"), NULL, 1e-5);
    u = tg_gelu(t, tg_affine(t, u, of_layer(t, p, layer, "W1"), of_layer(t, p, layer, "b1")));
    return tg_add(t, x, tg_affine(t, u, of_layer(t, p, layer, "W2"), of_layer(t, p, layer, "b2")));
}

/* (n, WIDTH): sin and cos of i / 10000^(2 k / WIDTH), k = 0 .. WIDTH/2 - 1. */
static tg_tensor *positions(tg_tape *t, int64_t n, tg_dtype dtype)
{
    tg_tensor *i = tg_unsqueeze(t, tg_cast(t, tg_arange(t, n), dtype), 1);
    tg_tensor *k = tg_cast(t, tg_arange(t, WIDTH / 2), dtype);
    tg_tensor *rate = tg_exp(t, tg_mul(t, k, tg_scalar(t, -2 * log(10000) / WIDTH)));
    tg_tensor *angle = tg_mul(t, i, rate);
    return tg_concat(t, 2, (tg_tensor *[]){tg_sin(t, angle), tg_cos(t, angle)}, 1);
}

/* characters i32 (L) -> logits of the next (L, LETTERS) */
static tg_tensor *network(tg_tape *t, const tg_dict *p, tg_tensor *characters)
{
    tg_tensor *x = tg_embedding(t, of_layer(t, p, 0, "E"), characters);
    if (!x) return NULL;
    x = tg_add(t, x, positions(t, x->shape[0], x->dtype));
    for (int layer = 1; layer <= LAYERS; layer++) x = block(t, p, layer, x);
    x = tg_layer_norm(t, x, 1, of_layer(t, p, 0, "norm"), NULL, 1e-5);
    return tg_matmul(t, x, of_layer(t, p, 0, "Wu"));
}

/* The mean of -ln p over all characters but the first, each from those before it. */
static tg_tensor *loss_of(tg_tape *t, const tg_dict *p, void *codes)
{
    tg_tensor *y = network(t, p, tg_slice(t, codes, 0, 0, -1, 1));
    return tg_cross_entropy(t, y, tg_slice(t, codes, 0, 1, TG_END, 1), NULL);
}

/* Random weights (in, out). Where `in` is 0 there is a row instead, of 1 in a norm and of 0
 * elsewhere. The first three exist once and are written as layer 0, the others exist in each
 * layer. */
static tg_status parameters(tg_dict *p, tg_dtype dtype, uint64_t seed, tg_error *err)
{
    enum { ONCE = 3, NAMES = 13 };
    static const struct {
        const char *name;
        int64_t in, out;
    } shapes[NAMES] = {{"E", LETTERS, WIDTH}, {"Wu", WIDTH, LETTERS}, {"norm", 0, WIDTH},
                       {"Wq", WIDTH, WIDTH},  {"Wk", WIDTH, WIDTH},   {"Wv", WIDTH, WIDTH},
                       {"Wo", WIDTH, WIDTH},  {"W1", WIDTH, INNER},   {"b1", 0, INNER},
                       {"W2", INNER, WIDTH},  {"b2", 0, WIDTH},       {"norm_a", 0, WIDTH},
                       {"norm_b", 0, WIDTH}};
    tg_rng rng = tg_rng_make(seed, 0);
    for (int layer = 0; layer <= LAYERS && !err->status; layer++)
        for (int i = layer ? ONCE : 0; i < (layer ? NAMES : ONCE); i++) {
            const int64_t in = shapes[i].in, size[] = {in, shapes[i].out};
            tg_tensor *x = tg_tensor_new(dtype, in ? 2 : 1, size + !in, err);
            char key[KEY];
            (void)snprintf(key, sizeof key, "%s%d", shapes[i].name, layer);
            (void)(in ? tg_init_fill(x, tg_init_xavier(), &rng, err)
                      : tg_tensor_fill(x, key[0] == 'n', err));
            (void)tg_dict_take(p, key, x, err);
        }
    return err->status;
}

static tg_status check_gradient(uint64_t seed, tg_tensor *codes, tg_error *err)
{
    tg_dict *p = tg_dict_new();
    tg_gradcheck_options how = tg_gradcheck_defaults();
    how.directions = 10;
    tg_gradcheck_report report = {0};
    tg_status status = parameters(p, TG_F64, seed, err);
    if (!status) status = tg_gradcheck(loss_of, codes, p, &how, &report, err);
    printf("%lld parameters; gradient against differences in f64, %d directions: error %.1e\n",
           (long long)tg_dict_count(p), how.directions, report.error);
    tg_dict_free(p);
    return status;
}

static double train(tg_tape *t, tg_dict *p, tg_tensor *codes, int64_t steps, tg_history *history,
                    tg_error *err)
{
    tg_adam_options adam = tg_adam_defaults();
    adam.lr = 0.005;
    tg_optimizer *opt = tg_adam(adam, err);
    double last = NAN;
    for (int64_t i = 1; i <= steps && !err->status; i++) {
        tg_tape_reset(t);
        tg_tensor *loss = loss_of(t, p, codes);
        last = tg_item(loss);
        (void)tg_history_add(history, "transformer", "loss", i, last);
        if (i % (steps / 5 > 0 ? steps / 5 : 1) == 0)
            printf("%6lld  loss %.4f for each character\n", (long long)i, last);
        (void)tg_optimizer_update(opt, p, tg_grad(t, loss, p), err);
    }
    tg_optimizer_free(opt);
    return last;
}

/* Keeps the first GIVEN codes and appends the most probable character, again and again. Returns how
 * many characters are those of the text. */
static int64_t write_on(tg_tape *t, const tg_dict *p, tg_tensor *codes, tg_error *err)
{
    int64_t right = 0;
    printf("after '%.*s' it writes:\n", GIVEN, text);
    for (int64_t i = GIVEN; i < codes->size && !err->status; i++) {
        tg_tape_reset(t);
        tg_tensor *y = network(t, p, tg_slice(t, codes, 0, 0, i, 1));
        tg_tensor *next = tg_argmax(t, tg_slice(t, y, 0, -1, TG_END, 1), TG_ALL, false);
        if (!next || tg_tensor_set(codes, i, tg_item(next), err)) break;
        right += FIRST + (int)tg_item(next) == text[i];
        putchar(FIRST + (int)tg_item(next));
    }
    printf("\n%lld of %lld characters are right\n", (long long)right,
           (long long)codes->size - GIVEN);
    return right;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    const int64_t length = (int64_t)strlen(text);
    int64_t steps = 200, n = length, right = 0;
    const extra extras[] = {{"--iterations", "updates", &steps},
                            {"--characters", "of the text that are learnt", &n},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "transformer", "a text learnt by heart", extras, argc, argv);
    if (stop >= 0) return stop;
    n = n < GIVEN + 1 ? GIVEN + 1 : n < length ? n : length;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(figure, 0, 0);
    tg_tape *t = tg_tape_new_on(&err);
    tg_dict *p = tg_dict_new();
    tg_curve c = {0};
    tg_tensor *codes = tg_tensor_new(TG_I32, 1, &n, &err);
    double loss = NAN;
    for (int64_t i = 0; i < n; i++) (void)tg_tensor_set(codes, i, text[i] - FIRST, &err);
    if (!err.status) (void)check_gradient(o.seed, codes, &err);
    if (!err.status) (void)parameters(p, o.dtype, o.seed, &err);
    if (!err.status) loss = train(t, p, codes, steps, history, &err);
    if (!err.status) right = write_on(t, p, codes, &err);
    (void)tg_history_curve(history, "transformer", "loss", &c, NULL);
    (void)tg_axes_line(ax, NULL, c.n, c.x, c.y, NULL);
    (void)tg_axes_title(ax, "A transformer learns a text by heart");
    (void)tg_axes_xlabel(ax, "update");
    (void)tg_axes_ylabel(ax, "-ln p for each character");
    tg_curve_free(&c);
    if (!err.status) (void)options_write(&o, history, figure, &err);
    tg_tensor_free(codes);
    tg_dict_free(p);
    tg_tape_free(t);
    tg_figure_free(figure);
    tg_history_free(history);
    if (err.status) return options_fail(&o, &err);
    if (steps >= 150 && !(right == n - GIVEN && loss < 0.1)) {
        fprintf(stderr, "transformer: did not learn as it should (loss %g)\n", loss);
        return 1;
    }
    return 0;
}
