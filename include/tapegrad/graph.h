/* graph.h - a recorded computation as a file. A program can run a network, or train it further,
 * without the code that built it. */
#ifndef TAPEGRAD_GRAPH_H
#define TAPEGRAD_GRAPH_H

#include "tapegrad/dict.h"
#include "tapegrad/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes everything that n outputs, recorded values on t, depend on: operations by name with their
 * attributes and scopes, and leaves.
 *   inputs   leaves of which the file holds name, dtype and shape; each run supplies the values
 *   params   leaves of which the file holds name and current values
 * All other leaves are constants, and the file holds their current values. Either dict may be
 * NULL. output_names NULL stands for "output1", ... All sizes are fixed, so record with the batch
 * size that will be run. The file appears whole or not at all.
 * TG_EARG, TG_ETAPE; TG_EKEY for a leaf that is in both dicts, or for an operation whose attributes
 * cannot be written as text, such as that of tg_checkpoint; TG_EIO, TG_ENOMEM. */
tg_status tg_graph_save(const char *path, const tg_tape *t, const tg_dict *inputs,
                        const tg_dict *params, int n, tg_tensor *const *outputs,
                        const char *const *output_names, tg_error *err);

typedef struct tg_graph tg_graph;

/* Reads such a file. ops holds n_ops operations of your own that the file may name besides those
 * of the library; they must outlive the graph. The caller frees the graph. NULL on failure:
 * TG_EIO, TG_ENOMEM; TG_EKEY for an unknown operation; TG_EFORMAT for anything that tg_graph_save
 * does not write, naming the position in the file. */
tg_graph *tg_graph_load(const char *path, int n_ops, const tg_op *const *ops, tg_error *err);
void tg_graph_free(tg_graph *g);

/* The parameters by name, in the order of the file, to be read or trained. They belong to the
 * graph. */
tg_dict *tg_graph_params(const tg_graph *g);

/* The numbers of inputs and outputs, and their names; NULL outside 0..count-1. */
int tg_graph_input_count(const tg_graph *g);
int tg_graph_output_count(const tg_graph *g);
const char *tg_graph_input_name(const tg_graph *g, int i);
const char *tg_graph_output_name(const tg_graph *g, int i);

/* The shape of input i.  *ndim receives its length and *dtype the dtype. NULL if there is no such
 * input. */
const int64_t *tg_graph_input_shape(const tg_graph *g, int i, int *ndim, tg_dtype *dtype);

/* A leaf of zeros with the dtype and shape of input i; the caller frees it. */
tg_tensor *tg_graph_input_new(const tg_graph *g, int i, tg_error *err);

/* Records the graph on t. inputs are leaves or values on t, in the order of the file; outputs
 * receives the results. Random operations draw the same numbers again. Errors poison the tape:
 * TG_EARG, TG_ESHAPE or TG_EDTYPE for an input that does not fit, which is named; TG_EFORMAT if an
 * operation gives another shape than it did when the graph was saved. */
tg_status tg_graph_run(tg_tape *t, const tg_graph *g, int n_inputs, tg_tensor *const *inputs,
                       tg_tensor **outputs);

#ifdef __cplusplus
}
#endif
#endif
