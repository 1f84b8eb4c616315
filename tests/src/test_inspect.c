/* test_inspect.c - the listing, the picture and the totals of a tape, word for word. */
#include "tapegrad.h"
#include "tests/support/close.h"

static tg_tape *t;
static tg_dict *params;

static void setup(void)
{
    t = tg_tape_new();
    params = tg_dict_new();
    (void)tg_dict_set(params, "W\"1", tensor_of(NULL, "f32[3,2]"), NULL);
}

static void teardown(void)
{
    tg_dict_free(params);
    tg_tape_free(t);
    free_leaves();
}

/* sum of relu(x W) 0.5, in two scopes */
static void record(void)
{
    tg_scope_push(t, "hidden1");
    tg_tensor *h = tg_matmul(t, tensor_of(t, "f32[4,3]"), tg_param(t, params, "W\"1"));
    tg_scope_push(t, "act");
    h = tg_relu(t, h);
    tg_scope_pop(t);
    tg_scope_pop(t);
    h = tg_reshape(t, h, DIMS(8));
    h = tg_mul(t, h, tg_scalar(t, 0.5));
    (void)tg_sum(t, h, 0, true);
    assert_fine(t, "record");
}

static char *written(tg_status (*write)(const tg_tape *, const tg_dict *, FILE *))
{
    static char text[4096];
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(write(t, params, file), TG_OK);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

START_TEST(listing)
{
    record();
    ck_assert_str_eq(written(tg_tape_print), "     0  leaf  f32[4,3]\n"
                                             "     1  leaf 'W\"1'  f32[3,2]\n"
                                             "     2  matmul(0, 1)  f32[4,2]  # hidden1\n"
                                             "     3  relu(2)  f32[4,2]  # hidden1/act\n"
                                             "     4  reshape(3; shape=8)  f32[8]\n"
                                             "     5  full(value=0.5 dtype=f64 shape=)  f64[]\n"
                                             "     6  full(value=0.5 dtype=f32 shape=)  f32[]\n"
                                             "     7  mul(4, 6)  f32[8]\n"
                                             "     8  sum(7; axis=0 keepdims=true)  f32[1]\n");
}
END_TEST

START_TEST(picture)
{
    record();
    ck_assert_str_eq(
        written(tg_tape_dot),
        "digraph tape {\n"
        "  node [shape=box, fontname=\"sans-serif\"];\n"
        "  n0 [shape=ellipse, label=\"leaf\\nf32[4,3]\"];\n"
        "  n1 [shape=ellipse, label=\"W\\\"1\\nf32[3,2]\"];\n"
        "  subgraph \"cluster_hidden1\" { label=\"hidden1\"; n2 [label=\"matmul\\nf32[4,2]\"]; }\n"
        "  n0 -> n2;\n"
        "  n1 -> n2;\n"
        "  subgraph \"cluster_hidden1\" { label=\"hidden1\"; subgraph \"cluster_hidden1/act\" { "
        "label=\"act\"; n3 [label=\"relu\\nf32[4,2]\"]; } }\n"
        "  n2 -> n3;\n"
        "  n4 [label=\"reshape\\nshape=8\\nf32[8]\"];\n"
        "  n3 -> n4;\n"
        "  n5 [label=\"full\\nvalue=0.5 dtype=f64 shape=\\nf64[]\"];\n"
        "  n6 [label=\"full\\nvalue=0.5 dtype=f32 shape=\\nf32[]\"];\n"
        "  n7 [label=\"mul\\nf32[8]\"];\n"
        "  n4 -> n7;\n"
        "  n6 -> n7;\n"
        "  n8 [label=\"sum\\naxis=0 keepdims=true\\nf32[1]\"];\n"
        "  n7 -> n8;\n"
        "}\n");
}
END_TEST

START_TEST(totals)
{
    record();
    const tg_op_stats want[] = {{"matmul", 1, 32, 2 * 4 * 3 * 2},
                                {"mul", 1, 32, 8},
                                {"relu", 1, 32, 8},
                                {"sum", 1, 4, 8},
                                {"full", 2, 12, 0},
                                {"reshape", 1, 0, 0}};
    tg_op_stats got[8] = {{0}};
    ck_assert_int_eq(tg_tape_stats(t, NULL, 0), COUNT(want));
    ck_assert_int_eq(tg_tape_stats(t, got, 2), COUNT(want));
    ck_assert_ptr_null(got[2].name);
    ck_assert_int_eq(tg_tape_stats(t, got, COUNT(got)), COUNT(want));
    for (int i = 0; i < COUNT(want); i++) {
        ck_assert_str_eq(got[i].name, want[i].name);
        ck_assert_int_eq(got[i].nodes, want[i].nodes);
        ck_assert_int_eq(got[i].bytes, want[i].bytes);
        ck_assert_double_eq(got[i].flops, want[i].flops);
    }
}
END_TEST

START_TEST(products_in_a_stack)
{
    tg_op_stats s;
    (void)tg_matmul(t, tensor_of(t, "f32[5,4,3]"), tensor_of(t, "f32[3,2]"));
    ck_assert(tg_tape_stats(t, &s, 1) == 1 && s.flops == 5 * 2 * 4 * 3 * 2);
    tg_tape_reset(t);
    (void)tg_matmul(t, tensor_of(t, "f32[4,0]"), tensor_of(t, "f32[0,2]"));
    ck_assert(tg_tape_stats(t, &s, 1) == 1 && s.flops == 0 && s.bytes == 32);
    tg_tape_reset(t);
    (void)tg_det(t, tensor_of(t, "f32[2,3,3]"));
    ck_assert(tg_tape_stats(t, &s, 1) == 1 && s.flops == 2 * 2 * 27 / 3);
}
END_TEST

START_TEST(an_empty_tape)
{
    ck_assert_str_eq(written(tg_tape_print), "");
    ck_assert_int_eq(tg_tape_stats(t, NULL, 0), 0);
    ck_assert_int_eq(tg_tape_stats(NULL, NULL, 0), 0);
}
END_TEST

START_TEST(failures)
{
    record();
    ck_assert_int_eq(tg_tape_print(NULL, NULL, stdout), TG_EARG);
    ck_assert_int_eq(tg_tape_print(t, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_tape_dot(t, NULL, NULL), TG_EARG);
    FILE *full = fopen("/dev/full", "w");
    if (!full) return;
    ck_assert_int_eq(tg_tape_print(t, params, full), TG_EIO);
    clearerr(full);
    ck_assert_int_eq(tg_tape_dot(t, params, full), TG_EIO);
    (void)fclose(full);
}
END_TEST

/* ---- attributes ----------------------------------------------------------------------------- */

/* From text to text and back again: the attributes of every sample of every operation. */
START_TEST(attributes_as_text)
{
    const tg_op *op = tg_op_at(_i);
    char text[512], again[512];
    for (const tg_sample *s = op->samples; op->attrs && (s->inputs || s->attrs); s++) {
        void *a = tg_tape_alloc(t, op->attrs_size), *b = tg_tape_alloc(t, op->attrs_size);
        ck_assert_int_eq(tg_attrs_parse(t, op, s->attrs, a), TG_OK);
        (void)tg_attrs_describe(op, a, text, sizeof text);
        ck_assert_msg(tg_attrs_parse(t, op, text, b) == TG_OK, "%s", tg_tape_message(t));
        ck_assert_str_eq(tg_attrs_describe(op, b, again, sizeof again), text);
        for (const tg_attr_def *d = op->attrs; d->name; d++)
            ck_assert_ptr_nonnull(strstr(text, d->name));
    }
}
END_TEST

START_TEST(attributes_are_cut_to_size)
{
    const tg_op *op = tg_op_find("sum");
    void *a = tg_tape_alloc(t, op->attrs_size);
    char text[10] = "?????????";
    ck_assert_int_eq(tg_attrs_parse(t, op, "axis=1,-2 keepdims=true", a), TG_OK);
    ck_assert_str_eq(tg_attrs_describe(op, a, text, sizeof text), "axis=1,-2");
    ck_assert_str_eq(tg_attrs_describe(op, a, text, 1), "");
    text[0] = 'x';
    (void)tg_attrs_describe(op, a, text, 0);
    ck_assert_int_eq(text[0], 'x');
    ck_assert_str_eq(tg_attrs_describe(op, NULL, text, sizeof text), "");
}
END_TEST

SUITE("inspect", .setup = setup, .teardown = teardown,
      .tests = {
          {listing},
          {picture},
          {totals},
          {products_in_a_stack},
          {an_empty_tape},
          {failures},
          {attributes_as_text, tg_op_count()},
          {attributes_are_cut_to_size},
      })
