# local.mk - what tests/ops/reduce/ holds.

test_programs += \
	tests/ops/reduce/test_edges_reduce \
	tests/ops/reduce/test_reduce \
	tests/ops/reduce/test_reduce_errors \
	tests/ops/reduce/test_reduce_kernels \
	tests/ops/reduce/test_reduce_levels \
	tests/ops/reduce/test_reduce_parts \
	tests/ops/reduce/test_reduce_views \
	$(end)

test_support += \
	tests/ops/reduce/edges_reduce.h \
	$(end)
