# local.mk - what src/model/ holds.

library_sources += \
	src/model/ensemble.c \
	src/model/mlp.c \
	src/model/model.c \
	src/model/simple_convnet.c \
	$(end)
