# local.mk - what src/train/ holds.

library_sources += \
	src/train/config.c \
	src/train/evaluate.c \
	src/train/evaluate.h \
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
