/* registry.c - every operation of the library, found by number or by name. */
#include <string.h>

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
