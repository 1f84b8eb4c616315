# local.mk - what ops/ holds.

library_sources += \
	ops/along.c \
	ops/arrange.c \
	ops/compose.h \
	ops/convert.c \
	ops/create.c \
	ops/diagonal.c \
	ops/einsum.c \
	ops/index.c \
	ops/index.h \
	ops/join.c \
	ops/matmul.c \
	ops/pick.c \
	ops/prod.c \
	ops/registry.c \
	ops/scan.c \
	ops/shape.c \
	ops/slice.c \
	ops/sorting.c \
	ops/take.c \
	$(end)

EXTRA_DIST += ops/accuracy.md ops/ops.md
