/* graph_file.h - the format of a graph file, and a graph in memory (internal). The file is
 * little-endian:
 *
 *     "tapegrad graph 1\n" and 15 zero bytes, n_values u32, n_outputs u32
 *     n_values times: kind u8, dtype u8, ndim u8, 0 u8, ndim sizes u64, then
 *       an input:     name
 *       a parameter:  name, bytes u64, its .npy file
 *       a constant:   bytes u64, its .npy file
 *       an operation: name, attributes, scope, n u32, n numbers u32 of earlier values
 *     n_outputs times: number of a value u32, name
 *     CRC-32 of all bytes before it, u32
 *
 * A name, attributes and a scope are texts: length u32, then as many bytes. */
#ifndef TAPEGRAD_SRC_GRAPH_FILE_H
#define TAPEGRAD_SRC_GRAPH_FILE_H

#include "tapegrad/dict.h"
#include "tapegrad/op.h"

enum { TGI_GRAPH_MAGIC = 32, TGI_GRAPH_HEAD = TGI_GRAPH_MAGIC + 8 };

static const char tgi_graph_magic[TGI_GRAPH_MAGIC] = "tapegrad graph 1\n";

typedef enum tgi_value_kind {
    TGI_INPUT,
    TGI_PARAM,
    TGI_CONSTANT,
    TGI_OPERATION,
    TGI_VALUE_KINDS
} tgi_value_kind;

/* ---- a graph in memory (graph.c) ------------------------------------------------------------ */

typedef struct tgi_graph_value {
    tgi_value_kind kind;
    tg_dtype dtype;
    int ndim;
    int64_t *shape;
    const char *name; /* of an input */
    int input;        /* its number */
    tg_tensor *leaf;  /* a parameter or a constant */
    /* of an operation */
    const tg_op *op;
    void *attrs;
    const char *scope;
    int n;
    uint32_t *inputs; /* numbers of values */
} tgi_graph_value;

typedef struct tgi_graph_output {
    uint32_t value; /* its number */
    const char *name;
} tgi_graph_output;

struct tg_graph {
    tg_tape *memory; /* its arena holds all of this */
    tg_dict *params, *constants;
    uint32_t n_values, n_outputs;
    int n_inputs;
    tgi_graph_value *values;
    tgi_graph_output *outputs;
    const tgi_graph_value **inputs;
};

#endif
