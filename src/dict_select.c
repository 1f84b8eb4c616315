/* dict_select.c - selects entries of a dict by a pattern or a prefix of their keys. */
#include <string.h>

#include "src/dict.h"
#include "tapegrad/alloc.h"

bool tgi_key_matches(const char *pattern, const char *key)
{
    const char *star = NULL, *from = NULL; /* the last '*', and where its match ends */
    while (*key) {
        if (*pattern == '*') {
            star = ++pattern;
            from = key;
        } else if (*pattern == '?' || *pattern == *key) {
            pattern++;
            key++;
        } else if (star) { /* let it match one more character */
            pattern = star;
            key = ++from;
        } else
            return false;
    }
    while (*pattern == '*') pattern++;
    return *pattern == '\0';
}

tg_dict *tg_dict_select(const tg_dict *d, const char *pattern, tg_error *err)
{
    if (!d || !pattern) {
        tg_fail(err, TG_EARG, "dict_select: %s is NULL", d ? "pattern" : "dict");
        return NULL;
    }
    tg_dict *part = tg_dict_new();
    tg_status status = part ? TG_OK : tg_fail(err, TG_ENOMEM, "dict_select: out of memory");
    for (int i = 0; i < d->n && !status; i++)
        if (tgi_key_matches(pattern, d->keys[i]))
            status = tg_dict_set(part, d->keys[i], d->tensors[i], err);
    if (!status && tg_dict_size(part) == 0)
        status = tg_fail(err, TG_EKEY, "dict_select: no key matches '%s'", pattern);
    if (!status) return part;
    tg_dict_free(part);
    return NULL;
}

tg_dict *tgi_dict_under(const tg_dict *d, const char *prefix, tg_error *err)
{
    const size_t n = strlen(prefix);
    tg_dict *part = tg_dict_new();
    tg_status status = part ? TG_OK : tg_fail(err, TG_ENOMEM, "dict: out of memory");
    for (int i = 0; i < d->n && !status; i++)
        if (strncmp(d->keys[i], prefix, n) == 0)
            status = tg_dict_set(part, d->keys[i] + n, d->tensors[i], err);
    if (!status) return part;
    tg_dict_free(part);
    return NULL;
}

tg_status tgi_dict_put_under(tg_dict *into, const char *prefix, const tg_dict *d, tg_error *err)
{
    const size_t n = strlen(prefix);
    tg_status status = TG_OK;
    for (int i = 0; i < tg_dict_size(d) && !status; i++) {
        const size_t bytes = strlen(d->keys[i]) + 1;
        char *key = tg_malloc(n + bytes);
        if (!key) return tg_fail(err, TG_ENOMEM, "'%s%s': out of memory", prefix, d->keys[i]);
        memcpy(key, prefix, n);
        memcpy(key + n, d->keys[i], bytes);
        status = tg_dict_set(into, key, d->tensors[i], err);
        tg_free(key);
    }
    return status;
}
