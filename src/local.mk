# local.mk - what src/ holds.

library_sources += \
	src/attrs_text.c \
	src/checkpoint.c \
	src/derivatives.c \
	src/diagnose.c \
	src/diagnose_gradients.c \
	src/dict.c \
	src/dict.h \
	src/dict_grad.c \
	src/dict_nearest.c \
	src/dict_select.c \
	src/gradcheck.c \
	src/inspect.c \
	src/limits.c \
	src/op_check.c \
	src/op_sample.c \
	src/op_sample.h \
	src/options.c \
	src/options.h \
	src/plan_grads.c \
	src/plan_report.c \
	$(end)
