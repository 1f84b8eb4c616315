/* test_apply.c - the registry and the headers hold the same operations, each complete, and
 * operations can be applied by descriptor and by name. */
#include <ctype.h>

#include "tests/support/tape.h"

/* ---- the registry --------------------------------------------------------------------------- */

/* Makes square matrices of 0, 1, 2, ... regular. */
static void add_to_diagonal(tg_tensor *x)
{
    const int64_t n = x->shape[x->ndim - 1];
    for (int64_t i = 0; i < x->size; i++)
        if (i / n % n == i % n) write_at(x, i, read_at(x, i) + (double)(n * x->size));
}

/* The operands of a sample, as f64: "f[2,3]:~0.2..2 i[2]" into leaves of 0, 1, 2, ... */
static int sample_inputs(const char *text, tg_tensor **x, int most)
{
    int n = 0;
    while (text && *text && n < most) {
        char word[64];
        const char *end = strchr(text, ']');
        ck_assert_msg(end && strchr("fibd", *text) && text[1] == '[', "'%s'", text);
        (void)snprintf(word, sizeof word, "%s%.*s",
                       *text == 'i'   ? "i32"
                       : *text == 'b' ? "u8"
                                      : "f64",
                       (int)(end - text), text + 1);
        x[n] = tensor_of(t, word);
        if (*text == 'd') add_to_diagonal(x[n]);
        n++;
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return n;
}

static void check_attrs(const tg_op *op)
{
    const size_t sizes[] = {sizeof(int64_t),  sizeof(uint64_t), sizeof(double), sizeof(bool),
                            sizeof(tg_dtype), sizeof(tg_ints),  sizeof(char *), sizeof(uint64_t),
                            sizeof(uint64_t), sizeof(uint64_t)};
    ck_assert_msg((op->attrs != NULL) == (op->attrs_size > 0), "%s", op->name);
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        ck_assert_msg(*d->name && (int)d->kind >= 0 && (int)d->kind < COUNT(sizes), "%s", op->name);
        ck_assert_msg(d->offset + sizes[d->kind] <= op->attrs_size, "%s: %s", op->name, d->name);
        for (const tg_attr_def *e = op->attrs; e != d; e++)
            ck_assert_msg(strcmp(e->name, d->name) != 0, "%s: %s twice", op->name, d->name);
    }
}

/* An operation without a forward must be a view. */
static void check_view(const tg_op *op)
{
    tg_tensor *x[1];
    ck_assert_int_eq(sample_inputs(op->samples[0].inputs, x, 1), 1);
    const tg_tensor *y = tg_apply_text(t, op->name, x, 1, op->samples[0].attrs);
    assert_fine(t, op->name);
    ck_assert_msg(y->storage && y->storage == x[0]->storage, "%s has no forward", op->name);
}

START_TEST(every_operation_is_whole)
{
    const tg_op *op = tg_op_at(_i);
    ck_assert(op && op->name && *op->name && op->infer);
    for (const char *c = op->name; *c; c++) ck_assert(islower(*c) || *c == '_' || isdigit(*c));
    ck_assert_ptr_eq(tg_op_find(op->name), op);
    for (int j = 0; j < _i; j++) ck_assert_str_ne(tg_op_at(j)->name, op->name);
    ck_assert_msg(op->formula && *op->formula, "%s has no formula", op->name);
    ck_assert_msg((op->derivative != NULL) == (op->vjp != NULL), "%s: text, or VJP?", op->name);
    ck_assert_msg(!(op->vjp && op->flags & TG_OP_ZERO_GRAD), "%s: VJP, or 0?", op->name);
    ck_assert_msg(op->max_inputs < 0 || op->min_inputs <= op->max_inputs, "%s", op->name);
    ck_assert_int_ge(op->min_inputs, 0);
    bool map = false;
    for (int d = 0; d < TG_DTYPE_COUNT; d++) map = map || op->map[d];
    ck_assert_msg(map == (op->forward == tg_forward_elementwise), "%s: map, or forward?", op->name);
    check_attrs(op);
    const tg_sample *s = op->samples;
    ck_assert_msg(s && (s->inputs || s->attrs), "%s has no samples", op->name);
    /* Each sample is accepted, except for indices, which may be out of range here. */
    for (; s->inputs || s->attrs; s++, tg_tape_reset(t)) {
        tg_tensor *x[8];
        const int n = sample_inputs(s->inputs, x, COUNT(x));
        const tg_tensor *y = tg_apply_text(t, op->name, x, n, s->attrs);
        ck_assert_msg(y || tg_tape_status(t) == TG_EINDEX, "%s", tg_tape_message(t));
        ck_assert(!y || (y->node->op == op && y->tape == t));
    }
    if (!op->forward) check_view(op);
}
END_TEST

