# local.mk - what src/optim/ holds.

library_sources += \
	src/optim/adagrad.c \
	src/optim/adam.c \
	src/optim/clip_grad.c \
	src/optim/groups.c \
	src/optim/momentum.c \
	src/optim/nesterov.c \
	src/optim/optimizer.c \
	src/optim/optimizer.h \
	src/optim/prepare.c \
	src/optim/record.c \
	src/optim/rmsprop.c \
	src/optim/schedule.c \
	src/optim/sgd.c \
	src/optim/state.c \
	src/optim/update.c \
	$(end)
