/* einsum.c - einsum, and the products that are written with it: tensordot, dot and outer.
 *
 * For "ij,jk->ik" the operands are taken from left to right. Labels that are no longer needed are
 * summed, and two operands are contracted by one batched matmul, (batch, left, sum) x (batch, sum,
 * right). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ops/compose.h"
#include "ops/elementwise/families.h"

enum { LETTERS = 52, LABELS = LETTERS + TG_MAX_NDIM };

/* A tensor with a label for each axis. The axes that "..." stands for have the labels from LETTERS
 * on, counted from the last of them. */
typedef struct term {
    tg_tensor *x;
    int n;
    int label[TG_MAX_NDIM];
} term;

typedef struct einsum {
    tg_tape *t;
    const char *equation;
    int64_t size[LABELS]; /* 0 until seen; -1 stands for a size of 0 */
    int count[LABELS];    /* terms that have the label */
} einsum;

static bool TG_PRINTF(3, 4) fail(const einsum *e, tg_status status, const char *format, ...)
{
    char why[160];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    (void)tg_tape_fail(e->t, status, "einsum: '%s': %s", e->equation, why);
    return false;
}

static int letter(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= 'A' && c <= 'Z' ? c - 'A' : -1;
}

/* The letter of a label, '.' for an axis that "..." stands for. */
static char name_of(int label)
{
    return label >= LETTERS ? '.' : (char)(label < 26 ? 'A' + label : 'a' + label - 26);
}

/* Reads labels up to a ',' or "->". `dots` is the number of axes that "..." stands for. */
static bool read_labels(const einsum *e, const char **text, int dots, term *m)
{
    bool seen = false;
    for (const char *p = *text;; p++) {
        const int more = strncmp(p, "...", 3) == 0 ? dots : 1, l = letter(*p);
        if (*p == '\0' || *p == ',' || *p == '-') {
            *text = p;
            return true;
        }
        if (*p == ' ') continue;
        if (m->n + more > TG_MAX_NDIM)
            return fail(e, TG_ESHAPE, "more than %d axes in one operand", TG_MAX_NDIM);
        if (*p != '.' && l < 0) return fail(e, TG_EARG, "'%c' is not a letter", *p);
        if (*p != '.')
            m->label[m->n++] = l;
        else if (strncmp(p, "...", 3) != 0 || seen)
            return fail(e, TG_EARG, "'...' is misplaced");
        else {
            for (int k = dots - 1; k >= 0; k--) m->label[m->n++] = LETTERS + k;
            seen = true;
            p += 2;
        }
    }
}

/* The number of axes of x that "..." stands for among the labels before the next ',' or "->". */
static int count_dots(const char *p, const tg_tensor *x)
{
    int letters = 0;
    bool dots = false;
    for (; *p && *p != ',' && *p != '-'; p++) {
        letters += letter(*p) >= 0;
        dots = dots || *p == '.';
    }
    return dots && x->ndim > letters ? x->ndim - letters : 0;
}

static int axis_of(const term *m, int label)
{
    for (int i = 0; i < m->n; i++)
        if (m->label[i] == label) return i;
    return -1;
}

static bool note_sizes(einsum *e, const term *m)
{
    for (int i = 0; i < m->n; i++) {
        const int64_t n = m->x->shape[i];
        int64_t *size = &e->size[m->label[i]];
        if (*size == 0 || *size == 1)
            *size = n > 0 ? n : -1;
        else if (n != 1 && n != (*size < 0 ? 0 : *size))
            return fail(e, TG_ESHAPE, "label '%c' has sizes %lld and %lld", name_of(m->label[i]),
                        (long long)(*size < 0 ? 0 : *size), (long long)n);
        if (axis_of(m, m->label[i]) == i) e->count[m->label[i]]++;
    }
    return true;
}

static void drop_axis(term *m, int axis)
{
    m->n--;
    for (int i = axis; i < m->n; i++) m->label[i] = m->label[i + 1];
}

