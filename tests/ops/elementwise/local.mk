# local.mk - what tests/ops/elementwise/ holds.

test_programs += \
	tests/ops/elementwise/test_edges \
	tests/ops/elementwise/test_elementwise \
	tests/ops/elementwise/test_nan \
	tests/ops/elementwise/test_pairs \
	tests/ops/elementwise/test_special \
	tests/ops/elementwise/test_unary \
	$(end)
