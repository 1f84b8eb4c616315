/* dict_lacks.c - the message about a key that a dict does not have: it names the most similar
 * key. */
#include <stdio.h>
#include <string.h>

#include "src/dict.h"

enum { MOST = 40 }; /* characters of a key that are compared */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static int least(int a, int b) { return a < b ? a : b; }

/* The edit distance: inserting, deleting or replacing a letter costs 3, changing its case 1. */
static int distance(const char *a, const char *b)
{
    int row[MOST + 1], n = 0;
    for (; n < MOST && b[n]; n++) row[n] = 3 * n;
    row[n] = 3 * n;
    for (int i = 0; i < MOST && a[i]; i++) {
        int above_left = row[0];
        row[0] = 3 * (i + 1);
        for (int j = 0; j < n; j++) {
            const int replaced = a[i] == b[j] ? 0 : lower(a[i]) == lower(b[j]) ? 1 : 3;
            const int cheapest = least(above_left + replaced, least(row[j], row[j + 1]) + 3);
            above_left = row[j + 1];
            row[j + 1] = cheapest;
        }
    }
    return row[n];
}

char *tgi_dict_lacks(const tg_dict *d, const char *key, char text[TGI_LACKS_SIZE])
{
    int nearest = 0, used;
    for (int i = 1; i < d->n; i++)
        if (distance(key, d->keys[i]) < distance(key, d->keys[nearest])) nearest = i;
    if (d->n == 0) {
        (void)snprintf(text, TGI_LACKS_SIZE, "there is no '%.60s': the dict is empty", key);
        return text;
    }
    used =
        snprintf(text, TGI_LACKS_SIZE, "there is no '%.60s'; did you mean '%.60s'?  The keys are",
                 key, d->keys[nearest]);
    for (int i = 0; i < d->n && used >= 0; i++) {
        if ((size_t)used + strlen(d->keys[i]) + sizeof " ..." >= TGI_LACKS_SIZE) {
            (void)snprintf(text + used, TGI_LACKS_SIZE - (size_t)used, " ...");
            break;
        }
        used += snprintf(text + used, TGI_LACKS_SIZE - (size_t)used, " %s", d->keys[i]);
    }
    return text;
}