/* Takes the diagonal where an operand has a label twice, and broadcasts sizes of 1. */
static void normalise(const einsum *e, term *m)
{
    int64_t shape[TG_MAX_NDIM];
    for (int i = 0; i < m->n; i++) shape[i] = e->size[m->label[i]] < 0 ? 0 : e->size[m->label[i]];
    if (m->n > 0) m->x = tg_expand(e->t, m->x, m->n, shape);
    for (int i = 0; i < m->n; i++)
        for (int k = i + 1; k < m->n; k++)
            if (m->label[k] == m->label[i]) {
                const int label = m->label[i];
                m->x = tg_diagonal(e->t, m->x, 0, i, k); /* it becomes the last axis */
                drop_axis(m, k);
                drop_axis(m, i);
                m->label[m->n++] = label;
                i = -1; /* start again */
                break;
            }
}

/* Sums the labels of m that are not needed. */
static void sum_unneeded(const einsum *e, term *m, const bool *needed)
{
    int axes[TG_MAX_NDIM], n = 0;
    for (int i = 0; i < m->n; i++)
        if (!needed[m->label[i]]) axes[n++] = i;
    if (n == 0) return;
    m->x = tg_sum_axes(e->t, m->x, n, axes, false);
    for (int i = n - 1; i >= 0; i--) drop_axis(m, axes[i]);
}

/* Permutes m to the order of the labels and reshapes each of the three groups of them to one
 * axis. */
static tg_tensor *grouped(const einsum *e, const term *m, const int *labels, const int groups[3])
{
    int axes[TG_MAX_NDIM], n = 0;
    int64_t shape[3] = {1, 1, 1};
    for (int g = 0; g < 3; g++)
        for (int k = 0; k < groups[g]; k++, n++) {
            const int64_t size = e->size[labels[n]];
            axes[n] = axis_of(m, labels[n]);
            shape[g] *= size < 0 ? 0 : size;
        }
    return tg_reshape(e->t, tg_permute(e->t, m->x, n, axes), 3, shape);
}

static bool contract(const einsum *e, term *a, const term *b, const bool *needed)
{
    int la[3 * TG_MAX_NDIM], lb[3 * TG_MAX_NDIM], na[3] = {0}, nb[3] = {0}, n = 0, m = 0;
    int64_t shape[2 * TG_MAX_NDIM];
    term y = {.n = 0};
    for (int i = 0; i < a->n; i++) /* batch */
        if (axis_of(b, a->label[i]) >= 0 && needed[a->label[i]])
            la[n++] = lb[m++] = a->label[i], na[0]++, nb[0]++;
    for (int i = 0; i < a->n; i++) /* left */
        if (axis_of(b, a->label[i]) < 0) la[n++] = a->label[i], na[1]++;
    for (int i = 0; i < a->n; i++) /* sum */
        if (axis_of(b, a->label[i]) >= 0 && !needed[a->label[i]])
            la[n++] = lb[m++] = a->label[i], na[2]++, nb[1]++;
    for (int i = 0; i < b->n; i++) /* right */
        if (axis_of(a, b->label[i]) < 0) lb[m++] = b->label[i], nb[2]++;
    const int kept = na[0] + na[1] + nb[2];
    if (kept > TG_MAX_NDIM) return fail(e, TG_ESHAPE, "an intermediate has more than 8 axes");
    for (int i = 0; i < na[0] + na[1]; i++) y.label[y.n++] = la[i];
    for (int i = nb[0] + nb[1]; i < m; i++) y.label[y.n++] = lb[i];
    for (int i = 0; i < y.n; i++) shape[i] = e->size[y.label[i]] < 0 ? 0 : e->size[y.label[i]];
    tg_tensor *product = tg_matmul(e->t, grouped(e, a, la, na), grouped(e, b, lb, nb));
    y.x = tg_reshape(e->t, product, y.n, shape);
    *a = y;
    return y.x != NULL;
}

/* The labels of the result: those given, or in alphabetical order those that occur in one operand
 * only. */
