/* scope.c - the scope of a tape: the path of names under which it records. */
#include <string.h>

#include "graph/tape.h"
#include "tapegrad/alloc.h"

void tg_scope_push(tg_tape *t, const char *name)
{
    if (!t || !name) return;
    const size_t n = strlen(name), need = t->scope_size + n + 2;
    if (t->scope_depth == t->scope_most) {
        const size_t most = t->scope_most ? 2 * t->scope_most : 16;
        size_t *marks = tg_realloc_array(t->scope_marks, most, sizeof *marks);
        if (!marks) {
            (void)tgi_tape_out_of_memory(t, "scope");
            return;
        }
        t->scope_marks = marks;
        t->scope_most = most;
    }
    if (need > t->scope_capacity) {
        char *scope = tg_realloc_array(t->scope, 2, need);
        if (!scope) {
            (void)tgi_tape_out_of_memory(t, "scope");
            return;
        }
        t->scope = scope;
        t->scope_capacity = 2 * need;
    }
    t->scope_marks[t->scope_depth++] = t->scope_size;
    if (t->scope_size) t->scope[t->scope_size++] = '/';
    memcpy(t->scope + t->scope_size, name, n + 1);
    t->scope_size += n;
    t->scope_copy = NULL;
}

void tg_scope_pop(tg_tape *t)
{
    if (!t || !t->scope_depth) return;
    t->scope_size = t->scope_marks[--t->scope_depth];
    t->scope[t->scope_size] = '\0';
    t->scope_copy = NULL;
}

const char *tgi_scope_copy(tg_tape *t)
{
    if (!t->scope_copy) {
        char *copy = tgi_arena_alloc(&t->arena, t->scope_size + 1);
        if (copy) memcpy(copy, t->scope, t->scope_size + 1);
        t->scope_copy = copy;
    }
    return t->scope_copy;
}
