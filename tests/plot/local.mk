# local.mk - what tests/plot/ holds.

test_programs += \
	tests/plot/test_plot \
	tests/plot/test_plot_errors \
	tests/plot/test_plot_shapes \
	tests/plot/test_plot_ticks \
	$(end)
