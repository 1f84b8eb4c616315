# local.mk - what tests/ops/kernels/ holds.

test_programs += \
	tests/ops/kernels/test_gemm \
	tests/ops/kernels/test_maps \
	tests/ops/kernels/test_updates \
	tests/ops/kernels/test_vmath \
	$(end)
