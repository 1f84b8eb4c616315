/* test_einsum.c - einsum against a loop over all values of all labels, and its named products. */
#include <math.h>
#include <string.h>

#include "tapegrad/gradcheck.h"
#include "tapegrad/ops.h"
#include "tests/support/suite.h"

enum { MOST = 4 };

/* The sizes of the labels a, b, c, ... in every row. After a '1' the axis of a label has size 1.
 * `plain` is the equation with "..." written out as labels from u on, which the loop follows. */
static const int64_t sizes[26] = {2, 3, 4, 2, 3, 1, 2, 3, 2, 3, 4, 2, 3, 2, 1, 2, 3, 2, 2, 3, 2, 3};

static const struct {
    const char *equation, *plain;
} rows[] = {
    {"ij,jk->ik", "ij,jk->ik"},
    {"ij,jk", "ij,jk->ik"},
    {"ij->ji", "ij->ji"},
    {"ji", "ji->ij"},
    {"ij->", "ij->"},
    {"ij->j", "ij->j"},
    {"i,i->", "i,i->"},
    {"i,j->ij", "i,j->ij"},
    {"i,j->ji", "i,j->ji"},
    {"bij,bjk->bik", "bij,bjk->bik"},
    {"bij,jk->bik", "bij,jk->bik"},
    {"ii->i", "ii->i"},
    {"ii->", "ii->"},
    {"iji->j", "iji->j"},
    {"iij,jk->ki", "iij,jk->ki"},
    {"ij,jk,kl->il", "ij,jk,kl->il"},
    {"ij,ij,ij->i", "ij,ij,ij->i"},
    {"abc,bad->cd", "abc,bad->cd"},
    {"abc,cde->abde", "abc,cde->abde"},
    {"ab,cd->abcd", "ab,cd->abcd"},
    {"ab,cd->", "ab,cd->"},
    {"a,ab,abc,cd->d", "a,ab,abc,cd->d"},
    {"...i,i->...", "uvi,i->uv"},
    {"...ij,...jk->...ik", "uvij,vjk->uvik"},
    {"i...->...i", "iuv->uvi"},
    {"i j , j k -> i k", "ij,jk->ik"},
    {"b1j,bjk->bk", "bj,bjk->bk"},
    {"aBc,cBd->aBd", "abc,cbd->abd"},
    {",i->i", ",i->i"},
};

static int64_t size_of(char c) { return sizes[c - 'a']; }

/* The tensors that the terms of a plain equation stand for. */
static int make(const char *plain, tg_dict *d)
{
    int n = 0;
    const char *p = plain;
    for (;; n++) {
        int64_t shape[8];
        int ndim = 0;
        for (; *p && *p != ',' && *p != '-'; p++) shape[ndim++] = size_of(*p);
        tg_tensor *x = tg_tensor_new(TG_F64, ndim, shape, NULL);
        for (int64_t i = 0; i < x->size; i++)
            (void)tg_tensor_set(x, i, sin(1.7 * (double)i + n + 1), NULL);
        const char key[2] = {(char)('0' + n), 0};
        (void)tg_dict_take(d, key, x, NULL);
        if (*p++ != ',') return n + 1;
    }
}

static int64_t position(const char *labels, size_t n, const int64_t *value)
{
    int64_t at = 0;
    for (size_t i = 0; i < n; i++) at = at * size_of(labels[i]) + value[labels[i] - 'a'];
    return at;
}

/* y += product, for every value of every label. */
static void walk(const char *plain, const tg_dict *d, double *y)
{
    int64_t value[26] = {0};
    const char *result = strstr(plain, "->") + 2;
    for (;;) {
        double product = 1;
        const char *p = plain;
        for (int k = 0; k < tg_dict_size(d); k++) {
            const size_t n = strcspn(p, ",-");
            product *= tg_tensor_get(tg_dict_at(d, k), position(p, n, value));
            p += n + 1;
        }
        y[position(result, strlen(result), value)] += product;
        int l = 0;
        for (; l < 26; l++) {
            if (!memchr(plain, 'a' + l, (size_t)(result - plain))) continue;
            if (++value[l] < sizes[l]) break;
            value[l] = 0;
        }
        if (l == 26) return;
    }
}

static tg_tensor *apply(tg_tape *t, const tg_dict *d, void *user)
{
    tg_tensor *xs[MOST];
    for (int k = 0; k < tg_dict_size(d); k++) xs[k] = tg_dict_at(d, k);
    return tg_einsum(t, user, tg_dict_size(d), xs);
}

