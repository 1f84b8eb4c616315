# local.mk - what tests/src/ holds.

test_programs += \
	tests/src/test_checkpoint \
	tests/src/test_derivatives \
	tests/src/test_derivatives_errors \
	tests/src/test_diagnose \
	tests/src/test_dict \
	tests/src/test_dict_grad \
	tests/src/test_dict_select \
	tests/src/test_dict_slab \
	tests/src/test_gradient_penalty \
	tests/src/test_inspect \
	tests/src/test_jacobian \
	tests/src/test_mistakes \
	tests/src/test_null \
	tests/src/test_option_ranges \
	tests/src/test_options \
	$(end)

# From the headers as they are, so that no function is missing.
tests/src/null_calls.inc: $(srcdir)/tests/src/null_calls.awk $(public_headers)
	$(AM_V_GEN)$(MKDIR_P) tests/src
	$(AM_V_at)$(AWK) -f "$(srcdir)/tests/src/null_calls.awk" "$(srcdir)"/include/tapegrad/*.h >$@.tmp
	$(AM_V_at)mv $@.tmp $@
tests/src/test_null.$(OBJEXT): tests/src/null_calls.inc
MOSTLYCLEANFILES = tests/src/null_calls.inc

test_support += \
	tests/src/null_calls.awk \
	tests/src/null_values.h \
	$(end)
