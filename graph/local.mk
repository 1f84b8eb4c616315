# local.mk - what graph/ holds.

library_sources += \
	graph/alloc.c \
	graph/arena.c \
	graph/arena.h \
	graph/attrs.c \
	graph/attrs.h \
	graph/elementwise.c \
	graph/elementwise.h \
	graph/flush.h \
	graph/grad.c \
	graph/hash.h \
	graph/hook.c \
	graph/infer.c \
	graph/parallel.c \
	graph/parallel.h \
	graph/quantile.inc \
	graph/record.c \
	graph/rng.c \
	graph/rng.h \
	graph/scalar.c \
	graph/scope.c \
	graph/shape.c \
	graph/status.c \
	graph/storage.c \
	graph/storage.h \
	graph/strided.c \
	graph/tape.c \
	graph/tape.h \
	graph/tensor.c \
	graph/text.c \
	graph/text.h \
	$(end)
