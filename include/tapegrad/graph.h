/* graph.h - a recorded computation as a file: what one program built and trained, another runs, or
 * trains on, without the code that built it. */
#ifndef TAPEGRAD_GRAPH_H
#define TAPEGRAD_GRAPH_H

#include "tapegrad/dict.h"
#include "tapegrad/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes what the n outputs, recorded values on t, depend on: operations by name with their
 * attributes and scopes, and the leaves, each in one of three ways:
 *   inputs   those in this dict: name, dtype and shape, no values; given anew at each run
 *   params   those in this dict: name and present values
 *   all others are constants: present values
 * output_names may be NULL: "output1", ...  Either dict may be NULL.  All sizes are fixed: record
 * with the batch that will be run.  The file appears whole or not at all.
 * TG_EARG, TG_ETAPE; TG_EKEY for a leaf that is in both dicts and for an operation whose
 * attributes are not described (tg_checkpoint); TG_EIO, TG_ENOMEM. */
tg_status tg_graph_save(const char *path, const tg_tape *t, const tg_dict *inputs,
                        const tg_dict *params, int n, tg_tensor *const *outputs,
                        const char *const *output_names, tg_error *err);

typedef struct tg_graph tg_graph;

/* Reads such a file.  ops: n_ops operations of one's own that it may name, besides those of the
 * library; they stay the caller's.  The caller frees the graph.  NULL on failure: TG_EIO,
 * TG_ENOMEM; TG_EKEY for an operation that nobody has; TG_EFORMAT for anything that is not what
 * tg_graph_save writes, with the place where. */
tg_graph *tg_graph_load(const char *path, int n_ops, const tg_op *const *ops, tg_error *err);
void tg_graph_free(tg_graph *g);

/* The parameters by name, in the order of the file: the graph's own, to be looked at or trained. */
tg_dict *tg_graph_params(const tg_graph *g);

/* How many inputs and outputs there are, and their names; NULL outside 0..count-1. */
int tg_graph_input_count(const tg_graph *g);
int tg_graph_output_count(const tg_graph *g);
const char *tg_graph_input_name(const tg_graph *g, int i);
const char *tg_graph_output_name(const tg_graph *g, int i);

/* The shape of input i, its length in *ndim and the dtype in *dtype; NULL when there is no such
 * input. */
const int64_t *tg_graph_input_shape(const tg_graph *g, int i, int *ndim, tg_dtype *dtype);

/* A leaf of zeros with the dtype and shape of input i; the caller frees it. */
tg_tensor *tg_graph_input_new(const tg_graph *g, int i, tg_error *err);

/* Records the graph on t: inputs, leaves or values on t, in the order of the file, become outputs.
 * What was random draws the same numbers again.  TG_EARG, TG_ESHAPE and TG_EDTYPE, on the tape,
 * naming an input that does not fit; TG_EFORMAT when an operation gives another shape than it
 * gave when the graph was saved. */
tg_status tg_graph_run(tg_tape *t, const tg_graph *g, int n_inputs, tg_tensor *const *inputs,
                       tg_tensor **outputs);

#ifdef __cplusplus
}
#endif
#endif
