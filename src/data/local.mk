# local.mk - what src/data/ holds.

library_sources += \
	src/data/batches.c \
	src/data/dataset.c \
	src/data/dataset.h \
	src/data/dataset_check.c \
	src/data/dataset_split.c \
	src/data/digit_strokes.c \
	src/data/digit_strokes.h \
	src/data/digits.c \
	src/data/idx.c \
	src/data/mnist.c \
	$(end)
