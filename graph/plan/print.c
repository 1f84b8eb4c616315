/* print.c - a plan as text: its steps, what was fused, and where the bytes go. */
#include "graph/plan/plan.h"

static void print_item(const tg_plan *p, int32_t i, FILE *file)
{
    char text[TG_DESCRIBE_SIZE];
    const tgi_item *v = &p->items[i];
    const tg_tensor y = tgi_plan_tensor(p, i);
    (void)fprintf(file, "%%%d = %s(", (int)i, v->operation->op->name);
    for (int k = 0; k < v->n_inputs; k++) {
        const tgi_item *x = &p->items[p->inputs[v->in + k]];
        const char *kind = x->kind == TGI_LEAF       ? "leaf "
                           : x->kind == TGI_CONSTANT ? "constant "
                                                     : "";
        (void)fprintf(file, "%s%s%%%d", k ? ", " : "", kind, (int)x->root);
    }
    (void)fprintf(file, ") %s", tg_tensor_describe(&y, text, sizeof text));
    if (v->output >= 0)
        (void)fprintf(file, " -> output %d", v->output);
    else if (v->escapes)
        (void)fprintf(file, " at %lld", (long long)v->offset);
    (void)fprintf(file, "%s%s\n", *v->operation->scope ? "  in " : "", v->operation->scope);
}

/* What is printed before the members of a group. */
static void print_group(const tgi_step *s, FILE *file)
{
    (void)fprintf(file, "%d fused, ", (int)s->count);
    if (s->kind == TGI_CALLS)
        (void)fprintf(file, "%d elements in calls\n", (int)s->is.calls->n);
    else
        (void)fprintf(file, "%lld elements in blocks of %lld\n", (long long)s->is.job->loop->n,
                      (long long)s->is.job->loop->block);
}

void tg_plan_print(const tg_plan *p, FILE *file)
{
    if (!p || !file) return;
    for (int32_t s = 0; s < p->n_steps; s++) {
        const tgi_step *step = &p->steps[s];
        const bool group = step->count > 1;
        (void)fprintf(file, "step %d: ", (int)s + 1);
        if (group) print_group(step, file);
        for (int32_t k = step->value; k >= 0; k = p->items[k].next) {
            if (group) (void)fprintf(file, "    ");
            print_item(p, k, file);
        }
    }
    const tg_plan_numbers *n = &p->numbers;
    (void)fprintf(file,
                  "%d of %d operations in %d steps; %d fused in %d groups\n"
                  "%zu bytes: %zu for results, %zu for outputs and constants; %zu on the tape\n",
                  (int)n->nodes, (int)n->recorded, (int)n->steps, (int)n->fused, (int)n->groups,
                  n->bytes, n->block, n->kept, n->eager);
}
