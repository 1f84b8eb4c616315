# local.mk - what include/tapegrad/ holds.

public_headers += \
	include/tapegrad/activations.h \
	include/tapegrad/alloc.h \
	include/tapegrad/attention.h \
	include/tapegrad/checkpoint.h \
	include/tapegrad/conv.h \
	include/tapegrad/data.h \
	include/tapegrad/derivatives.h \
	include/tapegrad/diagnose.h \
	include/tapegrad/dict.h \
	include/tapegrad/digits.h \
	include/tapegrad/grad.h \
	include/tapegrad/gradcheck.h \
	include/tapegrad/graph.h \
	include/tapegrad/history.h \
	include/tapegrad/init.h \
	include/tapegrad/inspect.h \
	include/tapegrad/losses.h \
	include/tapegrad/model.h \
	include/tapegrad/nn.h \
	include/tapegrad/normalise.h \
	include/tapegrad/npy.h \
	include/tapegrad/op.h \
	include/tapegrad/ops.h \
	include/tapegrad/optim.h \
	include/tapegrad/plan.h \
	include/tapegrad/plot.h \
	include/tapegrad/progress.h \
	include/tapegrad/recurrent.h \
	include/tapegrad/rng.h \
	include/tapegrad/schedule.h \
	include/tapegrad/search.h \
	include/tapegrad/status.h \
	include/tapegrad/tape.h \
	include/tapegrad/tensor.h \
	include/tapegrad/threads.h \
	include/tapegrad/train.h \
	$(end)
