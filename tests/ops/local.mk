# local.mk - what tests/ops/ holds.

test_programs += \
	tests/ops/test_absurd_sizes \
	tests/ops/test_arrange \
	tests/ops/test_convert \
	tests/ops/test_create \
	tests/ops/test_edges_structured \
	tests/ops/test_einsum \
	tests/ops/test_failing_ops \
	tests/ops/test_gemm_symmetry \
	tests/ops/test_index \
	tests/ops/test_index_errors \
	tests/ops/test_index_rows \
	tests/ops/test_matmul \
	tests/ops/test_registry \
	tests/ops/test_scan \
	tests/ops/test_shape \
	tests/ops/test_slice \
	tests/ops/test_sorting \
	$(end)

test_scripts += \
	tests/ops/test_ops_table.sh \
	$(end)

# ---------------------------------------------------------------- make ops.md
# The table of all operations, from the registry; tests/ops/test_ops_table.sh compares.
EXTRA_PROGRAMS += tests/ops/ops_table
tests_ops_ops_table_LDADD = libtapegrad-core.la
ops.md: tests/ops/ops_table$(EXEEXT)
	./tests/ops/ops_table$(EXEEXT) >ops.md.tmp
	mv ops.md.tmp $(srcdir)/ops/ops.md
