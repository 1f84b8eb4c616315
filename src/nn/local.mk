# local.mk - what src/nn/ holds.

library_sources += \
	src/nn/activations.c \
	src/nn/adaptive_pool.c \
	src/nn/attention.c \
	src/nn/batch_norm.c \
	src/nn/conv.c \
	src/nn/cross_entropy.c \
	src/nn/init.c \
	src/nn/layers.c \
	src/nn/losses.c \
	src/nn/normalise.c \
	src/nn/pool.c \
	src/nn/recurrent.c \
	src/nn/resize.h \
	src/nn/softmax.c \
	src/nn/softmax.h \
	src/nn/upsample.c \
	$(end)
