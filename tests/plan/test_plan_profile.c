/* test_plan_profile.c - profiles of plans: the steps, the sum of their times, and the trace. */
#include "tapegrad.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

/* A product with bias and activation, and operations that cannot be in a loop. */
static tg_plan *network(void)
{
    tg_tensor *x = random_leaf(TG_F32, DIMS(64, 100), -1, 1, 1);
    tg_tensor *w = random_leaf(TG_F32, DIMS(100, 50), -1, 1, 2);
    tg_tensor *b = random_leaf(TG_F32, DIMS(50), -1, 1, 3);
    tg_scope_push(t, "layer \"1\"");
    tg_tensor *y = tg_relu(t, tg_add(t, tg_matmul(t, x, w), b));
    tg_scope_pop(t);
    y = tg_cumsum(t, y, 0, false, false);
    return compiled(t, 1, &y);
}

START_TEST(steps)
{
    tg_error err = TG_ERROR_INIT;
    tg_plan *p = network();
    tg_plan_step s;
    ck_assert_int_eq(tg_plan_step_at(p, 0, &s, &err), TG_OK);
    ck_assert_str_eq(s.name, "matmul add relu");
    ck_assert_str_eq(s.scope, "layer \"1\"");
    ck_assert_int_eq(s.operations, 3);
    ck_assert_int_eq(s.runs, 0);
    ck_assert(s.flops == 2.0 * 64 * 100 * 50 + 2 * 64 * 50);
    /* x, w and b read; the product and the result written */
    ck_assert(s.bytes == 4.0 * (64 * 100 + 100 * 50 + 50 + 2 * 64 * 50));
    ck_assert_int_eq(tg_plan_step_at(p, 9, &s, &err), TG_EARG);
    ck_assert_str_eq(err.text, "plan_step_at: there is no step 9");
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_int_eq(tg_plan_step_at(NULL, 0, &s, &err), TG_EARG);
    ck_assert_str_eq(err.text, "plan_step_at: the plan is NULL");
    tg_plan_free(p);
}
END_TEST

START_TEST(times)
{
    tg_error err = TG_ERROR_INIT;
    tg_plan *p = network();
    ck_assert_int_eq(tg_plan_profile(p, true, &err), TG_OK);
    for (int i = 0; i < 7; i++) run_plan(p);
    double end = 0;
    for (int32_t i = 0; i < tg_plan_stats(p).steps; i++) {
        tg_plan_step s;
        ck_assert_int_eq(tg_plan_step_at(p, i, &s, &err), TG_OK);
        ck_assert_int_eq(s.runs, 7);
        ck_assert(s.seconds > 0 && s.last > 0 && s.last <= s.seconds && s.seconds < 10);
        ck_assert(s.start >= end); /* one after the other */
        end = s.start + s.last;
    }
    ck_assert_int_eq(tg_plan_profile(p, false, &err), TG_OK);
    tg_plan_step s;
    ck_assert_int_eq(tg_plan_step_at(p, 0, &s, &err), TG_OK);
    ck_assert_int_eq(s.runs, 0);
    ck_assert_int_eq(tg_plan_profile(NULL, true, &err), TG_EARG);
    tg_plan_free(p);
}
END_TEST

START_TEST(reports)
{
    static char text[8192];
    tg_error err = TG_ERROR_INIT;
    tg_plan *p = network();
    ck_assert_int_eq(tg_plan_save_trace(p, "plan_trace.tmp", &err), TG_EARG);
    ck_assert_int_eq(tg_plan_print_profile(p, (tg_limits){1, 1}, stdout), TG_EARG);
    ck_assert_int_eq(tg_plan_profile(p, true, &err), TG_OK);
    run_plan(p);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(tg_plan_print_profile(p, (tg_limits){100, 10}, file), TG_OK);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    ck_assert_ptr_nonnull(strstr(text, "matmul add relu  in layer \"1\"\n"));
    ck_assert_ptr_nonnull(strstr(text, "%  all "));
    ck_assert_int_eq(tg_plan_print_profile(NULL, (tg_limits){1, 1}, stdout), TG_EARG);

    err = (tg_error)TG_ERROR_INIT;
    ck_assert_msg(tg_plan_save_trace(p, "plan_trace.tmp", &err) == TG_OK, "%s", err.text);
    file = fopen("plan_trace.tmp", "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    (void)remove("plan_trace.tmp");
    ck_assert_ptr_nonnull(strstr(text, "{\"traceEvents\": [\n{\"ph\": \"X\""));
    ck_assert_ptr_nonnull(strstr(text, "\"scope\": \"layer \\u00221\\u0022\""));
    ck_assert_ptr_nonnull(strstr(text, "\n]}\n"));
    tg_plan_free(p);
}
END_TEST

/* A trace is JSON, which is UTF-8, whatever a scope is called. */
START_TEST(trace_of_any_scope)
{
    static char text[8192];
    const int64_t n = 3;
    tg_tensor *x = tg_tensor_new(TG_F32, 1, &n, NULL);
    tg_scope_push(t, "a\xff\n\xC3\xB6\xC3");
    tg_tensor *y = tg_exp(t, x);
    tg_plan *p = tg_compile(t, 1, &y, NULL);
    ck_assert_int_eq(tg_plan_profile(p, true, NULL), TG_OK);
    ck_assert_int_eq(tg_plan_run(p, NULL), TG_OK);
    ck_assert_int_eq(tg_plan_save_trace(p, "plan_scope.tmp", NULL), TG_OK);
    FILE *file = fopen("plan_scope.tmp", "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    (void)remove("plan_scope.tmp");
    ck_assert_ptr_nonnull(strstr(text, "\"scope\": \"a\\ufffd\\u000a\xC3\xB6\\ufffd\""));
    tg_plan_free(p);
    tg_tensor_free(x);
}
END_TEST

START_TEST(limits)
{
    const tg_limits l = tg_limits_measure();
    ck_assert(l.gflops > 0.05 && l.gflops < 1e6);
    ck_assert(l.gbytes > 0.05 && l.gbytes < 1e5);
}
END_TEST

SUITE("plan_profile", .with = {TAPE}, .timeout = 120,
      .tests = {
          {steps},
          {times},
          {reports},
          {trace_of_any_scope},
          {limits},
      })
