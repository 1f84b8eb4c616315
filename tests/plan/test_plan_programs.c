/* test_plan_programs.c - plans of every operation on its samples, and of 2,000 random programs with
 * their gradients, against recording again on other inputs, copied or bound: the same to the last
 * bit. All of them are watched (tests/support/guard.h), half with zones in their memory, and no
 * operation looks at an address before there is one (tests/support/blind.h). */
#include "tests/support/blind.h"
#include "tests/support/guard.h"
#include "tests/support/plans.h"
#include "tests/plan/programs.h"
#include "tests/support/tape.h"

/* ---- every operation ------------------------------------------------------------------------ */

/* y, then the gradients of every input for a cotangent of ones. */
static int sample_outputs(const tgi_sample *s, tg_tensor **out)
{
    out[0] = tgi_sample_apply(t, s->floats, (void *)(uintptr_t)s);
    assert_fine(t, s->op->name);
    const int n = tg_dict_size(s->floats);
    if (!tg_dtype_is_float(out[0]->dtype) || !s->op->vjp || n == 0) return 1;
    tg_tensor *x[16];
    for (int i = 0; i < n; i++) x[i] = tg_dict_at(s->floats, i);
    if (tg_vjp(t, 1, out, NULL, n, x, out + 1)) ck_abort_msg("%s", tg_tape_message(t));
    return n + 1;
}

/* Makes the plan read x in place of leaf: x itself, or a copy if the plan writes it. */
static void give(tg_plan *p, tg_tensor *leaf, tg_tensor *x, bool bind)
{
    tg_error err = TG_ERROR_INIT;
    if (!bind || (tg_plan_bind(p, leaf, x, &err) && strstr(err.text, "writes")))
        ck_assert(tg_tensor_copy(leaf, x, &err) == TG_OK);
    else
        ck_assert_msg(!err.status || strstr(err.text, "does not read"), "%s", err.text);
}

START_TEST(every_operation)
{
    const tg_op *op = tg_op_at(_i / 2);
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    tg_error err = TG_ERROR_INIT;
    for (int i = 0; op->samples[i].inputs || op->samples[i].attrs; i++)
        for (int way = 0; way < 4; way++) {
            const bool strides = way % 2, bind = way / 2;
            tgi_sample s, other;
            tg_tensor *out[17];
            ck_assert(tgi_sample_make(&s, op, i, dtype, strides, 7, &err) == TG_OK);
            ck_assert(tgi_sample_make(&other, op, i, dtype, strides, 8, &err) == TG_OK);
            int n = sample_outputs(&s, out);
            ck_assert_int_gt(assert_tape_blind(t), 0);
            guard_plans(i % 2);
            tg_plan *p = compiled(t, n, out);
            for (int k = 0; k < s.n; k++) give(p, s.inputs[k], other.inputs[k], bind);
            tg_tape_reset(t);
            run_plan(p);
            ck_assert_int_eq(n, sample_outputs(&other, out));
            for (int k = 0; k < n; k++) assert_bits(op->name, out[k], tg_plan_output(p, k));
            tg_plan_free(p);
            tg_tape_reset(t);
            tgi_sample_free(&s);
            tgi_sample_free(&other);
        }
}
END_TEST

/* ---- random programs ------------------------------------------------------------------------ */

static bool program_outputs(const program *p, tg_tensor **out)
{
    tg_tape_reset(t);
    out[0] = run_program(t, p);
    return out[0] && tg_vjp(t, 1, out, NULL, INPUTS, p->at_start, out + 1) == TG_OK;
}

typedef struct tally {
    int fine, both,
        eager; /* runs that work; that fail in both ways; only where nothing is dropped */
} tally;

/* Writes to the plan's own leaves values that must not be read. */
static void bind_copies(tg_plan *plan, program *p)
{
    tg_error err = TG_ERROR_INIT;
    for (int i = 0; i < INPUTS; i++) {
        tg_tensor *copy = own(p, tg_tensor_clone(p->at_start[i], &err));
        give(plan, p->at_start[i], copy, true);
        ck_assert(tg_tensor_fill(p->at_start[i], NAN, &err) == TG_OK);
    }
}

/* New inputs, twice, bound the second time. Where recording fails, the plan fails with the same
 * words, unless no output needs what failed. */
static void check_one(program *p, uint64_t seed, tally *sum)
{
    tg_tensor *out[INPUTS + 1];
    char what[64];
    (void)snprintf(what, sizeof what, "program %llu", (unsigned long long)seed);
    ck_assert_msg(program_outputs(p, out), "%s: %s", what, tg_tape_message(t));
    (void)assert_tape_blind(t);
    guard_plans(seed % 2);
    tg_plan *plan = compiled(t, INPUTS + 1, out);
    for (int k = 0; k < 2; k++) {
        tg_error err = TG_ERROR_INIT;
        for (int i = 0; i < INPUTS; i++)
            for (int64_t j = 0; j < p->at_start[i]->size; j++)
                write_at(p->at_start[i], j, tg_rng_next_uniform(&p->rng, -2, 2));
        const bool fine = program_outputs(p, out);
        if (k == 1) bind_copies(plan, p);
        tg_plan_seek(plan, 0);
        const tg_status status = tg_plan_run(plan, &err);
        sum->fine += fine;
        sum->both += status && strcmp(err.text, tg_tape_message(t)) == 0;
        sum->eager += !fine && !status;
        /* whose shape depends on values: a plan has one shape */
        const bool shape = strncmp(err.text, "nonzero: the mask no longer has", 31) == 0;
        ck_assert_msg(!status || !fine || shape, "%s: %s", what, err.text);
        for (int i = 0; fine && !status && i <= INPUTS; i++)
            assert_bits(what, out[i], tg_plan_output(plan, i));
    }
    tg_plan_free(plan);
}

START_TEST(random_programs)
{
    const char *given = getenv("TG_PROGRAMS"), *only = getenv("TG_PROGRAM_SEED");
    const long n = given ? strtol(given, NULL, 10) : getenv("TG_TEST_QUICK") ? 100 : 2000;
    const uint64_t first = only ? strtoull(only, NULL, 10) : 20001;
    const tg_op *ops[512];
    tally sum = {0};
    ck_assert_int_le(tg_op_count(), COUNT(ops));
    for (int i = 0; i < tg_op_count(); i++) ops[i] = tg_op_at(i);
    for (uint64_t seed = first; seed < first + (only ? 1 : (uint64_t)n); seed++) {
        static program p;
        make_program(&p, t, seed, tg_op_count(), ops);
        check_one(&p, seed, &sum);
        free_program(&p);
    }
    printf("%d runs agree; %d fail alike, %d only where nothing is dropped; %ld steps watched\n",
           sum.fine, sum.both, sum.eager, watched.steps);
    (void)fflush(stdout);
    if (!only) ck_assert_int_ge(sum.fine, (int)(n + n / 2));
    ck_assert_int_gt(watched.steps, 0);
}
END_TEST

SUITE("plan_programs", .with = {GUARDED, TAPE}, .timeout = 600,
      .tests = {
          {every_operation, 2 * tg_op_count()},
          {random_programs},
      })
