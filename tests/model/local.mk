# local.mk - what tests/model/ holds.

test_programs += \
	tests/model/test_convnet \
	tests/model/test_convnet_params \
	tests/model/test_ensemble \
	$(end)
