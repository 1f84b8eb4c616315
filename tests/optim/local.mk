# local.mk - what tests/optim/ holds.

test_programs += \
	tests/optim/test_clip_grad \
	tests/optim/test_edges_optim \
	tests/optim/test_groups \
	tests/optim/test_optim \
	tests/optim/test_optim_errors \
	tests/optim/test_optim_state \
	tests/optim/test_optim_state_errors \
	tests/optim/test_optim_update \
	tests/optim/test_schedule \
	$(end)

test_support += \
	tests/optim/params.h \
	tests/optim/states.h \
	$(end)
