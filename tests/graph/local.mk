# local.mk - what tests/graph/ holds.

test_programs += \
	tests/graph/test_absurd_counts \
	tests/graph/test_alloc \
	tests/graph/test_apply \
	tests/graph/test_arena \
	tests/graph/test_attrs \
	tests/graph/test_failing \
	tests/graph/test_flush \
	tests/graph/test_grad \
	tests/graph/test_graph \
	tests/graph/test_hook \
	tests/graph/test_lifetime \
	tests/graph/test_memory \
	tests/graph/test_parallel \
	tests/graph/test_programs \
	tests/graph/test_rng \
	tests/graph/test_scaling \
	tests/graph/test_scope \
	tests/graph/test_status \
	tests/graph/test_strided \
	tests/graph/test_tape \
	tests/graph/test_tensor \
	tests/graph/test_user_op \
	tests/graph/test_user_threads \
	tests/graph/test_view \
	tests/graph/test_weak \
	tests/graph/test_write \
	tests/graph/test_wrong_op \
	$(end)
