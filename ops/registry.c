/* registry.c - all operations of the library: lookup by number and by name, application by name,
 * and tapes, which are given the operations that the sweep itself applies. */
#include <string.h>

#include "graph/tape.h"
#include "ops/elementwise/families.h"

static const struct {
    const tg_op *ops;
    const int *count;
} families[] = {
#define X(family) {tgi_##family##_ops, &tgi_##family##_ops_count},
    TGI_FAMILIES(X)
#undef X
};

enum { FAMILIES = (int)(sizeof families / sizeof *families) };

int tg_op_count(void)
{
    int n = 0;
    for (int f = 0; f < FAMILIES; f++) n += *families[f].count;
    return n;
}

const tg_op *tg_op_at(int i)
{
    for (int f = 0; f < FAMILIES && i >= 0; i -= *families[f++].count)
        if (i < *families[f].count) return &families[f].ops[i];
    return NULL;
}

const tg_op *tg_op_find(const char *name)
{
    for (int f = 0; name && f < FAMILIES; f++)
        for (int i = 0; i < *families[f].count; i++)
            if (strcmp(families[f].ops[i].name, name) == 0) return &families[f].ops[i];
    return NULL;
}

tg_tensor *tg_apply_text(tg_tape *t, const char *name, tg_tensor *const *inputs, int n,
                         const char *attrs)
{
    if (tg_tape_status(t)) return NULL;
    const tg_op *op = name ? tg_op_find(name) : NULL;
    if (!op) return tg_tape_fail(t, TG_EKEY, "apply: no operation '%s'", name ? name : "NULL");
    void *parsed = tg_tape_alloc(t, op->attrs_size);
    if (!parsed || tg_attrs_parse(t, op, attrs, parsed)) return NULL;
    return tg_apply(t, op, inputs, n, op->attrs_size ? parsed : NULL);
}

tg_tape *tg_tape_new(void) { return tg_tape_new_on(NULL); }

tg_tape *tg_tape_new_on(tg_error *err)
{
    const tgi_core_ops core = {tg_op_find("full"), tg_op_find("add"), tg_op_find("sum_to"),
                               tg_op_find("sum")};
    return tgi_tape_new(&core, err);
}
