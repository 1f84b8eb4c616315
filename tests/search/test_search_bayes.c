/* test_search_bayes.c - Bayesian search against random search at equal budget, on two functions of
 * two parameters whose best values are known. */
#include "tests/support/searches.h"

static const double PI = 3.14159265358979323846;

/* Branin (Dixon and Szego 1978): 0.39788735772973816 at three points, among them (pi, 2.275). */
static double branin(const double *v)
{
    const double a = v[1] - 5.1 / (4 * PI * PI) * v[0] * v[0] + 5 / PI * v[0] - 6;
    return a * a + 10 * (1 - 1 / (8 * PI)) * cos(v[0]) + 10;
}

/* Roughly the effect of a learning rate and a weight decay: a ridge in the logarithm of the first,
 * which ends where training diverges, and almost no effect of the second. 0 at (1e-2, any). */
static double training(const double *v)
{
    const double a = log10(v[0]) + 2;
    if (a > 0.5) return NAN;
    return 1 - exp(-a * a) + 0.01 * fabs(log10(v[1]) + 6);
}

static const tg_range branin_space[] = {{.name = "x", .lo = -5, .hi = 10},
                                        {.name = "y", .lo = 0, .hi = 15}},
                      training_space[] = {
                          {.name = "lr", .kind = TG_RANGE_LOG, .lo = 1e-6, .hi = 1},
                          {.name = "weight_decay", .kind = TG_RANGE_LOG, .lo = 1e-8, .hi = 1e-4}};

static const struct problem {
    const char *name;
    double (*f)(const double *v);
    const tg_range *ranges;
    double best;
} problems[] = {{"branin", branin, branin_space, 0.39788735772973816},
                {"training", training, training_space, 0}};

static tg_status run_trial(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    (void)err;
    results[0] = ((const struct problem *)user)->f(trial->values);
    return TG_OK;
}

enum { SEEDS = 20, BUDGET = 25, QUICK_SEEDS = 3 };

/* The distance between the search's best and the true best. how: 0 is random search, else the
 * batch. */
static double regret(const struct problem *p, uint64_t seed, int how)
{
    tg_error err = TG_ERROR_INIT;
    tg_search_options o = tg_search_defaults();
    tg_bayes_options b = tg_bayes_defaults();
    o.ranges = p->ranges;
    o.n_ranges = 2;
    o.trial = run_trial;
    o.minimize = true;
    o.seed = seed;
    o.user = (void *)(uintptr_t)p;
    b.batch = how;
    tg_search *s = tg_search_new(&o, &err);
    tg_trial best;
    const tg_status status =
        how ? tg_search_bayes(s, BUDGET, &b, &err) : tg_search_random(s, BUDGET, &err);
    ck_assert_msg(!status, "%s", err.text);
    ck_assert_int_eq(tg_search_ranked(s, 0, &best), TG_OK);
    tg_search_free(s);
    return best.score - p->best;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

START_TEST(better_than_random)
{
    static const int ways[3] = {0, 1, 4};
    const struct problem *p = &problems[_i];
    const bool quick = getenv("TG_TEST_QUICK");
    const int seeds = quick ? QUICK_SEEDS : SEEDS, n_ways = quick ? 2 : 3;
    double all[3][SEEDS], mean[3] = {0}, median[3];
    int won[3] = {0};
    for (int w = 0; w < n_ways; w++) {
        for (int k = 0; k < seeds; k++) {
            all[w][k] = regret(p, (uint64_t)k + 1, ways[w]);
            ck_assert(all[w][k] > -1e-12); /* there is nothing better than the best */
            mean[w] += all[w][k] / seeds;
            won[w] += all[w][k] < all[0][k];
        }
    }
    for (int w = 0; w < n_ways; w++) {
        qsort(all[w], (size_t)seeds, sizeof **all, by_value);
        median[w] = (all[w][(seeds - 1) / 2] + all[w][seeds / 2]) / 2;
        printf("%s, %d seeds, %d trials, %s%.0d: regret mean %.4f, median %.4f, better in %d\n",
               p->name, seeds, BUDGET, w ? "bayes in batches of " : "random", ways[w], mean[w],
               median[w], won[w]);
        fflush(stdout);
    }
    for (int w = 1; w < n_ways; w++) {
        ck_assert(median[w] < 0.25 * median[0]);
        ck_assert(mean[w] < 0.5 * mean[0]);
        ck_assert(4 * won[w] >= 3 * seeds);
    }
}
END_TEST

SUITE("search_bayes", .timeout = 600, .tests = {{better_than_random, COUNT(problems)}})
