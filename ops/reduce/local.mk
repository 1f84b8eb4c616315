# local.mk - what ops/reduce/ holds.

library_sources += \
	ops/reduce/argmax.c \
	ops/reduce/axes.c \
	ops/reduce/forward.c \
	ops/reduce/layouts.c \
	ops/reduce/layouts.h \
	ops/reduce/lines.c \
	ops/reduce/logsumexp.c \
	ops/reduce/norm2.c \
	ops/reduce/reduce.h \
	ops/reduce/reductions.c \
	ops/reduce/reductions.def \
	ops/reduce/statistics.c \
	ops/reduce/total.c \
	ops/reduce/walk.c \
	$(end)
