/* graph_save.c - writes the graph that some values of a tape depend on. */
#include <stdio.h>
#include <string.h>

#include "src/dict.h"
#include "src/file/graph_file.h"
#include "src/file/npy.h"
#include "src/file/sink.h"
#include "tapegrad/alloc.h"
#include "tapegrad/graph.h"

typedef struct writer {
    tgi_sink sink;
    tgi_crc tables;
    uint32_t crc;
    const tg_tape *t;
    const tg_dict *inputs, *params;
    int32_t *number; /* of each value of the tape, its number in the file; -1: not in it */
    uint32_t values; /* in the file */
} writer;

/* ---- pieces --------------------------------------------------------------------------------- */

static void put(void *to, const void *data, size_t n)
{
    writer *w = to;
    w->crc = tgi_crc_update(&w->tables, w->crc, data, n);
    tgi_sink_bytes(&w->sink, data, n);
}

static void put_number(writer *w, uint64_t value, unsigned width)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < width; i++) bytes[i] = (uint8_t)(value >> 8 * i);
    put(w, bytes, width);
}

static void put_text(writer *w, const char *text)
{
    const size_t n = strlen(text);
    if (n > INT32_MAX) tgi_sink_fail(&w->sink, TG_EARG, "graph_save: a name is longer than 2 GiB");
    put_number(w, n, 4);
    put(w, text, n);
}

static void count(void *to, const void *data, size_t n)
{
    (void)data;
    *(uint64_t *)to += n;
}

static void put_tensor(writer *w, const tg_tensor *x)
{
    uint64_t bytes = 0;
    tgi_npy_emit(x, count, &bytes);
    put_number(w, bytes, 8);
    tgi_npy_emit(x, put, w);
}

/* ---- values --------------------------------------------------------------------------------- */

static void put_leaf(writer *w, tgi_value_kind kind, const char *name, const tg_tensor *x)
{
    if (name) put_text(w, name);
    if (kind != TGI_INPUT) put_tensor(w, x);
}

static void put_operation(writer *w, const tg_node *n)
{
    /* Each number takes at most 20 characters and a comma, and a list has at most 8. */
    enum { ROOM = 4096 };
    char text[ROOM];
    if ((n->op->attrs_size && !n->op->attrs) || (n->op->flags & TG_OP_OPAQUE))
        tgi_sink_fail(&w->sink, TG_EKEY,
                      "graph_save: the attributes of %s cannot be written as text", n->op->name);
    if (strlen(tg_attrs_describe(n->op, n->attrs, text, ROOM)) == ROOM - 1)
        tgi_sink_fail(&w->sink, TG_EKEY, "graph_save: the attributes of %s are too long",
                      n->op->name);
    put_text(w, n->op->name);
    put_text(w, text);
    put_text(w, n->scope);
    put_number(w, (uint64_t)n->n_inputs, 4);
    for (int i = 0; i < n->n_inputs; i++) put_number(w, (uint64_t)w->number[n->input_ids[i]], 4);
}

static void put_value(writer *w, const tg_tensor *x)
{
    const char *input = tgi_dict_name(w->inputs, x), *param = tgi_dict_name(w->params, x);
    const tgi_value_kind kind = x->node ? TGI_OPERATION
                                : input ? TGI_INPUT
                                : param ? TGI_PARAM
                                        : TGI_CONSTANT;
    if (!x->node && input && param)
        tgi_sink_fail(&w->sink, TG_EKEY,
                      "graph_save: the leaf '%s' among inputs is also '%s' among params", input,
                      param);
    put_number(w, kind, 1);
    put_number(w, x->dtype, 1);
    put_number(w, (uint64_t)x->ndim, 1);
    put_number(w, 0, 1);
    for (int i = 0; i < x->ndim; i++) put_number(w, (uint64_t)x->shape[i], 8);
    if (x->node)
        put_operation(w, x->node);
    else
        put_leaf(w, kind, input ? input : param, x);
}

/* ---- the file ------------------------------------------------------------------------------- */

/* Numbers the values that the outputs depend on, in the order of the tape. */
static void number_values(writer *w, int n, tg_tensor *const *outputs)
{
    const int32_t size = tg_tape_size(w->t);
    for (int32_t i = 0; i < size; i++) w->number[i] = -1;
    for (int i = 0; i < n; i++) w->number[outputs[i]->id] = 0;
    for (int32_t i = size - 1; i >= 0; i--) {
        const tg_node *node = tg_tape_value(w->t, i)->node;
        for (int k = 0; node && w->number[i] == 0 && k < node->n_inputs; k++)
            w->number[node->input_ids[k]] = 0;
    }
    for (int32_t i = 0; i < size; i++)
        if (w->number[i] == 0) w->number[i] = (int32_t)w->values++;
}

static void put_all(writer *w, int n, tg_tensor *const *outputs, const char *const *names)
{
    put(w, tgi_graph_magic, TGI_GRAPH_MAGIC);
    put_number(w, w->values, 4);
    put_number(w, (uint64_t)n, 4);
    for (int32_t i = 0; i < tg_tape_size(w->t); i++)
        if (w->number[i] >= 0) put_value(w, tg_tape_value(w->t, i));
    for (int i = 0; i < n; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "output%d", i + 1);
        put_number(w, (uint64_t)w->number[outputs[i]->id], 4);
        put_text(w, names && names[i] ? names[i] : name);
    }
    put_number(w, w->crc, 4);
}

static tg_status check(const char *path, const tg_tape *t, int n, tg_tensor *const *outputs,
                       tg_error *err)
{
    if (!path || !t || n < 0 || (n > 0 && !outputs))
        return tg_fail(err, TG_EARG, "graph_save: %s is NULL",
                       !path ? "the path"
                       : !t  ? "the tape"
                             : "the list of outputs");
    if (tg_tape_status(t) != TG_OK)
        return tg_fail(err, tg_tape_status(t), "graph_save: the tape failed: %s",
                       tg_tape_message(t));
    for (int i = 0; i < n; i++)
        if (!outputs[i] || outputs[i]->tape != t || tg_tape_value(t, outputs[i]->id) != outputs[i])
            return tg_fail(err, outputs[i] ? TG_ETAPE : TG_EARG, "graph_save: output %d is %s",
                           i + 1, outputs[i] ? "not recorded on this tape" : "NULL");
    return TG_OK;
}

tg_status tg_graph_save(const char *path, const tg_tape *t, const tg_dict *inputs,
                        const tg_dict *params, int n, tg_tensor *const *outputs,
                        const char *const *output_names, tg_error *err)
{
    const tg_status status = check(path, t, n, outputs, err);
    if (status != TG_OK) return status;
    writer w = {.t = t, .inputs = inputs, .params = params};
    w.number = tg_malloc(((size_t)tg_tape_size(t) + 1) * sizeof *w.number);
    if (!w.number) return tg_fail(err, TG_ENOMEM, "graph_save: out of memory");
    tgi_crc_init(&w.tables);
    number_values(&w, n, outputs);
    tgi_sink_open(&w.sink, path);
    put_all(&w, n, outputs, output_names);
    tg_free(w.number);
    return tgi_sink_close(&w.sink, err);
}
