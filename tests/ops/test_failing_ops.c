/* test_failing_ops.c - memory runs out at any place in what is recorded on a tape: every operation
 * of the registry with its gradient, compositions, and the check of operations. */
#include "src/op_sample.h"
#include "tests/support/failing.h"

/* ---- compositions --------------------------------------------------------------------------- */

static tg_tensor *region(tg_tape *t, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)n, (void)user;
    tg_tensor *noise = tg_normal(t, rng, TG_F64, 2, xs[0]->shape, 0, 1);
    return tg_tanh(t, tg_add(t, tg_matmul(t, xs[0], xs[0]), noise));
}

/* Compositions by number, of the 4 by 4 matrix x. */
static tg_tensor *compose(world *w)
{
    tg_tape *t = w->t;
    tg_tensor *x = w->x, *two[] = {x, x}, *out = NULL;
    tg_rng rng = *(tg_rng *)w->a;
    tg_tensor *loss = tg_sum(t, tg_square(t, tg_sin(t, x)), TG_ALL, false);
    switch (w->number) {
    case 0:
        return tg_cross_entropy(t, x, w->y, NULL);
    case 1:
        return tg_attention(t, x, x, x, NULL, true);
    case 2:
        return tg_einsum(t, "ij,kj->ik", 2, two);
    case 3:
        return tg_dropout(t, x, 0.3, TG_DROPOUT_INVERTED, &rng, true);
    case 4:
        return tg_layer_norm(t, x, 1, NULL, NULL, 1e-5);
    case 5:
        return tg_hessian(t, loss, x);
    case 6:
        return tg_jacobian(t, tg_exp(t, x), x);
    case 7:
        return tg_dict_at(tg_hvp(t, loss, w->dict, w->dict), 0);
    case 8:
        return tg_dict_at(tg_clip_grad_norm(t, tg_grad(t, loss, w->dict), 0.1, NULL), 0);
    case 9:
        out = tg_checkpoint(t, region, NULL, 1, &x, &rng);
        return tg_dict_at(tg_grad(t, tg_sum(t, out, TG_ALL, false), w->dict), 0);
    case 10:
        loss = tg_exp(t, x);
        (void)tg_jvp(t, 1, &loss, 1, &x, &x, &out);
        return out;
    case 11:
        return tg_apply_text(t, "sum", &x, 1, "axis=1 keepdims=true");
    case 12:
        return tg_conv1d(t, tg_reshape(t, x, 3, (const int64_t[]){1, 4, 4}),
                         tg_reshape(t, x, 3, (const int64_t[]){4, 4, 1}), NULL, NULL);
    case 13:
        return tg_topk(t, x, 2, -1, true, &out);
    case 14:
        return tg_std(t, x, 0, 1, false);
    default:
        return tg_slogdet(t, tg_add(t, x, tg_eye(t, TG_F64, 4, 4, 0)), &out);
    }
}
enum { COMPOSITIONS = 16 };

static tg_status composition(world *w, tg_error *err)
{
    tg_tape_reset(w->t);
    tg_scope_push(w->t, "scope");
    const tg_tensor *y = compose(w);
    const tg_status status = told(w, err);
    if (!status) w->sum = mix_tensor(w->sum, y);
    return status;
}

/* ---- the registry --------------------------------------------------------------------------- */

enum { SAMPLES = 64 };

static void begin_sample(world *w)
{
    tgi_sample *s = malloc(sizeof *s);
    w->t = tg_tape_new();
    w->a = s;
    ck_assert_int_eq(tgi_sample_make(s, tg_op_at((int)(w->number / SAMPLES)),
                                     (int)(w->number % SAMPLES), TG_F64, false, 1, NULL),
                     TG_OK);
}

static void end_sample(world *w)
{
    tgi_sample_free(w->a);
    free(w->a);
    tg_tape_free(w->t);
}

static tg_status apply_sample(world *w, tg_error *err)
{
    tgi_sample *s = w->a;
    tg_tape_reset(w->t);
    tg_tensor *y = tgi_sample_apply(w->t, s->floats, s), *first = tg_dict_at(s->floats, 0), *dx;
    if (y && first && tg_dtype_is_float(y->dtype) && s->op->vjp)
        (void)tg_vjp(w->t, 1, &y, NULL, 1, &first, &dx);
    const tg_status status = told(w, err);
    if (!status) w->sum = mix_tensor(w->sum, y);
    return status;
}

static tg_status check_op(world *w, tg_error *err)
{
    static const char *const names[] = {"exp", "cast"};
    tg_gradcheck_report report;
    tg_gradcheck_options o = tg_gradcheck_defaults();
    o.samples = 2;
    const tg_status status = tg_op_check(tg_op_find(names[w->number]), &o, &report, err);
    if (!status) w->sum = mix(w->sum, &report.checked, sizeof report.checked);
    return status;
}

START_TEST(compositions)
{
    const scene s = {"a composition", begin_tape, composition, look_tape, end_tape, _i};
    failing_tell("composition", scene_walk(&s));
}
END_TEST

START_TEST(registry)
{
    walked all = {0};
    int walks = 0;
    for (int k = 0; k < tg_op_count(); k++) {
        const tg_op *op = tg_op_at(k);
        for (int i = 0; op->samples[i].inputs || op->samples[i].attrs; i++, walks++) {
            const scene s = {op->name, begin_sample, apply_sample,
                             NULL,     end_sample,   (int64_t)k * SAMPLES + i};
            ck_assert_int_lt(i, SAMPLES);
            const walked one = scene_walk(&s);
            all.allocations += one.allocations;
            all.refused += one.refused;
            all.done_without += one.done_without;
        }
    }
    printf("%d samples of %d operations, ", walks, tg_op_count());
    failing_tell("each with its gradient", all);
}
END_TEST

START_TEST(checks)
{
    const scene s = {"tg_op_check", NULL, check_op, NULL, NULL, _i};
    failing_tell(s.name, scene_walk(&s));
}
END_TEST

SUITE("failing_ops", .with = {FAILING}, .timeout = 300,
      .tests = {
          {compositions, COMPOSITIONS},
          {registry},
          {checks, 2},
      })
