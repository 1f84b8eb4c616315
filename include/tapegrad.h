/* tapegrad.h - all of tapegrad.
 *
 *     data -> tape -> ops -> loss -> tg_grad -> grads -> optimizer -> params
 *
 * The headers are C99 and C++98 and give no warning under -Wall -Wextra -Wpedantic.  In C89 they
 * need a compiler that has stdbool.h and stdint.h there, as gcc and clang have.  All names begin
 * with tg_, TG_ or TAPEGRAD_. */
#ifndef TAPEGRAD_H
#define TAPEGRAD_H

#include "tapegrad/activations.h"
#include "tapegrad/alloc.h"
#include "tapegrad/attention.h"
#include "tapegrad/checkpoint.h"
#include "tapegrad/conv.h"
#include "tapegrad/data.h"
#include "tapegrad/derivatives.h"
#include "tapegrad/diagnose.h"
#include "tapegrad/dict.h"
#include "tapegrad/digits.h"
#include "tapegrad/grad.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/graph.h"
#include "tapegrad/history.h"
#include "tapegrad/init.h"
#include "tapegrad/inspect.h"
#include "tapegrad/losses.h"
#include "tapegrad/model.h"
#include "tapegrad/nn.h"
#include "tapegrad/normalise.h"
#include "tapegrad/npy.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tapegrad/optim.h"
#include "tapegrad/plan.h"
#include "tapegrad/plot.h"
#include "tapegrad/progress.h"
#include "tapegrad/recurrent.h"
#include "tapegrad/rng.h"
#include "tapegrad/schedule.h"
#include "tapegrad/search.h"
#include "tapegrad/status.h"
#include "tapegrad/tape.h"
#include "tapegrad/tensor.h"
#include "tapegrad/threads.h"
#include "tapegrad/train.h"

#endif
