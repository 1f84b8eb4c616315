# local.mk - what tests/file/ holds.

test_programs += \
	tests/file/test_graph_file \
	tests/file/test_npy \
	tests/file/test_npz \
	tests/file/test_sink \
	$(end)

test_support += \
	tests/file/npy_files.h \
	$(end)
