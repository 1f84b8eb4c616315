# local.mk - what tests/ops/random/ holds.

test_programs += \
	tests/ops/random/test_random \
	tests/ops/random/test_random_ends \
	tests/ops/random/test_random_more \
	tests/ops/random/test_random_run \
	tests/ops/random/test_truncated \
	$(end)
