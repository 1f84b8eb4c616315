/* graph_file.h - the file of a graph, little-endian:
 *
 *     "tapegrad graph 1\n" and 15 zero bytes, n_values u32, n_outputs u32
 *     n_values times: kind u8, dtype u8, ndim u8, 0 u8, ndim sizes u64, then
 *       an input:     name
 *       a parameter:  name, bytes u64, its .npy file
 *       a constant:   bytes u64, its .npy file
 *       an operation: name, attributes, scope, n u32, n numbers u32 of earlier values
 *     n_outputs times: number of a value u32, name
 *     CRC-32 of all bytes before, u32
 *
 * A text is its length u32 and its bytes. */
#ifndef TAPEGRAD_SRC_GRAPH_FILE_H
#define TAPEGRAD_SRC_GRAPH_FILE_H

enum { TGI_GRAPH_MAGIC = 32, TGI_GRAPH_HEAD = TGI_GRAPH_MAGIC + 8 };

static const char tgi_graph_magic[TGI_GRAPH_MAGIC] = "tapegrad graph 1\n";

typedef enum tgi_value_kind {
    TGI_INPUT,
    TGI_PARAM,
    TGI_CONSTANT,
    TGI_OPERATION,
    TGI_VALUE_KINDS
} tgi_value_kind;

#endif
