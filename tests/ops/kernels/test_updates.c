/* test_updates.c - the kernels of optimizer updates in every instruction set: against the formulas
 * of their rows in long double, and the bits of an element depend on nothing but the element. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "src/optim/optimizer.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"
#include "tests/support/suite.h"

enum { MOST = 67, ROOM = MOST + 40, FILL = 0x5a };

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

/* ---- the formulas once more ----------------------------------------------------------------- */

typedef long double wide;

#define V wide
#define F(name) name##l
#define PICK(condition, a, b) ((condition) ? (a) : (b))
#define UNTIL_INF(x, y) (y)
#define CONSTANT(name, value) const wide name = (wide)*c++;
#define FETCH(name) wide name = s[n++];
#define KEEP(name) s[n++] = name;

/* Updates w and the states s of one element from the gradient and the constants. */
#define X(name, title)                                                                             \
    static void step_##name(const double *c, wide g, wide *at, wide *s)                            \
    {                                                                                              \
        int n = 0;                                                                                 \
        wide w = *at;                                                                              \
        CONSTANTS_##name(CONSTANT);                                                                \
        STATES_##name(FETCH);                                                                      \
        FORMULA_##name;                                                                            \
        *at = w;                                                                                   \
        n = 0;                                                                                     \
        STATES_##name(KEEP);                                                                       \
        (void)n, (void)s;                                                                          \
    }
TGI_OPTIMIZERS(X)
#undef X

static void (*const steps[])(const double *c, wide g, wide *w, wide *s) = {
#define X(name, title) step_##name,
    TGI_OPTIMIZERS(X)
#undef X
};

/* The constants of the defaults, as numbers that both dtypes have. */
static double constants[TGI_UPDATES][TGI_UPDATE_CONSTANTS];

static void set_constants(void)
{
    for (int row = 0; row < TGI_UPDATES; row++) {
        double *c = constants[row];
        tgi_rules[row].constants(tgi_rules[row].type.defaults, 0.0625, 3, c);
        for (int k = 0; k < TGI_UPDATE_CONSTANTS; k++) c[k] = (double)(float)c[k];
    }
}

static const tgi_update_prologue prologues[] = {{.scales = false},
                                                {.scales = true, .scale = 0.375},
                                                {.clips = true, .most = 1.5},
                                                {.decays = true, .decay = 0.25},
                                                {.shrinks = true, .rest = 0.9375},
                                                {true, true, true, true, 0.5, 2, 0.125, 0.96875}};

/* ---- memory --------------------------------------------------------------------------------- */

enum { W, G, S, PARTS = S + TGI_UPDATE_STATES };

typedef struct memory {
    _Alignas(64) char bytes[PARTS][ROOM * sizeof(double)];
} memory;

static double get(bool f64, const void *p, int64_t i)
{
    return f64 ? ((const double *)p)[i] : ((const float *)p)[i];
}

static void put(bool f64, void *p, int64_t i, double v)
{
    if (f64)
        ((double *)p)[i] = v;
    else
        ((float *)p)[i] = (float)v;
}

/* Parts of n elements at unaligned addresses. The states of element i are those after some steps of
 * `row`, or arbitrary if special numbers are wanted. */
static void fill(memory *m, void **at, bool f64, int row, int64_t n, bool special, tg_rng *rng)
{
    static const double specials[] = {0,     -0.0,   NAN,  INFINITY, -INFINITY, 5e-324,
                                      1e-40, -1e-40, 1e30, -1e300,   DBL_MIN,   FLT_MIN};
    memset(m, FILL, sizeof *m);
    for (int p = 0; p < PARTS; p++) at[p] = m->bytes[p] + (n + p) % 7 * (f64 ? 8 : 4);
    for (int64_t i = 0; i < n; i++) {
        wide x[PARTS] = {0};
        for (int k = 0; k < 4; k++)
            steps[row](constants[row], tg_rng_next_uniform(rng, -4, 4), &x[W], x + S);
        x[W] = tg_rng_next_uniform(rng, -4, 4);
        x[G] = tg_rng_next_uniform(rng, -4, 4);
        for (int p = 0; p < PARTS; p++) {
            if (special && tg_rng_next_uniform(rng, 0, 1) < 0.4)
                x[p] = specials[tg_rng_next_below(rng, COUNT(specials))];
            put(f64, at[p], i, (double)x[p]);
        }
    }
}

