/* gradient_penalty.c - a generator learns a ring of eight Gaussians against a critic (WGAN-GP,
 * Gulrajani et al. 2017).
 *
 * The critic D maximises W = mean D(real) - mean D(G(z)), which is the Wasserstein distance if the
 * slope of D is 1. So it minimises -W + LAMBDA mean (||dD/dx|| - 1)^2, with the slope taken at
 * points x between a real and a generated one. That penalty contains a gradient, and the gradient
 * of the whole differentiates it a second time. */
#include <math.h>
#include <stdio.h>

#include "common.h"

enum { MODES = 8, BATCH = 128, CRITIC_STEPS = 5, SHOWN = 1000, DIRECTIONS = 64 };
static const double lambda = 1, ring = 1, spread = 0.05, two_pi = 6.28318530717958648;

typedef struct gan {
    tg_tape *t;
    tg_model *critic, *generator;
    tg_rng rng;
    tg_dtype dtype;
} gan;

/* ---- points --------------------------------------------------------------------------------- */

static tg_tensor *real_points(gan *g, int64_t n)
{
    tg_tape *t = g->t;
    tg_tensor *mode = tg_floor(t, tg_uniform(t, &g->rng, g->dtype, 1, &n, 0, MODES));
    tg_tensor *angle = tg_mul(t, mode, tg_scalar(t, two_pi / MODES));
    tg_tensor *centre = tg_stack(t, 2, (tg_tensor *[]){tg_cos(t, angle), tg_sin(t, angle)}, 1);
    centre = tg_mul(t, centre, tg_scalar(t, ring));
    return tg_add(t, centre, tg_normal(t, &g->rng, g->dtype, 2, (int64_t[]){n, 2}, 0, spread));
}

static tg_tensor *made_points(gan *g, int64_t n)
{
    tg_tensor *z = tg_normal(g->t, &g->rng, g->dtype, 2, (int64_t[]){n, 2}, 0, 1);
    return tg_model_forward(g->t, g->generator, z, NULL);
}

static tg_tensor *mean_critic(gan *g, tg_tensor *x)
{
    return tg_mean(g->t, tg_model_forward(g->t, g->critic, x, NULL), TG_ALL, false);
}

/* ---- training ------------------------------------------------------------------------------- */

/* The norms ||dD/dx|| at points between real and made. */
static tg_tensor *slopes(gan *g, tg_tensor *real, tg_tensor *made)
{
    tg_tape *t = g->t;
    tg_tensor *share = tg_uniform(t, &g->rng, g->dtype, 2, (int64_t[]){BATCH, 1}, 0, 1);
    tg_tensor *x = tg_add(t, made, tg_mul(t, share, tg_sub(t, real, made))), *dx;
    tg_tensor *y = tg_model_forward(t, g->critic, x, NULL);
    /* each y depends on its row alone, so the gradient of their sum has the gradient of each */
    return tg_vjp(t, 1, &y, NULL, 1, &x, &dx) ? NULL : tg_norm(t, dx, 2, 1, false);
}

static tg_status update(gan *g, tg_optimizer *opt, tg_model *m, tg_tensor *loss, tg_error *err)
{
    /* params are those of one network, so the other does not change */
    return tg_optimizer_update(opt, m->params, tg_grad(g->t, loss, m->params), err);
}

static tg_status critic_step(gan *g, tg_optimizer *opt, double *distance, double *slope,
                             tg_error *err)
{
    tg_tape *t = g->t;
    tg_tape_reset(t);
    tg_tensor *real = real_points(g, BATCH), *made = tg_stop_gradient(t, made_points(g, BATCH));
    tg_tensor *W = tg_sub(t, mean_critic(g, real), mean_critic(g, made));
    tg_tensor *norms = slopes(g, real, made);
    tg_tensor *excess = tg_square(t, tg_sub(t, norms, tg_scalar(t, 1)));
    tg_tensor *penalty = tg_mul(t, tg_mean(t, excess, TG_ALL, false), tg_scalar(t, lambda));
    *distance = tg_item(W);
    *slope = tg_item(tg_mean(t, norms, TG_ALL, false));
    return update(g, opt, g->critic, tg_sub(t, penalty, W), err);
}

static tg_status generator_step(gan *g, tg_optimizer *opt, tg_error *err)
{
    tg_tape_reset(g->t);
    return update(g, opt, g->generator, tg_neg(g->t, mean_critic(g, made_points(g, BATCH))), err);
}

/* ---- how good it is ------------------------------------------------------------------------- */

/* The sliced Wasserstein distance of two sets of points (n, 2): the mean distance between points of
 * equal rank, in projections on lines in all directions. */
static double sliced_distance(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    tg_tensor *angle = tg_mul(t, tg_cast(t, tg_arange(t, DIRECTIONS), a ? a->dtype : TG_F32),
                              tg_scalar(t, two_pi / 2 / DIRECTIONS));
    tg_tensor *lines = tg_stack(t, 2, (tg_tensor *[]){tg_cos(t, angle), tg_sin(t, angle)}, 0);
    tg_tensor *u = tg_sort(t, tg_matmul(t, a, lines), 0, false);
    tg_tensor *v = tg_sort(t, tg_matmul(t, b, lines), 0, false);
    return tg_item(tg_l1(t, u, v, TG_REDUCE_MEAN));
}

