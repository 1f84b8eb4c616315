/* graph.c - a graph in memory: its parts, and recording it on a tape. */
#include "tapegrad/graph.h"
#include "src/file/graph_file.h"
#include "tapegrad/alloc.h"

void tg_graph_free(tg_graph *g)
{
    if (!g) return;
    tg_dict_free(g->params);
    tg_dict_free(g->constants);
    tg_tape_free(g->memory);
    tg_free(g);
}

/* ---- its parts ------------------------------------------------------------------------------ */

tg_dict *tg_graph_params(const tg_graph *g) { return g ? g->params : NULL; }

int tg_graph_input_count(const tg_graph *g) { return g ? g->n_inputs : 0; }

int tg_graph_output_count(const tg_graph *g) { return g ? (int)g->n_outputs : 0; }

const char *tg_graph_input_name(const tg_graph *g, int i)
{
    return g && i >= 0 && i < g->n_inputs ? g->inputs[i]->name : NULL;
}

const char *tg_graph_output_name(const tg_graph *g, int i)
{
    return g && i >= 0 && i < (int)g->n_outputs ? g->outputs[i].name : NULL;
}

const int64_t *tg_graph_input_shape(const tg_graph *g, int i, int *ndim, tg_dtype *dtype)
{
    if (!tg_graph_input_name(g, i)) return NULL;
    if (ndim) *ndim = g->inputs[i]->ndim;
    if (dtype) *dtype = g->inputs[i]->dtype;
    return g->inputs[i]->shape;
}

tg_tensor *tg_graph_input_new(const tg_graph *g, int i, tg_error *err)
{
    if (!tg_graph_input_name(g, i)) {
        (void)tg_fail(err, TG_EARG, "graph_input_new: there is no input %d", i);
        return NULL;
    }
    return tg_tensor_new(g->inputs[i]->dtype, g->inputs[i]->ndim, g->inputs[i]->shape, err);
}

/* ---- recording it --------------------------------------------------------------------------- */

static bool same(const tgi_graph_value *v, const tg_tensor *x)
{
    bool same = v->dtype == x->dtype && v->ndim == x->ndim;
    for (int i = 0; same && i < v->ndim; i++) same = v->shape[i] == x->shape[i];
    return same;
}

static tg_tensor *give_input(tg_tape *t, const tgi_graph_value *v, tg_tensor *x)
{
    char text[TG_DESCRIBE_SIZE], want[TG_DESCRIBE_SIZE];
    if (!x) return tg_tape_fail(t, TG_EARG, "graph_run: input '%s' is NULL", v->name);
    if (same(v, x)) return x;
    return tg_tape_fail(t, x->dtype != v->dtype ? TG_EDTYPE : TG_ESHAPE,
                        "graph_run: input '%s' is %s, must be %s%s", v->name,
                        tg_tensor_describe(x, text, sizeof text), tg_dtype_name(v->dtype),
                        tg_shape_describe(v->ndim, v->shape, want, sizeof want));
}

static tg_tensor *apply(tg_tape *t, const tgi_graph_value *v, tg_tensor *const *values)
{
    char text[TG_DESCRIBE_SIZE], want[TG_DESCRIBE_SIZE];
    tg_tensor **in = tg_tape_alloc(t, (size_t)v->n * sizeof *in);
    for (int i = 0; in && i < v->n; i++) in[i] = values[v->inputs[i]];
    if (*v->scope) tg_scope_push(t, v->scope);
    tg_tensor *y = tg_apply(t, v->op, in, v->n, v->attrs);
    if (y && !same(v, y))
        y = tg_tape_fail(t, TG_EFORMAT, "graph_run: %s gives %s, but the file says %s%s",
                         v->op->name, tg_tensor_describe(y, text, sizeof text),
                         tg_dtype_name(v->dtype),
                         tg_shape_describe(v->ndim, v->shape, want, sizeof want));
    if (*v->scope) tg_scope_pop(t);
    return y;
}

tg_status tg_graph_run(tg_tape *t, const tg_graph *g, int n_inputs, tg_tensor *const *inputs,
                       tg_tensor **outputs)
{
    if (!t) return TG_EARG;
    if (tg_tape_status(t) != TG_OK) return tg_tape_status(t);
    if (g && n_inputs != g->n_inputs)
        (void)tg_tape_fail(t, TG_EARG, "graph_run: %d inputs given, the graph has %d", n_inputs,
                           (int)g->n_inputs);
    else if (!g || (n_inputs > 0 && !inputs) || (g->n_outputs > 0 && !outputs))
        (void)tg_tape_fail(t, TG_EARG, "graph_run: the %s NULL",
                           !g                        ? "graph is"
                           : n_inputs > 0 && !inputs ? "list of inputs is"
                                                     : "list of outputs is");
    tg_tensor **values = tg_tape_status(t) ? NULL : tg_tape_alloc(t, g->n_values * sizeof *values);
    for (uint32_t i = 0; values && i < g->n_values; i++) {
        const tgi_graph_value *v = &g->values[i];
        values[i] = v->kind == TGI_OPERATION ? apply(t, v, values)
                    : v->kind == TGI_INPUT   ? give_input(t, v, inputs[v->input])
                                             : v->leaf;
        if (!values[i]) break;
    }
    if (tg_tape_status(t) == TG_OK)
        for (uint32_t i = 0; i < g->n_outputs; i++) outputs[i] = values[g->outputs[i].value];
    return tg_tape_status(t);
}