static tgi_update_job job_of(const char *isa, int row, bool f64, void *const *at, int64_t from,
                             int64_t n, const tgi_update_prologue *first)
{
    const size_t skip = (size_t)from * (f64 ? 8 : 4);
    tgi_update_job job = {.kernel = &tgi_kernels_named(isa)->updates[f64][row],
                          .n = n,
                          .part = {.constants = constants[row],
                                   .first = first,
                                   .w = (char *)at[W] + skip,
                                   .g = (char *)at[G] + skip}};
    for (int s = 0; s < TGI_UPDATE_STATES; s++) job.part.state[s] = (char *)at[S + s] + skip;
    return job;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void follow(const char *isa, int row, bool f64, const tgi_update_prologue *t, tg_rng *rng)
{
    static memory m, before;
    void *at[PARTS];
    fill(&m, at, f64, row, MOST, false, rng);
    before = m;
    tgi_update_job job = job_of(isa, row, f64, at, 0, MOST, t);
    tgi_update_run(1, &job);
    for (int64_t i = 0; i < MOST; i++) {
        wide x[PARTS];
        for (int p = 0; p < PARTS; p++)
            x[p] = get(f64, before.bytes[p] + ((char *)at[p] - m.bytes[p]), i);
        if (t->scales) x[G] *= t->scale;
        if (t->clips) x[G] = fminl(fmaxl(x[G], -t->most), t->most);
        if (t->decays) x[G] += t->decay * x[W];
        if (t->shrinks) x[W] *= t->rest;
        wide size[PARTS] = {fabsl(x[W]), 0, 20, 20, 20, 20};
        steps[row](constants[row], x[G], &x[W], x + S);
        size[W] += fabsl(x[W]);
        for (int p = 0; p < S + job.kernel->states; p++) {
            const wide off = fabsl(get(f64, at[p], i) - x[p]);
            if (p != G && !(off <= 8 * size[p] * (f64 ? DBL_EPSILON : FLT_EPSILON)))
                ck_abort_msg("%s, %s row %d, part %d, element %lld: %.17g, not %.17Lg", isa,
                             f64 ? "f64" : "f32", row, p, (long long)i, get(f64, at[p], i), x[p]);
        }
        ck_assert_mem_eq(m.bytes[G], before.bytes[G], sizeof m.bytes[G]);
    }
}

START_TEST(follows_the_formula)
{
    tg_rng rng = tg_rng_make(3, 0);
    for (int row = 0; row < TGI_UPDATES && tgi_kernels_named(isas[_i]); row++)
        for (int k = 0; k < COUNT(prologues); k++)
            for (int f64 = 0; f64 < 2; f64++)
                for (int times = 0; times < 5; times++)
                    follow(isas[_i], row, f64, &prologues[k], &rng);
}
END_TEST

/* Bits, but any NaN for a NaN. */
static void assert_same(bool f64, const memory *a, const memory *b, const char *isa, int row, int n)
{
    const size_t width = f64 ? 8 : 4;
    for (int p = 0; p < PARTS; p++)
        for (size_t i = 0; i < sizeof a->bytes[p] / width; i++) {
            const char *x = a->bytes[p] + i * width, *y = b->bytes[p] + i * width;
            if (memcmp(x, y, width) != 0 && !(isnan(get(f64, x, 0)) && isnan(get(f64, y, 0))))
                ck_abort_msg("%s %s row %d, n = %d: part %d, element %zu from its start", isa,
                             f64 ? "f64" : "f32", row, n, p, i);
        }
}

/* n elements at once and one by one, special values among them. No byte beside them changes. */
START_TEST(every_length_and_place)
{
    static memory all, single;
    tg_rng rng = tg_rng_make(11, 0);
    void *at[PARTS], *each[PARTS];
    for (int row = 0; row < TGI_UPDATES && tgi_kernels_named(isas[_i]); row++)
        for (int k = 0; k < COUNT(prologues); k += COUNT(prologues) - 1)
            for (int f64 = 0; f64 < 2; f64++)
                for (int n = 0; n <= MOST; n++) {
                    fill(&all, at, f64, row, n, true, &rng);
                    single = all;
                    for (int p = 0; p < PARTS; p++)
                        each[p] = single.bytes[p] + ((char *)at[p] - all.bytes[p]);
                    tgi_update_job job = job_of(isas[_i], row, f64, at, 0, n, &prologues[k]);
                    tgi_update_run(1, &job);
                    for (int i = 0; i < n; i++) {
                        job = job_of(isas[_i], row, f64, each, i, 1, &prologues[k]);
                        tgi_update_run(1, &job);
                    }
                    assert_same(f64, &all, &single, isas[_i], row, n);
                }
}
END_TEST

/* The gradient may be the parameter itself. */
START_TEST(gradient_in_place)
{
    static memory m, copy;
    tg_rng rng = tg_rng_make(12, 0);
    void *at[PARTS], *other[PARTS];
    for (int n = 0; n <= MOST && tgi_kernels_named(isas[_i]); n++) {
        fill(&m, at, false, TGI_UPDATE_adam, n, false, &rng);
        copy = m;
        for (int p = 0; p < PARTS; p++) other[p] = copy.bytes[p] + ((char *)at[p] - m.bytes[p]);
        memcpy(other[G], other[W], (size_t)n * 4);
        at[G] = at[W];
        tgi_update_job one = job_of(isas[_i], TGI_UPDATE_adam, false, at, 0, n, NULL);
        tgi_update_job two = job_of(isas[_i], TGI_UPDATE_adam, false, other, 0, n, NULL);
        tgi_update_run(1, &one);
        tgi_update_run(1, &two);
        ck_assert_mem_eq(m.bytes[W], copy.bytes[W], sizeof m.bytes[W]);
    }
}
END_TEST

/* Many tensors in one pass of many parts give what they give one after the other, for any number of
 * threads. */
START_TEST(many_at_once)
{
    static const int64_t sizes[] = {1, 0, 100000, 7, 16, 8191, 33, 50000, 15, 1 << 14, 3};
    enum { JOBS = COUNT(sizes) };
    float *data[2][JOBS][PARTS];
    for (int threads = 1; threads <= 7; threads += threads == 1 ? 1 : threads == 2 ? 2 : 3) {
        tgi_update_job jobs[JOBS];
        (void)tg_set_num_threads(threads);
        for (int k = 0; k < 2; k++)
            for (int j = 0; j < JOBS; j++) {
                for (int p = 0; p < PARTS; p++) {
                    data[k][j][p] = malloc((size_t)sizes[j] * sizeof(float) + 1);
                    if (!data[k][j][p]) abort();
                    for (int64_t i = 0; i < sizes[j]; i++)
                        data[k][j][p][i] = (float)((i * 37 + p * 11 + j) % 101) / 64 + 1;
                }
                void *at[PARTS];
                for (int p = 0; p < PARTS; p++) at[p] = data[k][j][p];
                jobs[j] = job_of(tgi_kernels_get()->isa, TGI_UPDATE_adam, false, at, 0, sizes[j],
                                 j % 2 ? NULL : &prologues[5]);
                if (k == 1) tgi_update_run(1, &jobs[j]);
                if (k == 0 && j == JOBS - 1) tgi_update_run(JOBS, jobs);
            }
        for (int j = 0; j < JOBS; j++)
            for (int p = 0; p < PARTS; p++) {
                ck_assert_mem_eq(data[0][j][p], data[1][j][p], (size_t)sizes[j] * sizeof(float));
                free(data[0][j][p]);
                free(data[1][j][p]);
            }
    }
    (void)tg_set_num_threads(0);
}
END_TEST

SUITE("updates", .before = set_constants, .timeout = 300,
      .tests = {
          {follows_the_formula, COUNT(isas)},
          {every_length_and_place, COUNT(isas)},
          {gradient_in_place, COUNT(isas)},
          {many_at_once},
      })