static bool read_result(const einsum *e, const char *p, const int *uses, int dots, term *y)
{
    if (*p) {
        if (p[0] != '-' || p[1] != '>') return fail(e, TG_EARG, "expected '->', found '%.8s'", p);
        p += 2;
        if (!read_labels(e, &p, dots, y)) return false;
        if (*p) return fail(e, TG_EARG, "'%.8s' after the result", p);
        for (int i = 0; i < y->n; i++)
            if (e->count[y->label[i]] == 0 || axis_of(y, y->label[i]) != i)
                return fail(e, TG_EARG, "label '%c' of the result is %s", name_of(y->label[i]),
                            e->count[y->label[i]] ? "given twice" : "in no operand");
        return true;
    }
    for (int k = dots - 1; k >= 0; k--) y->label[y->n++] = LETTERS + k;
    for (int l = 0; l < LETTERS; l++) {
        if (uses[l] != 1) continue;
        if (y->n == TG_MAX_NDIM) return fail(e, TG_ESHAPE, "the result has more than 8 axes");
        y->label[y->n++] = l;
    }
    return true;
}

static tg_tensor *run(einsum *e, term *terms, int n, const term *result)
{
    int left[LABELS], axes[TG_MAX_NDIM];
    bool needed[LABELS];
    tg_tensor *const operand = terms[0].x;
    memcpy(left, e->count, sizeof left);
    for (int k = 0; k < n; k++) {
        normalise(e, &terms[k]);
        if (!terms[k].x) return NULL;
    }
    for (int k = 0; k < n; k++) {
        /* A label is needed after this operand by the result or by a later operand. */
        for (int i = 0; i < terms[k].n; i++) left[terms[k].label[i]]--;
        for (int l = 0; l < LABELS; l++) needed[l] = left[l] > 0 || axis_of(result, l) >= 0;
        if (k == 0) {
            sum_unneeded(e, &terms[0], needed);
            continue;
        }
        bool also[LABELS];
        for (int l = 0; l < LABELS; l++) also[l] = needed[l] || axis_of(&terms[0], l) >= 0;
        sum_unneeded(e, &terms[k], also);
        if (!terms[0].x || !terms[k].x || !contract(e, &terms[0], &terms[k], needed)) return NULL;
    }
    for (int i = 0; i < result->n; i++) axes[i] = axis_of(&terms[0], result->label[i]);
    if (result->n > 1) return tg_permute(e->t, terms[0].x, result->n, axes);
    return n == 1 && terms[0].x == operand ? tgi_unchanged(e->t, operand) : terms[0].x;
}

/* The number of operands that an equation names. It is checked before any operand is read. */
static int64_t operands_named(const char *equation)
{
    int64_t n = 1;
    for (const char *p = equation; *p && *p != '-'; p++) n += *p == ',';
    return n;
}

tg_tensor *tg_einsum(tg_tape *t, const char *equation, int n, tg_tensor *const *xs)
{
    einsum e = {.t = t, .equation = equation ? equation : "NULL"};
    int uses[LABELS] = {0}, most_dots = 0;
    term result = {.n = 0};
    if (!t || tg_tape_status(t)) return NULL;
    if (!equation || n < 1 || !xs)
        return tg_tape_fail(t, TG_EARG, "einsum: %s",
                            !equation ? "the equation is NULL"
                            : n < 1   ? "no operands are given"
                                      : "the list of operands is NULL");
    const int64_t named = operands_named(equation);
    if (named != n) {
        fail(&e, TG_EARG, "names %lld operands, %d are given", (long long)named, n);
        return NULL;
    }
    for (int k = 0; k < n; k++) {
        if (!xs[k]) return tg_tape_fail(t, TG_EARG, "einsum: operand %d is NULL", k + 1);
        if (!tgi_operand(t, "einsum", xs[k])) return NULL;
    }
    term *terms = tg_tape_alloc(t, (size_t)n * sizeof *terms);
    tg_tensor **own = tg_tape_alloc(t, (size_t)n * sizeof *own);
    if (!terms || !own) return NULL;
    memcpy(own, xs, (size_t)n * sizeof *own);
    (void)tgi_scalar_settle(t, n, own);
    const char *p = equation;
    for (int k = 0; k < n; k++) {
        terms[k] = (term){.x = own[k]};
        const int dots = count_dots(p, xs[k]);
        if (dots > most_dots) most_dots = dots;
        if (!read_labels(&e, &p, dots, &terms[k])) return NULL;
        if (terms[k].n != xs[k]->ndim)
            return fail(&e, TG_ESHAPE, "operand %d has %d axes and %d labels", k + 1, xs[k]->ndim,
                        terms[k].n),
                   (tg_tensor *)NULL;
        p += k + 1 < n; /* the comma */
        if (!note_sizes(&e, &terms[k])) return NULL;
        for (int i = 0; i < terms[k].n; i++) uses[terms[k].label[i]]++;
    }
    if (!read_result(&e, p, uses, most_dots, &result)) return NULL;
    const char *outer = tgi_enter(t, "einsum");
    return tgi_leave(t, outer, run(&e, terms, n, &result));
}

