/* inspect.c - lists the values of a tape, finds them, and adds up its operations. */
#include "tapegrad/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "src/dict.h"
#include "tapegrad/alloc.h"

/* ---- the listing ---------------------------------------------------------------------------- */

static void print_leaf(int32_t id, const tg_tensor *x, const char *name, FILE *out)
{
    char shape[TG_DESCRIBE_SIZE];
    (void)fprintf(out, "%6ld  leaf%s%s%s  %s\n", (long)id, name ? " '" : "", name ? name : "",
                  name ? "'" : "", tg_tensor_describe(x, shape, sizeof shape));
}

static void print_node(int32_t id, const tg_node *n, FILE *out)
{
    char shape[TG_DESCRIBE_SIZE], attrs[512];
    (void)tg_attrs_describe(n->op, n->attrs, attrs, sizeof attrs);
    (void)fprintf(out, "%6ld  %s(", (long)id, n->op->name);
    for (int i = 0; i < n->n_inputs; i++)
        (void)fprintf(out, "%s%ld", i ? ", " : "", (long)n->input_ids[i]);
    (void)fprintf(out, "%s%s)  %s%s%s\n", *attrs && n->n_inputs ? "; " : "", attrs,
                  tg_tensor_describe(n->output, shape, sizeof shape), *n->scope ? "  # " : "",
                  n->scope);
}

tg_status tg_tape_print(const tg_tape *t, const tg_dict *names, FILE *out)
{
    if (!t || !out) return TG_EARG;
    for (int32_t i = 0; i < tg_tape_size(t); i++) {
        const tg_tensor *x = tg_tape_value(t, i);
        if (x->node)
            print_node(i, x->node, out);
        else
            print_leaf(i, x, tgi_dict_name(names, x), out);
    }
    return fflush(out) || ferror(out) ? TG_EIO : TG_OK;
}

/* ---- finding a value ------------------------------------------------------------------------ */

int32_t tg_tape_find(const tg_tape *t, const char *op, const char *scope, int32_t from)
{
    const size_t n = scope ? strlen(scope) : 0;
    for (int32_t i = from > 0 ? from : 0; t && i < tg_tape_size(t); i++) {
        const tg_node *node = tg_tape_value(t, i)->node;
        if (!node || (op && strcmp(node->op->name, op) != 0)) continue;
        if (n == 0) return i;
        const char end = strncmp(node->scope, scope, n) == 0 ? node->scope[n] : '?';
        if (end == '\0' || end == '/') return i;
    }
    return -1;
}

/* ---- the totals ----------------------------------------------------------------------------- */

static double flops(const tg_node *n)
{
    const tg_op *op = n->op;
    if (op->flops) return op->flops(n);
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        if (op->map[d]) return (double)n->output->size;
    return 0;
}

/* Whether y is a view of x. */
static bool is_view(const tg_tensor *y, const tg_tensor *x)
{
    const uintptr_t width = tg_dtype_size(x->dtype), at = (uintptr_t)y->data;
    uintptr_t low = (uintptr_t)x->data, high = low;
    for (int i = 0; i < x->ndim; i++) {
        const int64_t reach = (x->shape[i] - 1) * x->strides[i];
        low -= reach < 0 ? (uintptr_t)-reach * width : 0;
        high += reach > 0 ? (uintptr_t)reach * width : 0;
    }
    return x->size > 0 && low <= at && at <= high;
}

static int64_t bytes(const tg_node *n)
{
    if (n->n_inputs > 0 && is_view(n->output, n->inputs[0])) return 0;
    return n->output->size * (int64_t)tg_dtype_size(n->output->dtype);
}

/* The entry of an operation, added at the end if it is new; NULL when out of memory. Operations
 * are compared by name, because a descriptor may exist twice. */
static tg_op_stats *entry(tg_op_stats **all, int *count, const char *name)
{
    for (int i = 0; i < *count; i++)
        if (strcmp((*all)[i].name, name) == 0) return &(*all)[i];
    if (*count % 64 == 0) {
        tg_op_stats *more = tg_realloc_array(*all, (size_t)*count + 64, sizeof *more);
        if (!more) return NULL;
        *all = more;
    }
    (*all)[*count] = (tg_op_stats){.name = name};
    return &(*all)[(*count)++];
}

static int most_first(const void *a, const void *b)
{
    const tg_op_stats *x = a, *y = b;
    if (x->flops != y->flops) return x->flops < y->flops ? 1 : -1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return strcmp(x->name, y->name);
}

int tg_tape_stats(const tg_tape *t, tg_op_stats *stats, int n)
{
    tg_op_stats *all = NULL;
    int count = 0;
    for (int32_t i = 0; i < tg_tape_size(t); i++) {
        const tg_node *node = tg_tape_value(t, i)->node;
        if (!node) continue;
        tg_op_stats *e = entry(&all, &count, node->op->name);
        if (!e) {
            tg_free(all);
            return -1;
        }
        e->nodes++;
        e->bytes += bytes(node);
        e->flops += flops(node);
    }
    if (count > 0) qsort(all, (size_t)count, sizeof *all, most_first);
    for (int i = 0; stats && i < n && i < count; i++) stats[i] = all[i];
    tg_free(all);
    return count;
}
