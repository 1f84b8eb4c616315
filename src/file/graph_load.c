/* graph_load.c - reads a graph from a file. */
#include <stdio.h>
#include <string.h>

#include "graph/storage.h"
#include "src/file/graph_file.h"
#include "src/file/npy.h"
#include "src/file/source.h"
#include "tapegrad/alloc.h"
#include "tapegrad/graph.h"

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct reader {
    tgi_source source;
    uint64_t at, end; /* where the next bytes are, and where the checksum begins */
    tg_graph *g;
    int n_ops;
    const tg_op *const *ops;
    tg_error *err;
} reader;

static bool malformed(reader *r, const char *what)
{
    (void)tg_fail(r->err, TG_EFORMAT, "%s: %s, before byte %llu", r->source.name, what,
                  (unsigned long long)r->at);
    return false;
}

static bool no_memory(const reader *r)
{
    (void)tg_fail(r->err, TG_ENOMEM, "%s: out of memory", r->source.name);
    return false;
}

static bool get(reader *r, void *data, size_t n)
{
    if (n > r->end - r->at) return malformed(r, "something is longer than the file");
    r->at += n;
    return tgi_source_read(&r->source, r->at - n, data, n, r->err) == TG_OK;
}

static bool get_number(reader *r, unsigned width, uint64_t *number)
{
    uint8_t bytes[8];
    if (!get(r, bytes, width)) return false;
    *number = tgi_little(bytes, width);
    return true;
}

/* Zeroed memory of the graph for n entries of `size` bytes, each of which takes at least `least`
 * bytes in the file. */
static void *room(reader *r, uint64_t n, size_t size, size_t least)
{
    if (n > (r->end - r->at) / least || n > SIZE_MAX / size) {
        (void)malformed(r, "a list is longer than the file");
        return NULL;
    }
    void *p = tg_tape_alloc(r->g->memory, (size_t)n * size);
    if (p)
        memset(p, 0, (size_t)n * size);
    else
        (void)no_memory(r);
    return p;
}

static bool get_text(reader *r, const char **text)
{
    uint64_t n;
    if (!get_number(r, 4, &n)) return false;
    if (n > r->end - r->at) return malformed(r, "a name is longer than the file");
    char *p = tg_tape_alloc(r->g->memory, (size_t)n + 1);
    if (!p) return no_memory(r);
    if (!get(r, p, (size_t)n)) return false;
    p[n] = '\0';
    *text = p;
    return strlen(p) == n || malformed(r, "a name with a zero byte");
}

static bool get_tensor(reader *r, const tgi_graph_value *v, tg_tensor **x)
{
    uint64_t bytes;
    if (!get_number(r, 8, &bytes)) return false;
    if (bytes > r->end - r->at) return malformed(r, "a tensor is longer than the file");
    const tgi_source part = tgi_source_part(&r->source, r->at, bytes, "tensor");
    if (!(*x = tgi_npy_read(&part, r->err))) return false;
    r->at += bytes;
    bool fits = (*x)->dtype == v->dtype && (*x)->ndim == v->ndim;
    for (int i = 0; fits && i < v->ndim; i++) fits = (*x)->shape[i] == v->shape[i];
    return fits || malformed(r, "a tensor does not have the shape of its value");
}

/* Takes x over. NULL name: a constant. */
static bool keep_leaf(reader *r, const char *name, tg_tensor *x, bool fine)
{
    char number[32];
    tg_dict *d = name ? r->g->params : r->g->constants;
    if (fine && name && tg_dict_find(d, name) >= 0)
        fine = malformed(r, "two parameters have the same name");
    if (!name) (void)snprintf(number, sizeof number, "%d", tg_dict_size(d));
    if (!fine) {
        tg_tensor_free(x);
        return false;
    }
    return tg_dict_take(d, name ? name : number, x, r->err) == TG_OK;
}

static bool get_leaf(reader *r, tgi_graph_value *v)
{
    const bool named = v->kind != TGI_CONSTANT;
    if (named && !get_text(r, &v->name)) return false;
    if (v->kind == TGI_INPUT) {
        v->input = r->g->n_inputs++;
        r->g->inputs[v->input] = v;
        return true;
    }
    const bool fine = get_tensor(r, v, &v->leaf);
    return keep_leaf(r, named ? v->name : NULL, v->leaf, fine);
}

static const tg_op *find_op(const reader *r, const char *name)
{
    const tg_op *op = tg_op_find(name);
    for (int i = 0; !op && i < r->n_ops; i++)
        if (r->ops[i] && r->ops[i]->name && strcmp(r->ops[i]->name, name) == 0) op = r->ops[i];
    return op;
}