START_TEST(the_registry_ends)
{
    ck_assert_int_gt(tg_op_count(), 40);
    ck_assert(!tg_op_at(-1) && !tg_op_at(tg_op_count()) && !tg_op_at(1 << 30) &&
              !tg_op_at(INT32_MIN));
    ck_assert(!tg_op_find(NULL) && !tg_op_find("") && !tg_op_find("ad") && !tg_op_find("add "));
    ck_assert(!tg_op_find("ADD") && !tg_op_find("tg_add"));
}
END_TEST

/* ---- the header ----------------------------------------------------------------------------- */

/* Functions of ops_*.h that are compositions of operations and not operations. */
static const char *const composed[] = {"all",
                                       "any",
                                       "argmin",
                                       "clamp",
                                       "dot",
                                       "einsum",
                                       "embedding",
                                       "eye",
                                       "flip",
                                       "full_like",
                                       "logsumexp_axes",
                                       "masked_fill",
                                       "masked_select",
                                       "max_axes",
                                       "mean",
                                       "mean_axes",
                                       "min",
                                       "min_axes",
                                       "moveaxis",
                                       "nanmean",
                                       "nanmean_axes",
                                       "nansum_axes",
                                       "norm",
                                       "norm_axes",
                                       "ones",
                                       "ones_like",
                                       "outer",
                                       "pad",
                                       "prod",
                                       "prod_axes",
                                       "repeat",
                                       "roll",
                                       "scalar",
                                       "set_slice",
                                       "slogdet",
                                       "sort",
                                       "squeeze",
                                       "stack",
                                       "std",
                                       "std_axes",
                                       "sum_axes",
                                       "swapaxes",
                                       "tensordot",
                                       "tile",
                                       "topk",
                                       "trace",
                                       "tril",
                                       "triu",
                                       "unsqueeze",
                                       "var",
                                       "var_axes",
                                       "zeros",
                                       "zeros_like"};

/* Appends a public header to text, which has room for size. */
static void read_header(const char *name, size_t length, char *text, size_t size)
{
    char path[1024];
    const char *folder = getenv("srcdir");
    (void)snprintf(path, sizeof path, "%s/include/%.*s", folder ? folder : ".", (int)length, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file, "cannot open %s: set srcdir", path);
    const size_t used = strlen(text), n = fread(text + used, 1, size - used - 1, file);
    text[used + n] = '\0';
    ck_assert_msg(used + n < size - 1, "%s: the headers of operations have grown too long", path);
    (void)fclose(file);
}

/* The headers that ops.h includes, one after the other. */
static char *header(void)
{
    static const char start[] = "\n#include \"";
    static char list[1 << 14], text[1 << 17];
    list[0] = text[0] = '\0';
    read_header("tapegrad/ops.h", 14, list, sizeof list);
    for (const char *c = list; (c = strstr(c, start)) != NULL;) {
        c += strlen(start);
        read_header(c, strcspn(c, "\""), text, sizeof text);
    }
    return text;
}

/* The place where a header of operations declares the function, or NULL. */
static const char *declared(const char *text, const char *name)
{
    char line[128];
    (void)snprintf(line, sizeof line, "\ntg_tensor *tg_%s(tg_tape *t", name);
    return strstr(text, line);
}

START_TEST(every_operation_has_its_function)
{
    const char *text = header();
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        const char *c = declared(text, op->name);
        ck_assert_msg(c, "no header of operations declares tg_%s", op->name);
        int operands = 0;
        const char *end = strchr(c, ')'), *list = strstr(c, "tg_tensor *const *");
        for (c = strchr(c, '('); (c = strstr(c + 1, "tg_tensor *")) && c < end;) operands++;
        ck_assert_msg(op->max_inputs == (list && list < end ? -1 : operands), "tg_%s", op->name);
        ck_assert_msg(op->max_inputs < 0 || op->min_inputs == operands, "tg_%s", op->name);
    }
    for (int i = 0; i < COUNT(composed); i++) {
        ck_assert_msg(declared(text, composed[i]), "no header of operations declares tg_%s",
                      composed[i]);
        ck_assert_msg(!tg_op_find(composed[i]), "%s is an operation", composed[i]);
    }
}
END_TEST

START_TEST(every_function_has_its_operation)
{
    const char start[] = "\ntg_tensor *tg_";
    int functions = 0;
    for (const char *c = strstr(header(), start); c; c = strstr(c, start), functions++) {
        char name[64];
        c += strlen(start);
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(c, "("), c);
        bool known = tg_op_find(name) != NULL;
        for (int i = 0; i < COUNT(composed); i++) known = known || strcmp(name, composed[i]) == 0;
        ck_assert_msg(known, "tg_%s is declared, but neither in the registry nor a composition",
                      name);
    }
    ck_assert_int_eq(functions, tg_op_count() + COUNT(composed));
}
END_TEST

