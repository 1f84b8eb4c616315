/* dicts.h - makes small leaves and dicts for tests, and shows their layout as text. */
#ifndef TAPEGRAD_TESTS_DICTS_H
#define TAPEGRAD_TESTS_DICTS_H

#include <stdio.h>

#include "tapegrad/dict.h"
#include "tapegrad/rng.h"
#include "tests/support/suite.h"

static inline tg_tensor *ramp(tg_dtype dtype, int64_t m, int64_t n, double first)
{
    tg_tensor *x = tg_tensor_new(dtype, 2, (int64_t[]){m, n}, NULL);
    for (int64_t i = 0; x && i < x->size; i++) (void)tg_tensor_set(x, i, first + (double)i, NULL);
    return x;
}

/* Standard normal numbers, others for each stream. */
static inline tg_tensor *normal_leaf(int ndim, const int64_t *shape, uint64_t stream)
{
    tg_rng rng = tg_rng_make(5, stream);
    tg_tensor *x = tg_tensor_new(TG_F64, ndim, shape, NULL);
    for (int64_t i = 0; i < x->size; i++)
        (void)tg_tensor_set(x, i, tg_rng_next_normal(&rng, 0, 1), NULL);
    return x;
}

/* "W:f32[2,3] b:f64[3]" as text of a dict, in order. */
static inline const char *layout(const tg_dict *d)
{
    static char text[1024];
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < tg_dict_size(d); i++) {
        char x[TG_DESCRIBE_SIZE];
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s:%s", i ? " " : "",
                             tg_dict_key(d, i), tg_tensor_describe(tg_dict_at(d, i), x, sizeof x));
    }
    return text;
}

/* A dict with these keys and shapes; 0 for m means a scalar. */
typedef struct entry {
    const char *key;
    tg_dtype dtype;
    int64_t m, n;
} entry;

static inline tg_dict *make(const entry *e, int n)
{
    tg_dict *d = tg_dict_new();
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(tg_dict_take(d, e[i].key, ramp(e[i].dtype, e[i].m, e[i].n, 10 * i), NULL),
                         TG_OK);
    return d;
}

#endif
