/* oracle.h - what oracle.c and the table of its calls share. */
#ifndef TAPEGRAD_TESTS_ORACLE_H
#define TAPEGRAD_TESTS_ORACLE_H

#include "tapegrad.h"

/* All attributes that calls can have, in one struct. */
typedef struct options {
    tg_ints axis, shape; /* axis=all: TG_ALL */
    tg_ints kernel, stride, padding, dilation, output_padding;
    double p, alpha, beta, value;
    int64_t n, offset, start, stop, step, groups, ignore;
    int64_t mode; /* a tg_pad_mode, a tg_reduction or a tg_dropout_form */
    bool keepdims, down, flag;
    const char *equation;
} options;

/* Calls a function by name, with attributes as text: a row of calls.inc, or else an operation of
 * the registry, which has its own attributes. */
tg_tensor *oracle_call(tg_tape *t, const char *name, tg_tensor *const *x, int n, const char *attrs);

#endif