/* ---- the doors ------------------------------------------------------------------------------ */

START_TEST(applied_by_name_and_by_descriptor)
{
    tg_tensor *x = tensor_of(t, "f32[2,3]"), *index = tensor_of(t, "i32[2]: 2 0"),
              *in[] = {x, index};
    assert_tensor(t, "pick", tg_apply_text(t, "pick", in, 2, NULL), "f32[2]: 2 3", 0);
    assert_tensor(t, "pick", tg_apply_text(t, "pick", in, 2, ""), "f32[2]: 2 3", 0);
    assert_tensor(t, "pick", tg_apply(t, tg_op_find("pick"), in, 2, NULL), "f32[2]: 2 3", 0);
    assert_tensor(t, "slice", tg_apply_text(t, "slice", in, 1, " stop=-1   step=1 axis=-1 "),
                  "f32[2,2]: 0 1 3 4", 0);
    const tg_tensor *y = tg_apply_text(t, "transpose", in, 1, "axis1=0");
    assert_tensor(t, "transpose", y, "f32[3,2]: 0 3 1 4 2 5", 0);
    /* The tape has a copy of the attributes. */
    const tg_op *op = tg_op_find("cast");
    void *attrs = calloc(1, op->attrs_size);
    ck_assert_int_eq(tg_attrs_parse(t, op, "dtype=f64", attrs), TG_OK);
    y = tg_apply(t, op, in, 1, attrs);
    ck_assert(y && y->dtype == TG_F64 && y->node->attrs != attrs);
    free(attrs);
    tg_tensor *dx = NULL, *z = tg_square(t, tg_cast(t, x, TG_F64));
    ck_assert_int_eq(tg_vjp(t, 1, &z, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "dx", dx, "f32[2,3]: 0 2 4 6 8 10", 0);
}
END_TEST

START_TEST(doors_that_stay_shut)
{
    tg_tensor *x = tensor_of(t, "f32[2]"), *in[] = {x, x, x};
    const tg_op *neg = tg_op_find("neg"), *cast = tg_op_find("cast"), none = {.name = "none"};
    tg_op nameless = *neg;
    nameless.name = NULL;
#define SHUT(call, status, text) ck_assert(!(call)), assert_error(t, status, text), tg_tape_reset(t)
    SHUT(tg_apply_text(t, NULL, in, 1, NULL), TG_EKEY, "apply: no operation 'NULL'");
    SHUT(tg_apply_text(t, "nothing", in, 1, NULL), TG_EKEY, "apply: no operation 'nothing'");
    SHUT(tg_apply(t, NULL, in, 1, NULL), TG_EKEY, "apply: no such operation");
    SHUT(tg_apply(t, &none, in, 1, NULL), TG_EARG, "apply: the descriptor has no name or no infer");
    SHUT(tg_apply(t, &nameless, in, 1, NULL), TG_EARG,
         "apply: the descriptor has no name or no infer");
    SHUT(tg_apply(t, neg, NULL, 1, NULL), TG_EARG, "neg: no operands");
    SHUT(tg_apply(t, neg, in, -1, NULL), TG_EARG, "neg: no operands");
    SHUT(tg_apply(t, neg, NULL, 0, NULL), TG_EARG, "neg: 0 operands given, takes 1");
    SHUT(tg_apply(t, neg, in, 2, NULL), TG_EARG, "neg: 2 operands given, takes 1");
    SHUT(tg_apply_text(t, "where", in, 2, NULL), TG_EARG, "where: 2 operands given, takes 3");
    SHUT(tg_apply(t, cast, in, 1, NULL), TG_EARG, "cast: attributes are missing");
    SHUT(tg_apply_text(t, "neg", in, 1, "axis=0"), TG_EKEY, "neg: there is no attribute 'axis'");
    SHUT(tg_apply_text(t, "cast", in, 1, "dtype=f16"), TG_EARG,
         "cast: 'f16' is not a value for attribute 'dtype'");
    tg_scope_push(t, "here");
    SHUT(tg_apply_text(t, "nothing", in, 1, NULL), TG_EKEY,
         "apply: no operation 'nothing' (in here)");
}
END_TEST

SUITE("apply", .with = {TAPE},
      .tests = {
          {every_operation_is_whole, tg_op_count()},
          {the_registry_ends},
          {every_operation_has_its_function},
          {every_function_has_its_operation},
          {applied_by_name_and_by_descriptor},
          {doors_that_stay_shut},
      })
