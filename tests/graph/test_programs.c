/* test_programs.c - 10,000 random programs of 5 to 40 operations: the gradient along a random
 * direction against differences and against forward mode, twice the same to the last bit, and for
 * some the second order.
 *
 * TG_PROGRAMS=n for another number, TG_TEST_QUICK for 500, TG_PROGRAM_SEED=n to run and list one.
 */
#include "tests/support/program_check.h"

enum { MOST_OPS = 512 };

/* ---- the listing ---------------------------------------------------------------------------- */

static void list_program(FILE *file, const program *p)
{
    char text[TG_DESCRIBE_SIZE];
    (void)fprintf(file, "program %llu\n", (unsigned long long)p->seed);
    for (int k = 0; k < p->n; k++) {
        const step *s = &p->steps[k];
        (void)fprintf(file, "  v%d %s", k, tg_tensor_describe(p->at_start[k], text, sizeof text));
        if (s->op) (void)fprintf(file, " = %s(", s->op->name);
        for (int i = 0; s->op && i < s->n; i++) {
            const operand *o = &s->in[i];
            if (i > 0) (void)fprintf(file, ", ");
            if (o->leaf) (void)fprintf(file, "%s", tg_tensor_describe(o->leaf, text, sizeof text));
            if (o->leaf && o->from >= 0) (void)fprintf(file, " + ");
            if (o->from >= 0) (void)fprintf(file, "v%d", o->from);
            if (o->index) (void)fprintf(file, " picked");
            if (o->squash) (void)fprintf(file, " in %g..%g", o->lo, o->hi);
        }
        if (s->op) (void)fprintf(file, ") %s", s->attrs ? s->attrs : "");
        (void)fprintf(file, "%s\n", p->weight[k] ? "  *" : "");
    }
}

/* ---- all of them ---------------------------------------------------------------------------- */

typedef struct tally {
    int used[MOST_OPS], results[3], steps, refused;
} tally;

static int run_one(tg_tape *t, uint64_t seed, int n_ops, const tg_op *const *ops, tally *sum,
                   char *message, FILE *listing)
{
    static program p;
    check c = {.p = &p, .t = t};
    make_program(&p, t, seed, n_ops, ops);
    const int result = check_program(&c);
    for (int k = INPUTS; k < p.n; k++)
        for (int i = 0; i < n_ops; i++) sum->used[i] += ops[i] == p.steps[k].op;
    sum->results[result]++;
    sum->steps += p.n - INPUTS;
    sum->refused += p.refused;
    (void)snprintf(message, sizeof c.message, "%s", c.message);
    if (listing) list_program(listing, &p);
    free_program(&p);
    return result;
}

static int all_ops(const tg_op **ops)
{
    ck_assert_int_le(tg_op_count(), MOST_OPS);
    for (int i = 0; i < tg_op_count(); i++) ops[i] = tg_op_at(i);
    return tg_op_count();
}

static void print_table(int n_ops, const tg_op *const *ops, const tally *sum)
{
    for (int i = 0; i < n_ops; i++)
        printf("%19s %6d%s", ops[i]->name, sum->used[i], i % 4 == 3 || i == n_ops - 1 ? "\n" : "");
    printf("%d programs of %d steps in all, %d attempts at a step refused; %d programs near a kink "
           "or a jump\n",
           sum->results[FINE] + sum->results[KINK], sum->steps, sum->refused, sum->results[KINK]);
}

START_TEST(random_programs)
{
    const char *only = getenv("TG_PROGRAM_SEED"), *given = getenv("TG_PROGRAMS");
    const long n = given ? strtol(given, NULL, 10) : getenv("TG_TEST_QUICK") ? 500 : 10000;
    const tg_op *ops[MOST_OPS];
    const int n_ops = all_ops(ops);
    const uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    tg_tape *t = tg_tape_new();
    tally sum = {0};
    char message[256];
    for (uint64_t seed = first; seed < first + (only ? 1 : (uint64_t)n); seed++)
        if (run_one(t, seed, n_ops, ops, &sum, message, only ? stdout : NULL) == WRONG) {
            (void)run_one(t, seed, n_ops, ops, &sum, message, stdout);
            (void)fflush(stdout);
            ck_abort_msg("TG_PROGRAM_SEED=%llu: %s", (unsigned long long)seed, message);
        }
    tg_tape_free(t);
    if (only) return;
    print_table(n_ops, ops, &sum);
    (void)fflush(stdout);
    ck_assert_msg(5 * sum.results[KINK] < n, "%d programs were not checked", sum.results[KINK]);
    for (int i = 0; i < n_ops; i++)
        ck_assert_msg(sum.used[i] >= n / 50, "%s was used %d times", ops[i]->name, sum.used[i]);
}
END_TEST

/* The check itself must be able to fail: here one operation of the registry is wrong. */
static tg_tensor *off_by_little(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return tg_mul(t, tg_scalar(t, 1.0001), tg_op_find(n->op->name)->vjp(t, n, i, dy));
}

static tg_tensor *cut_off(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return tg_stop_gradient(t, tg_op_find(n->op->name)->vjp(t, n, i, dy));
}

static const struct {
    const char *name, *says;
    tg_tensor *(*vjp)(tg_tape *t, const tg_node *n, int i, tg_tensor *dy);
} mistakes[] = {{"mul", "tg_vjp", off_by_little},
                {"logsumexp", "tg_vjp", off_by_little},
                {"unfold", "tg_vjp", off_by_little},
                {"permute", "tg_jvp", cut_off}};

START_TEST(a_wrong_operation_is_found)
{
    const tg_op *ops[MOST_OPS];
    const int n_ops = all_ops(ops);
    tg_op op = *tg_op_find(mistakes[_i].name);
    tg_tape *t = tg_tape_new();
    tally sum = {0};
    char message[256] = "nothing";
    op.vjp = mistakes[_i].vjp;
    for (int i = 0; i < n_ops; i++)
        if (strcmp(ops[i]->name, op.name) == 0) ops[i] = &op;
    for (uint64_t seed = 1; seed < 500; seed++)
        if (run_one(t, seed, n_ops, ops, &sum, message, NULL) == WRONG) break;
    ck_assert_msg(sum.results[WRONG] == 1 && strstr(message, mistakes[_i].says), "%s: %s", op.name,
                  message);
    tg_tape_free(t);
}
END_TEST

SUITE("programs", .timeout = 1200,
      .tests = {
          {random_programs},
          {a_wrong_operation_is_found, COUNT(mistakes)},
      })
