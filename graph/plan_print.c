/* plan_print.c - a plan as text: its steps, what was fused, and where the bytes go. */
#include "graph/plan.h"

static void print_place(const tg_plan *p, const tgi_value *v, FILE *file)
{
    if (v->output >= 0)
        (void)fprintf(file, " -> output %d", v->output + 1);
    else if (v->escapes)
        (void)fprintf(file, " at %lld", (long long)v->offset);
    (void)p;
}

static void print_value(const tg_plan *p, int32_t i, FILE *file)
{
    char text[TG_DESCRIBE_SIZE];
    const tgi_value *v = &p->values[i];
    (void)fprintf(file, "%%%d = %s(", (int)i, v->node.op->name);
    for (int k = 0; k < v->node.n_inputs; k++) {
        const tgi_value *x = &p->values[v->in[k]];
        const char *kind = x->kind == TGI_LEAF       ? "leaf "
                           : x->kind == TGI_CONSTANT ? "constant "
                                                     : "";
        (void)fprintf(file, "%s%s%%%d", k ? ", " : "", kind, (int)x->root);
    }
    (void)fprintf(file, ") %s", tg_tensor_describe(&v->x, text, sizeof text));
    print_place(p, v, file);
    (void)fprintf(file, "%s%s\n", *v->node.scope ? "  in " : "", v->node.scope);
}

void tg_plan_print(const tg_plan *p, FILE *file)
{
    if (!p || !file) return;
    for (int32_t s = 0; s < p->n_steps; s++) {
        const tgi_step *step = &p->steps[s];
        if (step->fused)
            (void)fprintf(file, "step %d: %d fused, %lld elements in blocks of %lld\n", (int)s + 1,
                          (int)step->count, (long long)step->fused->n,
                          (long long)step->fused->block);
        else
            (void)fprintf(file, "step %d: ", (int)s + 1);
        for (int32_t k = step->value; k >= 0; k = p->values[k].next) {
            if (step->fused) (void)fprintf(file, "    ");
            print_value(p, k, file);
        }
    }
    const tg_plan_numbers *n = &p->numbers;
    (void)fprintf(file,
                  "%d of %d operations in %d steps; %d fused in %d groups\n"
                  "%zu bytes: %zu for results, %zu for outputs and constants; %zu on the tape\n",
                  (int)n->nodes, (int)n->recorded, (int)n->steps, (int)n->fused, (int)n->groups,
                  n->bytes, n->block, n->kept, n->eager);
}
