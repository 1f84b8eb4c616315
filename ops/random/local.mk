# local.mk - what ops/random/ holds.

library_sources += \
	ops/random/integer.c \
	ops/random/random.c \
	ops/random/random.h \
	ops/random/truncated.c \
	$(end)
