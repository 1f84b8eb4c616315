/* test_edges_layers.c - softmax, cross-entropy, normalisation, attention, cells and dropout at the
 * edge: offsets, rows that are constant, masked, ignored, infinite or empty, squares out of range.
 */
#include "tapegrad/attention.h"
#include "tapegrad/losses.h"
#include "tapegrad/nn.h"
#include "tapegrad/normalise.h"
#include "tapegrad/recurrent.h"
#include "tests/support/edge_rows.h"

#define F(name, ...)                                                                               \
    static tg_tensor *name(tg_tape *t, tg_tensor *x) { return __VA_ARGS__; }

/* ---- softmax and cross-entropy -------------------------------------------------------------- */

static tg_tensor *numbers(const char *text) { return tensor_of(NULL, text); }

F(softmax, tg_softmax(t, x, -1))
F(log_softmax, tg_log_softmax(t, x, -1))
F(glu, tg_glu(t, x, -1))
F(ce_0, tg_cross_entropy(t, x, numbers("i32[1]: 0"), NULL))
F(ce_1, tg_cross_entropy(t, x, numbers("i32[1]: 1"), NULL))
F(ce_hot, tg_cross_entropy(t, x, beside(x, "[1,3]: 0 1 0"), NULL))
F(ce_none, tg_cross_entropy(t, x, numbers("i32[0]"), NULL))
F(nll_1, tg_nll(t, x, numbers("i32[1]: 1"), NULL))
F(nll_hot, tg_nll(t, x, beside(x, "[1,3]: 0 1 0"), NULL))

static tg_tensor *book(tg_tape *t, tg_tensor *x, tg_tensor *labels)
{
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    o.eps = 1e-7;
    return tg_cross_entropy(t, x, labels, &o);
}

F(book_0, book(t, x, numbers("i32[1]: 0")))
F(book_1, book(t, x, numbers("i32[1]: 1")))
F(book_hot, book(t, x, beside(x, "[1,3]: 1 0 0")))

static tg_tensor *ignoring(tg_tape *t, tg_tensor *x, const char *labels)
{
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    o.ignore_index = -100;
    return tg_cross_entropy(t, x, numbers(labels), &o);
}

F(ce_of_none, tg_cross_entropy(t, x, x, NULL))
F(ce_ignored, ignoring(t, x, "i32[1]: -100"))
F(ce_half_ignored, ignoring(t, x, "i32[2]: -100 1"))

static tg_tensor *ce_smooth(tg_tape *t, tg_tensor *x)
{
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    o.label_smoothing = 0.3;
    return tg_cross_entropy(t, x, numbers("i32[1]: 1"), &o);
}

static tg_tensor *ce_weightless(tg_tape *t, tg_tensor *x)
{
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    o.weights = beside(x, "[3]: 1 0 2");
    return tg_cross_entropy(t, x, numbers("i32[1]: 1"), &o);
}

/* x as weights, beside rows of equal logits, of which the first does not count. */
static tg_tensor *weighing(tg_tape *t, tg_tensor *x, const char *logits, const char *labels)
{
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    o.ignore_index = -100, o.weights = x;
    return tg_cross_entropy(t, beside(x, logits), numbers(labels), &o);
}

F(ce_weights, weighing(t, x, "[2,3]: 7 8 9 0 0 0", "i32[2]: -100 1"))
F(ce_no_weights, weighing(t, x, "[1,3]: 7 8 9", "i32[1]: -100"))

F(cosine, tg_cosine_similarity(t, x, beside(x, "[3]: 0 3 4"), 0, 0.5))
F(cosine_tiny_eps, tg_cosine_similarity(t, x, beside(x, "[3]: 3 -1 2"), 0, 1e-36))

static tg_tensor *l2_penalty(tg_tape *t, tg_tensor *x)
{
    tg_dict *d = tg_dict_new();
    ck_assert(tg_dict_set(d, "W", x, NULL) == TG_OK);
    tg_tensor *y = tg_l2_penalty(t, d, "W", 0.5);
    tg_dict_free(d);
    return y;
}

/* ---- normalisation -------------------------------------------------------------------------- */

