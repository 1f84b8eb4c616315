# local.mk - what graph/plan/ holds.

library_sources += \
	graph/plan/access.c \
	graph/plan/aliases.c \
	graph/plan/bind.c \
	graph/plan/build.c \
	graph/plan/compile.c \
	graph/plan/draft.h \
	graph/plan/fuse.c \
	graph/plan/generators.c \
	graph/plan/group.c \
	graph/plan/group.h \
	graph/plan/intern.c \
	graph/plan/loop.c \
	graph/plan/order.c \
	graph/plan/pack.c \
	graph/plan/pairs.c \
	graph/plan/pieces.c \
	graph/plan/pieces.h \
	graph/plan/place.c \
	graph/plan/plan.c \
	graph/plan/plan.h \
	graph/plan/print.c \
	graph/plan/profile.c \
	graph/plan/run.c \
	graph/plan/schedule.c \
	graph/plan/simplify.c \
	graph/plan/slots.c \
	graph/plan/steps.c \
	graph/plan/value.c \
	$(end)
