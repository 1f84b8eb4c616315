# local.mk - what ops/reduce/ holds.

library_sources += \
	ops/reduce/argmax.c \
	ops/reduce/calls.c \
	ops/reduce/folds.c \
	ops/reduce/forms.c \
	ops/reduce/forms.h \
	ops/reduce/lse.c \
	ops/reduce/norm.c \
	ops/reduce/parts.c \
	ops/reduce/reduce.c \
	ops/reduce/reduce.h \
	ops/reduce/reductions.c \
	ops/reduce/reductions.def \
	ops/reduce/statistics.c \
	ops/reduce/total.c \
	$(end)