/* ---- named products ------------------------------------------------------------------------- */

tg_tensor *tg_outer(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    if (!tgi_operand(t, "outer", a) || !tgi_operand(t, "outer", b)) return NULL;
    tg_tensor *own[] = {a, b};
    (void)tgi_scalar_settle(t, 2, own);
    const char *outer = tgi_enter(t, "outer");
    tg_tensor *column = tg_reshape(t, own[0], 2, (int64_t[]){-1, 1});
    return tgi_leave(t, outer, tg_mul(t, column, tg_reshape(t, own[1], 2, (int64_t[]){1, -1})));
}

tg_tensor *tg_dot(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    if (a && b && (a->ndim != 1 || b->ndim != 1))
        return tg_tape_fail(t, TG_ESHAPE, "dot: both operands must have 1 dimension");
    const char *outer = tgi_enter(t, "dot");
    return tgi_leave(t, outer, tg_matmul(t, a, b));
}

/* Label i is axis i of a; the axes of b are new ones, but for those that are contracted. */
tg_tensor *tg_tensordot(tg_tape *t, tg_tensor *a, tg_tensor *b, int n, const int *a_axes,
                        const int *b_axes)
{
    char text[4 * TG_MAX_NDIM + 8], *p = text, b_label[TG_MAX_NDIM];
    bool summed[TG_MAX_NDIM] = {false};
    if (!a || !b || n < 0 || (n > 0 && (!a_axes || !b_axes)))
        return tg_tape_fail(t, TG_EARG, "tensordot: %s",
                            !a        ? "a is NULL"
                            : !b      ? "b is NULL"
                            : n < 0   ? "the number of axes is negative"
                            : !a_axes ? "a_axes is NULL"
                                      : "b_axes is NULL");
    for (int i = 0; i < b->ndim; i++) b_label[i] = (char)('A' + i);
    for (int k = 0; k < n; k++) {
        const int i = a_axes[k] < 0 ? a_axes[k] + a->ndim : a_axes[k];
        const int j = b_axes[k] < 0 ? b_axes[k] + b->ndim : b_axes[k];
        if (i < 0 || i >= a->ndim || j < 0 || j >= b->ndim || summed[i] || b_label[j] >= 'a')
            return tg_tape_fail(t, TG_EAXIS,
                                "tensordot: axes %d and %d are out of range or given twice",
                                a_axes[k], b_axes[k]);
        if (a->shape[i] != b->shape[j])
            return tg_tape_fail(t, TG_ESHAPE, "tensordot: axes %d and %d have sizes %lld and %lld",
                                a_axes[k], b_axes[k], (long long)a->shape[i],
                                (long long)b->shape[j]);
        summed[i] = true;
        b_label[j] = (char)('a' + i);
    }
    for (int i = 0; i < a->ndim; i++) *p++ = (char)('a' + i);
    *p++ = ',';
    for (int i = 0; i < b->ndim; i++) *p++ = b_label[i];
    *p++ = '-', *p++ = '>';
    for (int i = 0; i < a->ndim; i++)
        if (!summed[i]) *p++ = (char)('a' + i);
    for (int i = 0; i < b->ndim; i++)
        if (b_label[i] < 'a') *p++ = b_label[i];
    *p = '\0';
    const char *outer = tgi_enter(t, "tensordot");
    return tgi_leave(t, outer, tg_einsum(t, text, 2, (tg_tensor *[]){a, b}));
}