START_TEST(test_equation)
{
    double y[512] = {0};
    char equation[64];
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = tg_tape_new();
    tg_dict *d = tg_dict_new();
    (void)make(rows[_i].plain, d);
    /* "1" in an equation: a label f of size 1 that the plain form leaves out. */
    strcpy(equation, rows[_i].equation);
    char *one = strchr(equation, '1');
    if (one) {
        *one = 'z';
        tg_tensor *x = tg_dict_at(d, 0);
        const int64_t wide[] = {x->shape[0], 1, x->shape[1]};
        tg_tensor *w = tg_tensor_from(TG_F64, 3, wide, x->data, NULL);
        (void)tg_dict_take(d, "0", w, NULL);
    }
    tg_tensor *got = apply(t, d, equation);
    ck_assert_msg(got != NULL, "%s: %s", equation, tg_tape_message(t));
    if (one) {
        const int64_t narrow[] = {sizes[1], sizes[9]};
        tg_tensor *x = tg_tensor_from(TG_F64, 2, narrow, tg_dict_at(d, 0)->data, NULL);
        (void)tg_dict_take(d, "0", x, NULL);
    }
    walk(rows[_i].plain, d, y);
    for (int64_t i = 0; i < got->size; i++)
        ck_assert_msg(fabs(tg_tensor_get(got, i) - y[i]) < 1e-12, "%s[%d]: %g, not %g", equation,
                      (int)i, tg_tensor_get(got, i), y[i]);
    if (!one) {
        ck_assert_msg(tg_gradcheck(apply, equation, d, NULL, NULL, &err) == TG_OK, "%s", err.text);
        ck_assert_msg(tg_gradgradcheck(apply, equation, d, NULL, NULL, &err) == TG_OK, "%s",
                      err.text);
    }
    tg_dict_free(d);
    tg_tape_free(t);
}
END_TEST

START_TEST(test_refusals)
{
    const struct {
        const char *equation;
        tg_status status;
        const char *text;
    } wrong[] = {
        {"ij", TG_EARG, "einsum: 'ij': names 1 operands, 2 are given"},
        {"ij,jk,kl", TG_EARG, "einsum: 'ij,jk,kl': names 3 operands, 2 are given"},
        {"ij,jk->il", TG_EARG, "einsum: 'ij,jk->il': label 'l' of the result is in no operand"},
        {"ij,jk->ii", TG_EARG, "einsum: 'ij,jk->ii': label 'i' of the result is given twice"},
        {"ij,ij->i", TG_ESHAPE, "einsum: 'ij,ij->i': label 'i' has sizes 2 and 3"},
        {"ijk,jk->i", TG_ESHAPE, "einsum: 'ijk,jk->i': operand 1 has 2 axes and 3 labels"},
        {"i?,jk->i", TG_EARG, "einsum: 'i?,jk->i': '?' is not a letter"},
        {"i..,jk->i", TG_EARG, "einsum: 'i..,jk->i': '...' is misplaced"},
        {"ij,jk-i", TG_EARG, "einsum: 'ij,jk-i': expected '->', found '-i'"},
    };
    tg_tape *t = tg_tape_new();
    tg_tensor *xs[] = {tg_full(t, TG_F64, 2, (int64_t[]){2, 3}, 1),
                       tg_full(t, TG_F64, 2, (int64_t[]){3, 4}, 1)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_ptr_null(tg_einsum(t, wrong[i].equation, 2, xs));
        ck_assert_int_eq(tg_tape_status(t), wrong[i].status);
        ck_assert_str_eq(tg_tape_message(t), wrong[i].text);
        tg_tape_reset(t);
        xs[0] = tg_full(t, TG_F64, 2, (int64_t[]){2, 3}, 1);
        xs[1] = tg_full(t, TG_F64, 2, (int64_t[]){3, 4}, 1);
    }
    tg_tape_free(t);
}
END_TEST

START_TEST(test_products)
{
    const double a[] = {1, 2, 3, 4, 5, 6}, b[] = {-1, 2, 0.5};
    tg_tape *t = tg_tape_new();
    tg_tensor *m = tg_tensor_from(TG_F64, 2, (int64_t[]){2, 3}, a, NULL);
    tg_tensor *v = tg_tensor_from(TG_F64, 1, (int64_t[]){3}, b, NULL);
    ck_assert_double_eq(tg_item(tg_dot(t, v, v)), 1 + 4 + 0.25);
    tg_tensor *o = tg_outer(t, m, v);
    ck_assert_int_eq(o->shape[0], 6);
    for (int i = 0; i < 18; i++) ck_assert_double_eq(tg_tensor_get(o, i), a[i / 3] * b[i % 3]);
    tg_tensor *d = tg_tensordot(t, m, v, 1, (int[]){-1}, (int[]){0});
    ck_assert_double_eq(tg_tensor_get(d, 1), -4 + 10 + 3);
    tg_tensor *mm = tg_tensordot(t, m, m, 2, (int[]){0, 1}, (int[]){0, 1});
    ck_assert_double_eq(tg_item(mm), 91);
    ck_assert_int_eq(tg_tensordot(t, m, v, 0, NULL, NULL)->ndim, 3);
    ck_assert_ptr_null(tg_tensordot(t, m, v, 1, (int[]){0}, (int[]){0}));
    ck_assert_str_eq(tg_tape_message(t), "tensordot: axes 0 and 0 have sizes 2 and 3");
    tg_tape_free(t);
    tg_tensor_free(m), tg_tensor_free(v);
}
END_TEST

SUITE("einsum", .timeout = 60,
      .tests = {
          {test_equation, COUNT(rows)},
          {test_refusals},
          {test_products},
      })