/* Prints the distance, the share of points within 3 standard deviations of a mode, and the number
 * of modes that have at least half of their fair share of those. Draws the points on ax. */
static double look(gan *g, const char *when, tg_axes *ax)
{
    double x[2][SHOWN] = {{0}}, y[2][SHOWN] = {{0}};
    int at[MODES] = {0}, near = 0, found = 0;
    tg_tape_reset(g->t);
    tg_tensor *sets[2] = {real_points(g, SHOWN), made_points(g, SHOWN)};
    const double distance = sliced_distance(g->t, sets[0], sets[1]);
    for (int64_t i = 0; i < 2 * SHOWN && sets[1]; i++) {
        const int k = i >= SHOWN;
        const int64_t j = i % SHOWN;
        x[k][j] = tg_tensor_get(sets[k], 2 * j), y[k][j] = tg_tensor_get(sets[k], 2 * j + 1);
        for (int m = 0; m < MODES && k; m++) {
            const double angle = two_pi * m / MODES;
            const double r = hypot(x[k][j] - ring * cos(angle), y[k][j] - ring * sin(angle));
            at[m] += r < 3 * spread, near += r < 3 * spread;
        }
    }
    for (int m = 0; m < MODES; m++) found += at[m] >= SHOWN / MODES / 4;
    printf("%s: sliced Wasserstein distance %.3f, near a mode %.2f, modes %d of %d\n", when,
           distance, (double)near / SHOWN, found, MODES);
    tg_plot_style style = tg_plot_style_defaults();
    style.marker_size = 3, style.opacity = 0.5;
    (void)tg_axes_points(ax, "real", SHOWN, x[0], y[0], &style);
    (void)tg_axes_points(ax, "generated", SHOWN, x[1], y[1], &style);
    (void)tg_axes_title(ax, when);
    return distance;
}

static tg_status run(gan *g, int64_t steps, tg_history *history, tg_figure *figure, double *before,
                     double *after, tg_error *err)
{
    tg_adam_options adam = tg_adam_defaults();
    adam.beta1 = 0.5, adam.beta2 = 0.9, adam.eps = 1e-8;
    tg_optimizer *critic = tg_adam(adam, err), *generator = tg_adam(adam, err);
    tg_status status = err->status;
    if (!status)
        printf("two sets of real points: sliced Wasserstein distance %.3f\n",
               sliced_distance(g->t, real_points(g, SHOWN), real_points(g, SHOWN)));
    if (!status) *before = look(g, "before", tg_figure_axes(figure, 0, 0));
    for (int64_t i = 1; i <= steps && !status; i++) {
        double distance = NAN, slope = NAN;
        const double left = 1 - (double)(i - 1) / (double)steps;
        tg_optimizer_set_lr(critic, adam.lr * left);
        tg_optimizer_set_lr(generator, adam.lr * left);
        for (int k = 0; k < CRITIC_STEPS && !status; k++)
            status = critic_step(g, critic, &distance, &slope, err);
        if (!status) status = generator_step(g, generator, err);
        (void)tg_history_add(history, "critic", "estimate", i, distance);
        (void)tg_history_add(history, "critic", "slope", i, slope);
        if (i == 1 || i % (steps / 5 > 0 ? steps / 5 : 1) == 0)
            printf("%6lld  critic's distance %.3f  mean slope %.3f\n", (long long)i, distance,
                   slope);
    }
    if (!status) *after = look(g, "after", tg_figure_axes(figure, 0, 1));
    tg_optimizer_free(critic);
    tg_optimizer_free(generator);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t steps = 3000, hidden = 64;
    const extra extras[] = {{"--iterations", "updates of the generator", &steps},
                            {"--hidden", "units in each of two layers", &hidden},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "gradient_penalty", "a gradient in the loss: WGAN-GP", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 2);
    gan g = {.t = tg_tape_new_on(&err), .rng = tg_rng_make(o.seed, 0), .dtype = o.dtype};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 4, net.dtype = o.dtype;
    net.sizes = (int64_t[]){2, hidden, hidden, 1};
    g.critic = tg_mlp_new(&net, &g.rng, &err);
    net.sizes = (int64_t[]){2, hidden, hidden, 2};
    g.generator = tg_mlp_new(&net, &g.rng, &err);
    double before = NAN, after = NAN;
    tg_status status = err.status;
    if (!status) status = run(&g, steps, history, figure, &before, &after, &err);
    if (!status) status = options_write(&o, history, figure, &err);
    tg_mlp_free(g.critic);
    tg_mlp_free(g.generator);
    tg_tape_free(g.t);
    tg_figure_free(figure);
    tg_history_free(history);
    if (status) return options_fail(&o, &err);
    if (steps >= 1000 && !(after < before / 5)) {
        fprintf(stderr, "gradient_penalty: did not learn as it should (%g, then %g)\n", before,
                after);
        return 1;
    }
    return 0;
}
