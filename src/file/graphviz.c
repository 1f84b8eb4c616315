/* graphviz.c - a tape as a graph for Graphviz. */
#include <string.h>

#include "src/dict.h"
#include "tapegrad/inspect.h"

/* Writes text for use between quotes. */
static void quoted(const char *text, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"' || text[i] == '\\') (void)fputc('\\', out);
        (void)fputc(text[i] == '\n' ? ' ' : text[i], out);
    }
}

/* Opens nested boxes for a scope such as "hidden1/batch_norm" and returns how many. Graphviz
 * merges boxes that have the same name. */
static int open_boxes(const char *scope, FILE *out)
{
    int depth = 0;
    for (const char *part = scope; *part;) {
        const size_t n = strcspn(part, "/");
        (void)fputs("subgraph \"cluster_", out);
        quoted(scope, (size_t)(part - scope) + n, out);
        (void)fputs("\" { label=\"", out);
        quoted(part, n, out);
        (void)fputs("\"; ", out);
        depth++;
        part += n;
        if (*part) part++;
    }
    return depth;
}

static void node(int32_t id, const tg_node *n, FILE *out)
{
    char shape[TG_DESCRIBE_SIZE], attrs[512];
    (void)tg_attrs_describe(n->op, n->attrs, attrs, sizeof attrs);
    (void)fputs("  ", out);
    const int depth = open_boxes(n->scope, out);
    (void)fprintf(out, "n%ld [label=\"", (long)id);
    quoted(n->op->name, strlen(n->op->name), out);
    (void)fputs("\\n", out);
    if (*attrs) {
        quoted(attrs, strlen(attrs), out);
        (void)fputs("\\n", out);
    }
    (void)fprintf(out, "%s\"];", tg_tensor_describe(n->output, shape, sizeof shape));
    for (int i = 0; i < depth; i++) (void)fputs(" }", out);
    (void)fputc('\n', out);
    for (int i = 0; i < n->n_inputs; i++)
        (void)fprintf(out, "  n%ld -> n%ld;\n", (long)n->input_ids[i], (long)id);
}

static void leaf(int32_t id, const tg_tensor *x, const char *name, FILE *out)
{
    char shape[TG_DESCRIBE_SIZE];
    (void)fprintf(out, "  n%ld [shape=ellipse, label=\"", (long)id);
    quoted(name ? name : "leaf", strlen(name ? name : "leaf"), out);
    (void)fprintf(out, "\\n%s\"];\n", tg_tensor_describe(x, shape, sizeof shape));
}

tg_status tg_tape_dot(const tg_tape *t, const tg_dict *names, FILE *out)
{
    if (!t || !out) return TG_EARG;
    (void)fputs("digraph tape {\n  node [shape=box, fontname=\"sans-serif\"];\n", out);
    for (int32_t i = 0; i < tg_tape_size(t); i++) {
        const tg_tensor *x = tg_tape_value(t, i);
        if (x->node)
            node(i, x->node, out);
        else
            leaf(i, x, tgi_dict_name(names, x), out);
    }
    (void)fputs("}\n", out);
    return fflush(out) || ferror(out) ? TG_EIO : TG_OK;
}
