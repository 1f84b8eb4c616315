# local.mk - what ops/linalg/ holds.

library_sources += \
	ops/linalg/cholesky.c \
	ops/linalg/determinant.c \
	ops/linalg/linalg.c \
	ops/linalg/linalg.h \
	ops/linalg/solve.c \
	ops/linalg/triangular.c \
	$(end)
