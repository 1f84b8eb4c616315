# local.mk - what src/optim/ holds.

library_sources += \
	src/optim/clip_grad.c \
	src/optim/groups.c \
	src/optim/optimizer.c \
	src/optim/optimizer.h \
	src/optim/prepare.c \
	src/optim/record.c \
	src/optim/rules.c \
	src/optim/schedule.c \
	src/optim/state.c \
	src/optim/update.c \
	$(end)
