# local.mk - what ops/window/ holds.

library_sources += \
	ops/window/max.c \
	ops/window/max.h \
	ops/window/max.inc \
	ops/window/max_run.c \
	ops/window/run.c \
	ops/window/window.c \
	ops/window/window.h \
	$(end)