static bool get_operation(reader *r, tgi_graph_value *v, uint32_t id)
{
    const char *name, *attrs;
    uint64_t n;
    tg_tape *memory = r->g->memory;
    if (!get_text(r, &name) || !get_text(r, &attrs) || !get_text(r, &v->scope)) return false;
    if (!(v->op = find_op(r, name))) {
        (void)tg_fail(r->err, TG_EKEY, "%s: there is no operation '%s'", r->source.name, name);
        return false;
    }
    v->attrs = tg_tape_alloc(memory, v->op->attrs_size);
    if (!v->attrs || tg_attrs_parse(memory, v->op, attrs, v->attrs)) {
        if (tg_tape_status(memory) == TG_ENOMEM) return no_memory(r);
        (void)tg_fail(r->err, TG_EFORMAT, "%s: %s", r->source.name, tg_tape_message(memory));
        return false;
    }
    if (!get_number(r, 4, &n)) return false;
    if (!(v->inputs = room(r, n, sizeof *v->inputs, 4))) return false;
    if (n > INT32_MAX) return malformed(r, "too many operands");
    v->n = (int)n;
    for (int i = 0; i < v->n; i++) {
        uint64_t k;
        if (!get_number(r, 4, &k)) return false;
        if (k >= id) return malformed(r, "an operand comes after its operation");
        v->inputs[i] = (uint32_t)k;
    }
    return true;
}

static bool get_value(reader *r, uint32_t id)
{
    tgi_graph_value *v = &r->g->values[id];
    uint8_t head[4];
    if (!get(r, head, sizeof head)) return false;
    if (head[0] >= TGI_VALUE_KINDS || head[1] >= TG_DTYPE_COUNT || head[2] > TG_MAX_NDIM || head[3])
        return malformed(r, "a value has an unknown kind, dtype or shape");
    v->kind = (tgi_value_kind)head[0];
    v->dtype = (tg_dtype)head[1];
    v->ndim = head[2];
    if (!(v->shape = room(r, head[2], sizeof *v->shape, 8))) return false;
    for (int i = 0; i < v->ndim; i++) {
        uint64_t size;
        if (!get_number(r, 8, &size)) return false;
        if (size > INT64_MAX) return malformed(r, "a size is negative");
        v->shape[i] = (int64_t)size;
    }
    int64_t elements;
    if (tgi_shape_size("", v->ndim, v->shape, v->dtype, &elements, NULL))
        return malformed(r, "a shape is larger than memory");
    return v->kind == TGI_OPERATION ? get_operation(r, v, id) : get_leaf(r, v);
}

static bool get_all(reader *r)
{
    tg_graph *g = r->g;
    uint64_t values, outputs;
    if (!get_number(r, 4, &values) || !get_number(r, 4, &outputs)) return false;
    if (values > INT32_MAX || outputs > INT32_MAX) return malformed(r, "too many values");
    if (!(g->values = room(r, values, sizeof *g->values, 4)) ||
        !(g->inputs = room(r, values, sizeof *g->inputs, 4)) ||
        !(g->outputs = room(r, outputs, sizeof *g->outputs, 8)))
        return false;
    g->n_values = (uint32_t)values;
    g->n_outputs = (uint32_t)outputs;
    for (uint32_t i = 0; i < g->n_values; i++)
        if (!get_value(r, i)) return false;
    for (uint32_t i = 0; i < g->n_outputs; i++) {
        uint64_t id;
        if (!get_number(r, 4, &id) || !get_text(r, &g->outputs[i].name)) return false;
        if (id >= g->n_values) return malformed(r, "an output is not one of the values");
        g->outputs[i].value = (uint32_t)id;
    }
    return r->at == r->end || malformed(r, "there are bytes after the graph");
}

static bool check_frame(reader *r)
{
    char magic[TGI_GRAPH_MAGIC];
    uint8_t sum[4];
    uint32_t crc;
    tgi_crc tables;
    const uint64_t size = r->source.size;
    if (size < TGI_GRAPH_HEAD + sizeof sum ||
        tgi_source_read(&r->source, 0, magic, sizeof magic, NULL) != TG_OK ||
        memcmp(magic, tgi_graph_magic, sizeof magic) != 0) {
        (void)tg_fail(r->err, TG_EFORMAT, "%s: not a graph file of version 1", r->source.name);
        return false;
    }
    r->at = TGI_GRAPH_MAGIC;
    r->end = size - sizeof sum;
    tgi_crc_init(&tables);
    if (tgi_source_crc(&r->source, 0, r->end, &tables, &crc, r->err) ||
        tgi_source_read(&r->source, r->end, sum, sizeof sum, r->err))
        return false;
    if (crc == tgi_little(sum, 4)) return true;
    (void)tg_fail(r->err, TG_EFORMAT, "%s: is damaged: its CRC-32 is %08x, it should be %08x",
                  r->source.name, (unsigned)crc, (unsigned)tgi_little(sum, 4));
    return false;
}

static tg_graph *graph_new(void)
{
    tg_graph *g = tg_calloc(1, sizeof *g);
    if (!g) return NULL;
    g->memory = tg_tape_new();
    g->params = tg_dict_new();
    g->constants = tg_dict_new();
    if (g->memory && g->params && g->constants) return g;
    tg_graph_free(g);
    return NULL;
}

tg_graph *tg_graph_load(const char *path, int n_ops, const tg_op *const *ops, tg_error *err)
{
    reader r = {.n_ops = ops ? n_ops : 0, .ops = ops, .err = err};
    if (tgi_source_open(&r.source, path, err) != TG_OK) return NULL;
    r.g = graph_new();
    if (!r.g) (void)tg_fail(err, TG_ENOMEM, "%s: out of memory", r.source.name);
    if (r.g && !(check_frame(&r) && get_all(&r))) {
        tg_graph_free(r.g);
        r.g = NULL;
    }
    tgi_source_close(&r.source);
    return r.g;
}
