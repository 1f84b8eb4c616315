# local.mk - what tests/bench/ holds.

test_support += \
	tests/bench/compare.py \
	tests/bench/gemm_compare.py \
	tests/bench/memory.py \
	tests/bench/reducebench.py \
	tests/bench/regress.py \
	$(end)

bench_programs += \
	tests/bench/gemmbench \
	tests/bench/limits \
	tests/bench/mapbench \
	tests/bench/memory \
	tests/bench/reducebench \
	tests/bench/scaling \
	tests/bench/tgbench \
	$(end)

# ---------------------------------------------------------------- make bench
# The machine's limits, then one training step of each case beside PyTorch and NumPy, where they are
# installed: some twenty minutes in all.  BENCH_ARGS="--threads 1 --rounds 3 mlp_sgd" for less.
BENCH_ARGS =
tests_bench_limits_LDADD =
tests_bench_limits_SOURCES = \
	tests/bench/limits.c \
	tests/bench/peak.h \
	tests/bench/peak.inc \
	$(end)
tests_bench_mapbench_LDADD = libtapegrad-core.la
tests_bench_memory_LDADD = libtapegrad.la
tests_bench_memory_SOURCES = \
	tests/bench/bench.h \
	tests/bench/measure.c \
	tests/bench/memory.c \
	tests/bench/parts.c \
	$(end)
tests_bench_reducebench_LDADD = libtapegrad.la
tests_bench_scaling_LDADD = libtapegrad.la
tests_bench_scaling_SOURCES = \
	tests/bench/bench.h \
	tests/bench/measure.c \
	tests/bench/parts.c \
	tests/bench/scaling.c \
	$(end)
tests_bench_tgbench_SOURCES = \
	tests/bench/bench.h \
	tests/bench/cases.c \
	tests/bench/gemm.c \
	tests/bench/measure.c \
	tests/bench/parts.c \
	tests/bench/startup.c \
	tests/bench/tgbench.c \
	$(end)
tests_bench_tgbench_LDADD = libtapegrad.la
bench: tests/bench/limits$(EXEEXT) tests/bench/tgbench$(EXEEXT)
	@shared=$${TAPEGRAD_SHARED-$(abs_top_srcdir)/../shared}; \
	python3 $(srcdir)/tests/bench/compare.py tests/bench $$shared/bench $$shared/data/mnist \
	  $(BENCH_ARGS)

# The memory of a step, beside PyTorch's; how time grows with the size of networks and of graphs.
bench-memory: tests/bench/memory$(EXEEXT)
	@python3 $(srcdir)/tests/bench/memory.py tests/bench
bench-scaling: tests/bench/scaling$(EXEEXT)
	@./tests/bench/scaling$(EXEEXT)

# This build beside another one of which tests/bench/tgbench is made: make bench-regress BEFORE=DIR.
bench-regress: tests/bench/tgbench$(EXEEXT)
	@python3 $(srcdir)/tests/bench/regress.py '$(BEFORE)' . $(BENCH_ARGS)

# Matrix products beside OpenBLAS, where it is installed.  BENCH_ARGS="--threads 2".
tests_bench_gemmbench_LDADD = libtapegrad-core.la
bench-gemm: tests/bench/gemmbench$(EXEEXT)
	@shared=$${TAPEGRAD_SHARED-$(abs_top_srcdir)/../shared}; \
	CC='$(CC)' python3 $(srcdir)/tests/bench/gemm_compare.py ./tests/bench/gemmbench$(EXEEXT) \
	  $$shared/bench/gemm_bench.c $(BENCH_ARGS)

EXTRA_DIST += tests/bench/README.md
EXTRA_PROGRAMS += $(bench_programs)
