/* tapegrad.h - all of tapegrad.
 *
 *     data -> tape -> ops -> loss -> tg_grad -> grads -> optimizer -> params
 *
 * The headers are C99 and C++98 and give no warning under -Wall -Wextra -Wpedantic. In C89 they
 * need a compiler that has stdbool.h and stdint.h in that mode, as gcc and clang do. All names
 * begin with tg_, TG_ or TAPEGRAD_. */
#ifndef TAPEGRAD_H
#define TAPEGRAD_H

/* clang-format off */
/* the basics */
#include "tapegrad/status.h"
#include "tapegrad/alloc.h"
#include "tapegrad/threads.h"
#include "tapegrad/rng.h"
#include "tapegrad/tensor.h"
#include "tapegrad/dict.h"
#include "tapegrad/npy.h"

/* data */
#include "tapegrad/data.h"
#include "tapegrad/digits.h"

/* tape and ops */
#include "tapegrad/tape.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"

/* from ops to loss */
#include "tapegrad/activations.h"
#include "tapegrad/conv.h"
#include "tapegrad/normalise.h"
#include "tapegrad/recurrent.h"
#include "tapegrad/attention.h"
#include "tapegrad/nn.h"
#include "tapegrad/losses.h"
#include "tapegrad/init.h"
#include "tapegrad/model.h"

/* tg_grad */
#include "tapegrad/grad.h"
#include "tapegrad/derivatives.h"
#include "tapegrad/checkpoint.h"
#include "tapegrad/gradcheck.h"

/* optimizer */
#include "tapegrad/optim.h"
#include "tapegrad/schedule.h"

/* a recorded step: run again, inspected, saved */
#include "tapegrad/plan.h"
#include "tapegrad/inspect.h"
#include "tapegrad/graph.h"

/* training, and what it tells you */
#include "tapegrad/train.h"
#include "tapegrad/search.h"
#include "tapegrad/progress.h"
#include "tapegrad/diagnose.h"
#include "tapegrad/history.h"
#include "tapegrad/plot.h"
/* clang-format on */

#endif