static tg_tensor *norm_of_batch(tg_tape *t, tg_tensor *x, double eps, bool train)
{
    tg_batch_norm_options o = tg_batch_norm_book();
    const char *ones = x->shape[1] == 1 ? "[1]: 1" : "[2]: 1 1";
    const char *zeros = x->shape[1] == 1 ? "[1]: 0" : "[2]: 0 0";
    o.eps = eps;
    return tg_batch_norm(t, x, beside(x, ones), beside(x, zeros), beside(x, zeros), beside(x, ones),
                         &o, train);
}

F(batch_norm, norm_of_batch(t, x, 0.25, true))
F(batch_norm_0, norm_of_batch(t, x, 0, true))
F(batch_norm_test, norm_of_batch(t, x, 3, false))
F(layer_norm, tg_layer_norm(t, x, 1, NULL, NULL, 0.25))
F(layer_norm_0, tg_layer_norm(t, x, 1, NULL, NULL, 0))
F(rms_norm, tg_rms_norm(t, x, 1, NULL, 0.25))
F(rms_norm_0, tg_rms_norm(t, x, 1, NULL, 0))
F(group_norm, tg_group_norm(t, x, 1, NULL, NULL, 0.25))
F(group_norm_0, tg_group_norm(t, x, 1, NULL, NULL, 0))
F(instance_norm, tg_instance_norm(t, x, NULL, NULL, 0.25))
F(instance_norm_0, tg_instance_norm(t, x, NULL, NULL, 0))

/* ---- the other layers ----------------------------------------------------------------------- */

F(affine, tg_affine(t, x, beside(x, "[2,2]: 1 2 3 4"), beside(x, "[2]: 10 20")))
F(dropout_0, tg_dropout(t, x, 0, TG_DROPOUT_INVERTED, NULL, true))
F(dropout_test, tg_dropout(t, x, 0.5, TG_DROPOUT_INVERTED, NULL, false))
F(dropout_book_test, tg_dropout(t, x, 0.75, TG_DROPOUT_BOOK, NULL, false))
F(dropout_mask, tg_dropout_mask(t, x, beside(x, "[3]: 1 0 1"), 0.75, TG_DROPOUT_INVERTED))

static const char *const keys = "[3,2]: 1 0 0 1 1 1", *const values = "[3,1]: 1 2 4";

F(attention, tg_attention(t, x, beside(x, keys), beside(x, values), NULL, false))
F(attention_low, tg_attention(t, x, beside(x, keys), beside(x, values),
                              beside(x, "[1,3]: -3e38 -3e38 -3e38"), false))
F(attention_none,
  tg_attention(t, x, beside(x, keys), beside(x, values), numbers("u8[1,3]: 0 0 0"), false))
F(attention_inf,
  tg_attention(t, x, beside(x, keys), beside(x, values), beside(x, "[1,3]: -inf -inf -inf"), false))
F(attention_one,
  tg_attention(t, x, beside(x, keys), beside(x, values), numbers("u8[1,3]: 0 1 0"), false))
F(weights, tg_attention_weights(t, x, beside(x, keys), NULL, false))
F(weights_low,
  tg_attention_weights(t, x, beside(x, keys), beside(x, "[1,3]: -3e38 -3e38 -3e38"), false))

F(gru_cell, tg_gru_cell(t, x, beside(x, "[1]: 0.5"), beside(x, "[1,3]: 1 1 1"),
                        beside(x, "[1,3]: 0 0 0"), NULL, NULL))

static tg_tensor *lstm_cell(tg_tape *t, tg_tensor *x)
{
    tg_tensor *c = NULL;
    return tg_lstm_cell(t, x, beside(x, "[1]: 0"), beside(x, "[1]: -1"),
                        beside(x, "[1,4]: 1 1 1 1"), beside(x, "[1,4]: 0 0 0 0"), NULL, NULL, &c);
}

/* ---- the rows ------------------------------------------------------------------------------- */

#define LN2 "0.69314718055994531"

