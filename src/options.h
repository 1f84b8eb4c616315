/* options.h - checks that a struct of options comes from the function that makes it (internal).
 *
 * Each public struct of options begins with `uint32_t made`, a tag that identifies its type;
 * status.h tells users about it. Functions that take such a struct check the tag before they read
 * anything else. */
#ifndef TAPEGRAD_SRC_OPTIONS_H
#define TAPEGRAD_SRC_OPTIONS_H

#include "ops/kernels/updates.def"
#include "tapegrad/gradcheck.h"
#include "tapegrad/init.h"
#include "tapegrad/nn.h"
#include "tapegrad/tape.h"

/* The structs and the functions that make them. Those of the optimizers follow from
 * updates.def. */
#define TGI_MADE_LIST(X)                                                                           \
    X(ACTIVATION, "tg_activation_defaults()")                                                      \
    X(BATCHES, "tg_batches_defaults()")                                                            \
    X(BATCH_NORM, "tg_batch_norm_book() or tg_batch_norm_torch()")                                 \
    X(BAYES, "tg_bayes_defaults()")                                                                \
    X(CONV, "tg_conv_defaults()")                                                                  \
    X(CROSS_ENTROPY, "tg_cross_entropy_defaults()")                                                \
    X(GRADCHECK, "tg_gradcheck_defaults()")                                                        \
    X(GRADIENT, "tg_gradient_defaults()")                                                          \
    X(GROUP, "tg_group_defaults()")                                                                \
    X(INIT, "tg_init_he() or another tg_init function")                                            \
    X(MLP, "tg_mlp_defaults()")                                                                    \
    X(PLOT_STYLE, "tg_plot_style_defaults()")                                                      \
    X(POOL, "tg_pool_defaults()")                                                                  \
    X(SEARCH, "tg_search_defaults()")                                                              \
    X(SIMPLE_CONVNET, "tg_simple_convnet_defaults()")                                              \
    X(TRAINER, "tg_trainer_defaults()")

/* Tags, chosen so that no forgotten field or other struct has one by chance. */
typedef enum tgi_made {
    TGI_MADE_NONE = 0x6d616465,
#define TGI_MADE_TAG(name, by) TGI_MADE_##name,
#define TGI_MADE_OPTIMIZER(name, title) TGI_MADE_##name,
    TGI_MADE_LIST(TGI_MADE_TAG) TGI_OPTIMIZERS(TGI_MADE_OPTIMIZER)
#undef TGI_MADE_TAG
#undef TGI_MADE_OPTIMIZER
        TGI_MADE_END
} tgi_made;

/* TG_EARG, "Adam: options must come from tg_adam_defaults()", unless made is kind. */
tg_status tgi_options_check(const char *who, uint32_t made, tgi_made kind, tg_error *err);

/* These also check that the fields are in range. who begins the message. */
tg_status tgi_batch_norm_check(const char *who, const tg_batch_norm_options *o, tg_error *err);
tg_status tgi_init_check(const char *who, const tg_init *init, tg_error *err);
tg_status tgi_gradcheck_check(const char *who, const tg_gradcheck_options *o, tg_error *err);

/* TG_EARG if form is not one of tg_dropout_form. */
tg_status tgi_dropout_form_check(const char *who, tg_dropout_form form, tg_error *err);

/* tgi_options_check for operations: on failure false, with t poisoned. */
bool tgi_options_recorded(tg_tape *t, const char *who, uint32_t made, tgi_made kind);

#endif
