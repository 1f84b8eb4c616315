# local.mk - what tests/support/ holds.

test_support += \
	tests/support/absurd.h \
	tests/support/bits.h \
	tests/support/blind.h \
	tests/support/close.h \
	tests/support/composed.h \
	tests/support/counting.h \
	tests/support/dicts.h \
	tests/support/drawn.h \
	tests/support/edge_rows.h \
	tests/support/edges.h \
	tests/support/error.h \
	tests/support/example.sh \
	tests/support/failing.h \
	tests/support/folder.h \
	tests/support/guard.h \
	tests/support/jets.h \
	tests/support/like_lines.sh \
	tests/support/long_graphs.h \
	tests/support/memory.h \
	tests/support/nets.h \
	tests/support/optimizers.h \
	tests/support/owned.h \
	tests/support/plans.h \
	tests/support/program_check.h \
	tests/support/runs.h \
	tests/support/scratch.sh \
	tests/support/searches.h \
	tests/support/suite.h \
	tests/support/tape.h \
	tests/support/threads.h \
	$(end)
