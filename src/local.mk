# local.mk - what src/ holds.

library_sources += \
	src/attrs_describe.c \
	src/checkpoint.c \
	src/compile_grads.c \
	src/derivatives.c \
	src/diagnose_activations.c \
	src/diagnose_gradients.c \
	src/dict.c \
	src/dict.h \
	src/dict_lacks.c \
	src/dict_select.c \
	src/grad.c \
	src/gradcheck.c \
	src/inspect.c \
	src/limits.c \
	src/op_check.c \
	src/op_sample.c \
	src/op_sample.h \
	src/options.c \
	src/options.h \
	src/plan_report.c \
	$(end)
