# local.mk - what tests/ holds.

test_scripts += \
	tests/chapter6.sh \
	tests/test_examples.sh \
	tests/test_exports.sh \
	tests/test_headers.sh \
	tests/test_install.sh \
	tests/test_layering.sh \
	$(end)

test_support += tests/README.md tests/emulate_avx512.sh
