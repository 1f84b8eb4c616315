# local.mk - what src/train/ holds.

library_sources += \
	src/train/accuracy.c \
	src/train/accuracy.h \
	src/train/config.c \
	src/train/history.c \
	src/train/history.h \
	src/train/load.c \
	src/train/plan.c \
	src/train/progress.c \
	src/train/save.c \
	src/train/step.c \
	src/train/trainer.c \
	src/train/trainer.h \
	$(end)
