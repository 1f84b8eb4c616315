/* params.h - small dicts of parameters: points in a plane, and vectors full of threes. */
#ifndef TESTS_PARAMS_H
#define TESTS_PARAMS_H

#include "tapegrad/dict.h"
#include "tests/support/suite.h"

/* (x, y) as two scalars. */
static inline tg_dict *point(tg_dtype dtype, double x, double y)
{
    tg_dict *d = tg_dict_new();
    (void)tg_dict_take(d, "x", tg_tensor_new(dtype, 0, NULL, NULL), NULL);
    (void)tg_dict_take(d, "y", tg_tensor_new(dtype, 0, NULL, NULL), NULL);
    (void)tg_tensor_set(tg_dict_get(d, "x"), 0, x, NULL);
    (void)tg_tensor_set(tg_dict_get(d, "y"), 0, y, NULL);
    return d;
}

static inline double at(const tg_dict *d, const char *key) { return tg_item(tg_dict_get(d, key)); }

typedef struct vector {
    const char *key; /* NULL ends the list */
    tg_dtype dtype;
    int64_t n;
} vector;

static inline tg_dict *threes(const vector *v)
{
    tg_dict *d = tg_dict_new();
    for (; v->key; v++) {
        tg_tensor *x = tg_tensor_new(v->dtype, 1, &v->n, NULL);
        (void)tg_tensor_fill(x, 3, NULL);
        (void)tg_dict_take(d, v->key, x, NULL);
    }
    return d;
}

#endif
