/* ops_table.c - prints ops/ops.md: every operation of the registry in one table, made from the
 * descriptors and from trying their samples; and every optimizer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/updates.h"
#include "src/op_sample.h"
#include "tapegrad/optim.h"

/* The text of a cell. A bar would end the cell. */
static void cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|') (void)putchar('\\');
        (void)putchar(*text);
    }
}

static void attributes(const tg_op *op)
{
    static const char *const kinds[] = {"int",  "u64",    "float", "bool", "dtype",
                                        "ints", "string", "u64",   "u64",  "u64"};
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        printf("%s`%s` %s", d == op->attrs ? "" : ", ", d->name, kinds[d->kind]);
        if (d->fallback && *d->fallback) printf(" = %s", d->fallback);
        if (d->fallback && !*d->fallback) printf(" = none");
    }
}

/* The operation takes its first sample with its floats replaced by this dtype. */
static bool takes(const tg_op *op, tg_dtype dtype)
{
    tgi_sample s;
    tg_tape *t = tg_tape_new();
    tg_tensor *y = NULL;
    if (t && tgi_sample_make(&s, op, 0, dtype, false, 1, NULL) == TG_OK)
        y = tgi_sample_apply(t, s.floats, &s);
    const bool fine = y != NULL;
    tgi_sample_free(&s);
    tg_tape_free(t);
    return fine;
}

/* An operation whose result has the dtype that an attribute names. */
static bool gives(const tg_op *op, tg_dtype dtype)
{
    char attrs[256];
    tgi_sample s;
    tg_tape *t = tg_tape_new();
    bool fine = false;
    if (t && tgi_sample_make(&s, op, 0, TG_F64, false, 1, NULL) == TG_OK) {
        const char *old = s.attrs ? s.attrs : "", *at = strstr(old, "dtype=");
        const size_t head = at ? (size_t)(at - old) : strlen(old);
        const char *rest = at ? at + strcspn(at, " ") : "";
        (void)snprintf(attrs, sizeof attrs, "%.*s dtype=%s%s", (int)head, old, tg_dtype_name(dtype),
                       rest);
        s.attrs = attrs;
        fine = tgi_sample_apply(t, s.floats, &s) != NULL;
    }
    tgi_sample_free(&s);
    tg_tape_free(t);
    return fine;
}

static bool has_attr(const tg_op *op, const char *name)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++)
        if (strcmp(d->name, name) == 0) return true;
    return false;
}

static void dtypes(const tg_op *op)
{
    const char *in = op->samples[0].inputs ? op->samples[0].inputs : "";
    const bool chosen = !strpbrk(in, "fd") && has_attr(op, "dtype");
    const char *between = "";
    if (!strpbrk(in, "fd") && !chosen) {
        printf("%s", strchr(in, 'i') || !*in ? "i32" : "u8");
        return;
    }
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        if (chosen ? gives(op, (tg_dtype)d) : takes(op, (tg_dtype)d)) {
            printf("%s%s", between, tg_dtype_name((tg_dtype)d));
            between = " ";
        }
}

/* ---- the optimizers ------------------------------------------------------------------------- */

static void options(const tg_optimizer_type *type)
{
    for (const tg_attr_def *d = type->attrs; d->name; d++)
        printf("%s`%s` = %s, %s", d == type->attrs ? "" : "; ", d->name, d->fallback,
               type->ranges[d - type->attrs].meaning);
}

/* The constants that are not just an option. */
static void constants(int row)
{
    static const char *const of[TGI_UPDATES][2 * TGI_UPDATE_CONSTANTS + 1] = {
#define CONSTANT(name, value) #name, #value,
#define X(name, title) {CONSTANTS_##name(CONSTANT) NULL},
        TGI_OPTIMIZERS(X)
#undef X
    };
    const char *between = "";
    for (const char *const *c = of[row]; *c; c += 2)
        if (strcmp(c[0], c[1]) != 0) {
            printf("%s%s = %s", between, c[0], c[1]);
            between = "; ";
        }
}

static void optimizers(void)
{
    const tg_optimizer_type *type;
    printf("\n# The optimizers\n\n"
           "From ops/kernels/updates.def: g is the gradient of w, t counts updates from 1. The\n"
           "formulas of include/tapegrad/optim.h say the same for reading.\n\n"
           "| optimizer | options with their defaults | states | constants | update |\n"
           "|---|---|---|---|---|\n");
    for (int i = 0; (type = tg_optimizer_type_at(i)); i++) {
        printf("| %s | ", type->name);
        options(type);
        printf(" |");
        for (int s = 0; type->states[s]; s++) printf(" %s", type->states[s]);
        printf(" | ");
        constants(i);
        printf(" | ");
        cell(type->formula);
        printf(" |\n");
    }
}

int main(void)
{
    printf("# The operations\n\n"
           "Made by `make ops.md` from the descriptors: what each computes, its derivative (the\n"
           "cotangents of the operands, where y is the result and dy its cotangent; 0: the\n"
           "derivative is zero; none: asking for it is an error), its attributes with their\n"
           "defaults, the dtypes of its operands, or of its result where it has none. The calls\n"
           "are in include/tapegrad/ops_*.h.\n\n"
           "| operation | y | derivative | attributes | dtypes |\n|---|---|---|---|---|\n");
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        printf("| %s | ", op->name);
        cell(op->formula);
        printf(" | ");
        cell(op->vjp ? op->derivative : op->flags & TG_OP_ZERO_GRAD ? "0" : "none");
        printf(" | ");
        attributes(op);
        printf(" | ");
        dtypes(op);
        printf(" |\n");
    }
    printf("\n%d operations.\n", tg_op_count());
    optimizers();
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
