# local.mk - what tests/ops/window/ holds.

test_programs += \
	tests/ops/window/test_edges_windows \
	tests/ops/window/test_window \
	tests/ops/window/test_window_max \
	$(end)
