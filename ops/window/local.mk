# local.mk - what ops/window/ holds.

library_sources += \
	ops/window/max.c \
	ops/window/max.inc \
	ops/window/max_forward.c \
	ops/window/unfold.c \
	ops/window/window.c \
	ops/window/window.h \
	$(end)
