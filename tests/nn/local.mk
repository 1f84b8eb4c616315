# local.mk - what tests/nn/ holds.

test_programs += \
	tests/nn/test_attention \
	tests/nn/test_conv \
	tests/nn/test_cross_entropy \
	tests/nn/test_edges_activations \
	tests/nn/test_edges_layers \
	tests/nn/test_edges_losses \
	tests/nn/test_losses \
	tests/nn/test_nn \
	tests/nn/test_normalise \
	tests/nn/test_pool \
	tests/nn/test_recurrent \
	$(end)
