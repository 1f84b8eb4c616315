# local.mk - what tests/data/ holds.

test_programs += \
	tests/data/test_batches \
	tests/data/test_dataset_split \
	tests/data/test_digits \
	tests/data/test_idx \
	$(end)