static const edge_row rows[] = {
    {"softmax", softmax, BOTH, "[3]: 30003 30002 30000", NULL, NULL, "[3]: 3 2 0", 1, 0},
    {"softmax", softmax, F64, "[3]: 1000003 1000002 1000000", NULL, NULL, "[3]: 3 2 0", 1, 0},
    {"softmax", softmax, BOTH, "[3]: 1e30 0 -1e30", "[3]: 1 0 0", "[3]: 0 0 0", NULL, 0, 0},
    {"softmax", softmax, BOTH, "[3]: 3e38 3e38 -3e38", "[3]: 0.5 0.5 0", "[3]: -0.25 0.25 0", NULL,
     0, 0},
    {"softmax", softmax, BOTH, "[3]: -inf 0 0", "[3]: 0 0.5 0.5", "[3]: 0 -0.25 0.25", NULL, 0, 0},
    {"softmax", softmax, BOTH, "[3]: inf 0 0", "[3]: nan nan nan", NULL, NULL, 0, 0},
    {"softmax", softmax, BOTH, "[2,2]: -inf -inf 0 0", "[2,2]: nan nan 0.5 0.5", NULL, NULL, 0, 0},
    {"softmax", softmax, BOTH, "[2,2]: nan 0 0 0", "[2,2]: nan nan 0.5 0.5", NULL, NULL, 0, 0},
    {"softmax", softmax, BOTH, "[1]: 7", "[1]: 1", "[1]: 0", NULL, 0, 0},
    {"softmax", softmax, BOTH, "[0]", "[0]", "[0]", NULL, 0, 0},
    {"softmax", softmax, BOTH, "[2,0]", "[2,0]", "[2,0]", NULL, 0, 0},
    {"log_softmax", log_softmax, BOTH, "[3]: 30003 30002 30000", NULL, NULL, "[3]: 3 2 0", 1, 0},
    {"log_softmax", log_softmax, BOTH, "[3]: 1e30 0 -1e30", "[3]: 0 -1e30 -2e30", "[3]: -5 2 3",
     NULL, 0, 0},
    {"log_softmax", log_softmax, BOTH, "[3]: -inf 0 0", "[3]: -inf -" LN2 " -" LN2, "[3]: 1 -1 0",
     NULL, 0, 0},
    {"log_softmax", log_softmax, BOTH, "[3]: -1e-40 1e-310 -0", NULL, NULL, "[3]: 0 0 0", 1, 0},
    {"log_softmax", log_softmax, BOTH, "[1]: -7", "[1]: 0", "[1]: 0", NULL, 0, 0},
    {"log_softmax", log_softmax, BOTH, "[0,3]", "[0,3]", "[0,3]", NULL, 0, 0},
    {"glu", glu, BOTH, "[2,2]: 3 0 -4 0", "[2,1]: 1.5 -2", "[2,2]: .5 .75 1 -2", NULL, 0, 0},
    {"glu", glu, BOTH, "[4]: -inf 2 -1e4 1e4", "[2]: 0 2", "[4]: 0 2 0 0", NULL, 0, 0},
    {"glu", glu, BOTH, "[0]", "[0]", "[0]", NULL, 0, 0},
    {"cross_entropy", ce_0, BOTH, "[1,3]: 30003 30002 30000", NULL, NULL, "[1,3]: 3 2 0", 1, 0},
    {"cross_entropy", ce_hot, BOTH, "[1,3]: 30003 30002 30000", NULL, NULL, "[1,3]: 3 2 0", 1, 0},
    {"cross_entropy", ce_1, BOTH, "[1,3]: -inf 0 0", "[]: " LN2, "[1,3]: 0 -.5 .5", NULL, 0, 0},
    {"cross_entropy", ce_hot, BOTH, "[1,3]: -inf 0 0", "[]: " LN2, "[1,3]: 0 -.5 .5", NULL, 0, 0},
    {"cross_entropy", ce_0, BOTH, "[1,3]: -inf 0 0", "[]: inf", NULL, NULL, 0, 0},
    {"cross_entropy", ce_0, BOTH, "[1,3]: -1e4 0 0", "[]: 10000.69314718055994531",
     "[1,3]: -1 .5 .5", NULL, 0, 0},
    {"cross_entropy", ce_1, BOTH, "[1,3]: 0 3e38 -3e38", "[]: 0", "[1,3]: 0 0 0", NULL, 0, 0},
    {"cross_entropy", ce_none, BOTH, "[0,3]", "[]: 0", "[0,3]", NULL, 0, 0},
    {"cross_entropy", ce_of_none, BOTH, "[0,3]", "[]: 0", "[0,3]", NULL, 0, 0},
    {"cross_entropy", ce_weights, BOTH, "[3]: 2 1 3", "[]: 1.0986122886681098", "[3]: 0 0 0", NULL,
     0, 0},
    {"cross_entropy", ce_weights, BOTH, "[3]: inf 1 3", "[]: 1.0986122886681098", "[3]: 0 0 0",
     NULL, 0, 0},
    {"cross_entropy", ce_no_weights, BOTH, "[3]: 2 1 3", "[]: 0", "[3]: 0 0 0", NULL, 0, 0},
    {"cross_entropy", book_1, BOTH, "[1,2]: 1e4 0", "[]: 16.118095650958319", "[1,2]: 1 -1", NULL,
     0, 0},
    {"cross_entropy", book_1, BOTH, "[1,3]: -inf 0 0", "[]: 0.69314698055996531", "[1,3]: 0 -.5 .5",
     NULL, 0, 0},
    {"cross_entropy", book_0, BOTH, "[1,3]: -inf 0 0", "[]: 16.118095650958319", "[1,3]: 0 0 0",
     NULL, 0, 0},
    {"cross_entropy", book_hot, BOTH, "[1,3]: -inf 0 0", "[]: 16.118095650958319", "[1,3]: 0 0 0",
     NULL, 0, 0},
    {"cross_entropy", ce_1, BOTH, "[1,3]: 30003 30002 30000", NULL, NULL, "[1,3]: 3 2 0", 1, 0},
    {"cross_entropy", ce_smooth, BOTH, "[1,3]: 30003 30002 30000", NULL, NULL, "[1,3]: 3 2 0", 1,
     0},
    {"cross_entropy", ce_ignored, BOTH, "[1,3]: 1 2 3", "[]: 0", "[1,3]: 0 0 0", NULL, 0, 0},
    {"cross_entropy", ce_ignored, BOTH, "[1,3]: inf nan 3", "[]: 0", "[1,3]: 0 0 0", NULL, 0, 0},
    {"cross_entropy", ce_half_ignored, BOTH, "[2,3]: -inf -inf 0 -inf 0 0", "[]: " LN2,
     "[2,3]: 0 0 0 0 -.5 .5", NULL, 0, 0},
    {"cross_entropy", ce_half_ignored, BOTH, "[2,3]: 0 0 0 -inf 0 0", "[]: " LN2,
     "[2,3]: 0 0 0 0 -.5 .5", NULL, 0, 0},
    {"cross_entropy", ce_weightless, BOTH, "[1,3]: 1 2 3", "[]: 0", "[1,3]: 0 0 0", NULL, 0, 0},
    {"nll", nll_1, BOTH, "[1,3]: -inf -1 -2", "[]: 1", "[1,3]: 0 -1 0", NULL, 0, 0},
    {"nll", nll_hot, BOTH, "[1,3]: -inf -1 -2", "[]: 1", "[1,3]: 0 -1 0", NULL, 0, 0},
    {"cosine_similarity", cosine, BOTH, "[3]: 0 0 0", "[]: 0", "[3]: 0 1.2 1.6", NULL, 0, 0},
    {"cosine_similarity", cosine, BOTH, "[3]: -0 1e-40 1e-20", NULL, "[3]: 0 1.2 1.6", NULL, 0, 0},
    {"cosine_similarity", cosine, BOTH, "[3]: 1e25 2e25 -2e25", NULL, NULL, "[3]: 1 2 -2", 1e25, 0},
    {"cosine_similarity", cosine, BOTH, "[3]: 1e38 2e38 -2e38", NULL, NULL, "[3]: 1 2 -2", 1e38, 0},
    {"cosine_similarity", cosine, F64, "[3]: 1e200 2e200 -2e200", NULL, NULL, "[3]: 1 2 -2", 1e200,
     0},
    {"cosine_similarity", cosine_tiny_eps, BOTH, "[3]: 1e-25 2e-25 -2e-25", NULL, NULL,
     "[3]: 1 2 -2", 1e-25, 0},
    {"cosine_similarity", cosine, BOTH, "[3]: nan 1 2", "[]: nan", NULL, NULL, 0, 0},
    {"l2_penalty", l2_penalty, BOTH, "[2]: 3 -4", "[]: 6.25", "[2]: 1.5 -2", NULL, 0, 0},
    {"l2_penalty", l2_penalty, BOTH, "[2]: -0 1e-10", "[]: 0.25e-20", "[2]: 0 0.5e-10", NULL, 0, 0},
    {"batch_norm", batch_norm, BOTH, "[2,1]: 5 5", "[2,1]: 0 0", "[2,1]: -1 1", NULL, 0, 0},
    {"batch_norm", batch_norm, BOTH, "[1,2]: 5 -3e38", "[1,2]: 0 0", "[1,2]: 0 0", NULL, 0, 0},
    {"batch_norm", batch_norm_0, BOTH, "[3,1]: 1e8 2e8 4e8", NULL, NULL, "[3,1]: 1 2 4", 1e8, 0},
    {"batch_norm", batch_norm_0, F64, "[3,1]: 1e-100 2e-100 4e-100", NULL, NULL, "[3,1]: 1 2 4",
     1e-100, 0},
    {"batch_norm", batch_norm_test, BOTH, "[2,1]: 4 -8", "[2,1]: 2 -4", "[2,1]: .5 1", NULL, 0, 0},
    {"batch_norm", batch_norm, BOTH, "[2,2]: nan 1 2 1", "[2,2]: nan 0 nan 0", NULL, NULL, 0, 0},
#define NORM(norm, before)                                                                         \
    {#norm, norm, BOTH, before "3]: 5 5 5", before "3]: 0 0 0", before "3]: -2 0 2", NULL, 0, 0},  \
        {#norm, norm, BOTH, before "1]: -7", before "1]: 0", before "1]: 0", NULL, 0, 0},          \
        {#norm, norm, BOTH, before "2]: inf 1", before "2]: nan nan", NULL, NULL, 0, 0},           \
        {#norm, norm, BOTH, before "0]", before "0]", before "0]", NULL, 0, 0},                    \
        {#norm, norm##_0, BOTH, before "3]: 0 0 0", before "3]: nan nan nan", NULL, NULL, 0, 0},   \
        {#norm, norm##_0, BOTH, before "3]: 1e25 2e25 4e25", NULL, NULL, before "3]: 1 2 4",       \
         1e25,  0},                                                                                \
        {#norm,                                                                                    \
         norm##_0,                                                                                 \
         BOTH,                                                                                     \
         before "3]: 0.25e38 0.5e38 1.25e38",                                                      \
         NULL,                                                                                     \
         NULL,                                                                                     \
         before "3]: 1 2 5",                                                                       \
         0.25e38,                                                                                  \
         0},                                                                                       \
        {#norm, norm##_0, BOTH, before "3]: 1e-25 2e-25 4e-25", NULL, NULL, before "3]: 1 2 4",    \
         1e-25, 0},                                                                                \
        {#norm, norm##_0, F64, before "3]: 1e200 2e200 4e200", NULL, NULL, before "3]: 1 2 4",     \
         1e200, 0},                                                                                \
    {                                                                                              \
#norm, norm##_0, F64, before "3]: 1e-200 2e-200 4e-200", NULL, NULL, before "3]: 1 2 4",   \
            1e-200, 0                                                                              \
    }
    NORM(layer_norm, "[1,"),
    NORM(group_norm, "[1,1,"),
    NORM(instance_norm, "[1,1,"),
    {"rms_norm", rms_norm, BOTH, "[3]: 0 0 0", "[3]: 0 0 0", "[3]: 2 4 6", NULL, 0, 0},
    {"rms_norm", rms_norm, BOTH, "[3]: 1e25 2e25 -2e25", NULL, NULL, "[3]: 1e20 2e20 -2e20", 1e5,
     0},
    {"rms_norm", rms_norm, BOTH, "[0]", "[0]", "[0]", NULL, 0, 0},
    {"rms_norm", rms_norm_0, BOTH, "[3]: 1e-25 2e-25 -2e-25", NULL, NULL, "[3]: 1 2 -2", 1e-25, 0},
    {"rms_norm", rms_norm_0, BOTH, "[3]: 1e25 2e25 -2e25", NULL, NULL, "[3]: 1 2 -2", 1e25, 0},
    {"rms_norm", rms_norm_0, F64, "[3]: 1e-200 2e-200 1e-200", NULL, NULL, "[3]: 1 2 1", 1e-200, 0},
    {"rms_norm", rms_norm_0, BOTH, "[1]: -3", "[1]: -1", "[1]: 0", NULL, 0, 0},
    {"affine", affine, BOTH, "[1,2]: 1 -1", "[1,2]: 8 18", "[1,2]: 5 11", NULL, 0, 0},
    {"affine", affine, BOTH, "[0,2]", "[0,2]", "[0,2]", NULL, 0, 0},
    {"affine", affine, BOTH, "[1,2]: inf 1", "[1,2]: inf inf", NULL, NULL, 0, 0},
    {"dropout", dropout_0, BOTH, "[3]: 1 -0 nan", "[3]: 1 0 nan", "[3]: 1 2 3", NULL, 0, 0},
    {"dropout", dropout_test, BOTH, "[3]: 1 inf nan", "[3]: 1 inf nan", "[3]: 1 2 3", NULL, 0, 0},
    {"dropout", dropout_test, BOTH, "[]: 4", "[]: 4", "[]: 1", NULL, 0, 0},
    {"dropout", dropout_book_test, BOTH, "[2]: 4 8", "[2]: 1 2", "[2]: .25 .5", NULL, 0, 0},
    {"dropout_mask", dropout_mask, BOTH, "[3]: 1 2 -0", "[3]: 4 0 0", "[3]: 4 0 12", NULL, 0, 0},
    {"attention", attention, BOTH, "[1,2]: 0 0", "[1,1]: 2.3333333333333333", NULL, NULL, 0, 0},
    {"attention", attention, BOTH, "[1,2]: 1e4 -1e4", "[1,1]: 1", "[1,2]: 0 0", NULL, 0, 0},
    {"attention", attention_low, BOTH, "[1,2]: 0 0", "[1,1]: 2.3333333333333333", NULL, NULL, 0, 0},
    {"attention", attention_none, BOTH, "[1,2]: 1 2", "[1,1]: 0", "[1,2]: 0 0", NULL, 0, 0},
    {"attention", attention_inf, BOTH, "[1,2]: 1 2", "[1,1]: 0", "[1,2]: 0 0", NULL, 0, 0},
    {"attention", attention_one, BOTH, "[1,2]: 1e4 -1e4", "[1,1]: 2", "[1,2]: 0 0", NULL, 0, 0},
    {"attention", attention, BOTH, "[0,2]", "[0,1]", "[0,2]", NULL, 0, 0},
    {"attention_weights", weights, BOTH, "[1,2]: -0 0",
     "[1,3]: .33333333333333333 "
     ".33333333333333333 .33333333333333333",
     NULL, NULL, 0, 0},
    {"attention_weights", weights_low, BOTH, "[1,2]: 0 0",
     "[1,3]: .33333333333333333 "
     ".33333333333333333 .33333333333333333",
     NULL, NULL, 0, 0},
    {"gru_cell", gru_cell, BOTH, "[1]: 1e4", "[1]: 0.5", "[1]: 0", NULL, 0, 0},
    {"gru_cell", gru_cell, BOTH, "[1]: -1e30", "[1]: -1", "[1]: 0", NULL, 0, 0},
    {"gru_cell", gru_cell, BOTH, "[1]: 0", "[1]: 0.25", "[1]: 0.625", NULL, 0, 0},
    {"gru_cell", gru_cell, BOTH, "[1]: nan", "[1]: nan", NULL, NULL, 0, 0},
    {"lstm_cell", lstm_cell, BOTH, "[1]: 1e4", "[1]: 0", "[1]: 0", NULL, 0, 0},
    {"lstm_cell", lstm_cell, BOTH, "[1]: -1e30", "[1]: 0", "[1]: 0", NULL, 0, 0},
};

START_TEST(at_the_edge) { check_edge_row(&rows[_i / 2], _i % 2 ? TG_F64 : TG_F32); }
END_TEST

static bool has_row(const char *name)
{
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return true;
    /* options, which test_nn and test_cross_entropy test */
    return strcmp(name, "batch_norm_book") == 0 || strcmp(name, "batch_norm_torch") == 0;
}

START_TEST(none_is_left_out)
{
    static const char *const headers[] = {"nn.h", "normalise.h", "attention.h", "recurrent.h"};
    for (int i = 0; i < COUNT(headers); i++)
        ck_assert_int_eq(functions_without(headers[i], has_row), 0);
}
END_TEST

SUITE("edges_layers", .tests = {
                          {at_the_edge, 2 * COUNT(rows)},
                          {none_is_left_out},
                      })
