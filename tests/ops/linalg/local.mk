# local.mk - what tests/ops/linalg/ holds.

test_programs += \
	tests/ops/linalg/test_linalg \
	tests/ops/linalg/test_linalg_forms \
	tests/ops/linalg/test_linalg_grad \
	$(end)
