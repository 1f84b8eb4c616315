# local.mk - what tests/jobs/ holds.

test_support += \
	tests/jobs/layer.c \
	tests/jobs/plan.c \
	tests/jobs/regression.c \
	tests/jobs/saved.c \
	tests/jobs/xor.c \
	$(end)
