/* networks.h - the networks that examples train step by step without the trainer, for
 * test_plan_networks.c. A file X.c here includes examples/X.c, so it tests the example's own
 * network. */
#ifndef TESTS_NETWORKS_H
#define TESTS_NETWORKS_H

#include "tapegrad.h"

enum { NETWORK_PARTS = 2 };

/* One network in training, or two that train each other. */
typedef struct net_run {
    tg_dict *params[NETWORK_PARTS]; /* the second one may be NULL */
    tg_optimizer *opt[NETWORK_PARTS];
    tg_dict *inputs; /* leaves that are the same at all steps, or NULL */
    tg_rng rng;      /* for what each step draws */
    bool recorded;   /* updates are operations on the tape */
    tg_error err;
} net_run;

typedef struct network_kind {
    const char *name;
    void (*start)(net_run *n, tg_dtype dtype);  /* params, opt, inputs; a failure is in n->err */
    tg_tensor *(*step)(tg_tape *t, net_run *n); /* records an update of each part; the loss */
    void (*stop)(net_run *n); /* frees the params where they are not the network's; or NULL */
} network_kind;

/* The update of part i of n by the gradient of loss. */
void network_update(tg_tape *t, net_run *n, int i, tg_tensor *loss);

extern const network_kind network_gru, network_lstm, network_custom_layer, network_custom_op,
    network_gan, network_transformer, network_xor_affine, network_xor_sigmoid;

#endif
