/* test_scope.c - scopes: the path that they form, which values get it, and what a pop removes. */
#include "tests/support/tape.h"

/* + pushes a name, - pops. */
static const struct {
    const char *moves[9], *scope;
} scopes[] = {{{NULL}, ""},
              {{"+hidden1"}, "hidden1"},
              {{"+hidden1", "+batch_norm"}, "hidden1/batch_norm"},
              {{"+a", "+b", "-"}, "a"},
              {{"+a", "+b", "-", "-"}, ""},
              {{"-", "-", "+a"}, "a"},
              {{"+a", "-", "-", "-", "+b", "+c"}, "b/c"},
              {{"+a", "+", "+b", "-", "-"}, "a"},
              {{"+", "+a", "-", "-", "-", "+x"}, "x"},
              {{"+encoder/layer1", "+b", "-"}, "encoder/layer1"},
              {{"+encoder/layer1", "-"}, ""},
              {{"+a", "+b/c/d", "-", "+e"}, "a/e"},
              {{"+a", "+/", "-", "-"}, ""}};

START_TEST(scopes_are_paths)
{
    char text[256];
    tg_tensor *x = tensor_of(t, "f32[2]");
    for (int round = 0; round < 2; round++) { /* a reset pops all */
        for (int i = 0; scopes[_i].moves[i]; i++)
            if (scopes[_i].moves[i][0] == '+')
                tg_scope_push(t, scopes[_i].moves[i] + 1);
            else
                tg_scope_pop(t);
        ck_assert_str_eq(tg_neg(t, x)->node->scope, scopes[_i].scope);
        ck_assert_ptr_null(tg_exp(t, NULL));
        (void)snprintf(text, sizeof text, "exp: operand 1 is NULL%s%s%s",
                       *scopes[_i].scope ? " (in " : "", scopes[_i].scope,
                       *scopes[_i].scope ? ")" : "");
        assert_error(t, TG_EARG, text);
        tg_tape_reset(t);
    }
}
END_TEST

START_TEST(scopes_of_any_length_and_depth)
{
    tg_tensor *x = tensor_of(t, "f32[2]");
    for (int i = 0; i < 500; i++) tg_scope_push(t, "a_name_of_some_length");
    ck_assert_uint_eq(strlen(tg_neg(t, x)->node->scope), 500 * 22 - 1);
    for (int i = 0; i < 499; i++) tg_scope_pop(t);
    const tg_tensor *y = tg_neg(t, x);
    ck_assert_str_eq(y->node->scope, "a_name_of_some_length");
    char name[] = "mine"; /* is copied */
    tg_scope_push(t, name);
    const tg_tensor *z = tg_neg(t, x);
    memset(name, '?', 4);
    tg_scope_pop(t);
    ck_assert_str_eq(z->node->scope, "a_name_of_some_length/mine");
    ck_assert_str_eq(y->node->scope, "a_name_of_some_length");
}
END_TEST

/* What a sweep records belongs to the scope of the operation whose derivative it is. */
START_TEST(gradients_have_the_scope_of_the_forward)
{
    tg_tensor *x = tensor_of(t, "f32[2]: 0 4"), *dx;
    tg_scope_push(t, "front");
    tg_tensor *y = tg_sqrt(t, x);
    tg_scope_pop(t);
    tg_scope_push(t, "back");
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    ck_assert_str_eq(dx->node->scope, "front");
    ck_assert_str_eq(tg_neg(t, x)->node->scope, "back");
    tg_tape_set_anomaly(t, true);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_ENAN);
    assert_error(t, TG_ENAN, "zdiv: the result holds NaN or Inf (in front)");
}
END_TEST

SUITE("scope", .with = {TAPE},
      .tests = {
          {scopes_are_paths, COUNT(scopes)},
          {scopes_of_any_length_and_depth},
          {gradients_have_the_scope_of_the_forward},
      })
