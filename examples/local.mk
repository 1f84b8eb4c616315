# local.mk - what examples/ holds.

# An example is named here: its program, what it links, what it is to print.
example_programs += \
	examples/adding \
	examples/batch_norm_gradient_check \
	examples/batch_norm_test \
	examples/convnet \
	examples/custom_layer \
	examples/custom_op \
	examples/first \
	examples/gradient_penalty \
	examples/hello \
	examples/hyperparameter_optimization \
	examples/linear_vs_mlp \
	examples/optimizer_compare_mnist \
	examples/optimizer_compare_naive \
	examples/optimizer_surface \
	examples/overfit_dropout \
	examples/overfit_weight_decay \
	examples/transformer \
	examples/weight_init_activation_histogram \
	examples/weight_init_compare \
	examples/weight_init_symmetry \
	examples/xor \
	$(end)

example_sources += \
	examples/common.c \
	examples/common.h \
	examples/compare.c \
	examples/compare.h \
	$(end)

examples_adding_LDADD = $(example_libraries)
examples_batch_norm_gradient_check_LDADD = $(example_libraries)
examples_batch_norm_test_LDADD = $(example_libraries)
examples_convnet_LDADD = $(example_libraries)
examples_custom_layer_LDADD = libtapegrad.la
examples_custom_op_LDADD = libtapegrad.la $(LIBM)
examples_first_LDADD = libtapegrad.la
examples_gradient_penalty_LDADD = $(example_libraries)
examples_hello_LDADD = libtapegrad.la
examples_hyperparameter_optimization_LDADD = $(example_libraries)
examples_linear_vs_mlp_LDADD = $(example_libraries)
examples_optimizer_compare_mnist_LDADD = $(example_libraries)
examples_optimizer_compare_naive_LDADD = $(example_libraries)
examples_optimizer_surface_LDADD = $(example_libraries)
examples_overfit_dropout_LDADD = $(example_libraries)
examples_overfit_weight_decay_LDADD = $(example_libraries)
examples_transformer_LDADD = $(example_libraries)
examples_weight_init_activation_histogram_LDADD = $(example_libraries)
examples_weight_init_compare_LDADD = $(example_libraries)
examples_weight_init_symmetry_LDADD = $(example_libraries)
examples_xor_LDADD = $(example_libraries)

# One file tests/golden/X.golden for each example X, with what it is to print.
example_tests += \
	tests/golden/adding.golden \
	tests/golden/batch_norm_gradient_check.golden \
	tests/golden/batch_norm_test.golden \
	tests/golden/convnet.golden \
	tests/golden/custom_layer.golden \
	tests/golden/custom_op.golden \
	tests/golden/first.golden \
	tests/golden/gradient_penalty.golden \
	tests/golden/hello.golden \
	tests/golden/hyperparameter_optimization.golden \
	tests/golden/linear_vs_mlp.golden \
	tests/golden/optimizer_compare_mnist.golden \
	tests/golden/optimizer_compare_naive.golden \
	tests/golden/optimizer_surface.golden \
	tests/golden/overfit_dropout.golden \
	tests/golden/overfit_weight_decay.golden \
	tests/golden/transformer.golden \
	tests/golden/weight_init_activation_histogram.golden \
	tests/golden/weight_init_compare.golden \
	tests/golden/weight_init_symmetry.golden \
	tests/golden/xor.golden \
	$(end)

# They use what is installed and nothing else, so they link the library and not its core.
noinst_PROGRAMS = $(example_programs)
noinst_LTLIBRARIES += libexamples.la
libexamples_la_SOURCES = $(example_sources)
example_libraries = libexamples.la libtapegrad.la $(LIBM)

# ---------------------------------------------------------------- make demo
# FULL=1 for all 2000 iterations, DATA=DIR for MNIST's four files, DEMO_ARGS for anything else.
# FULL stands here so that a variable of the environment by this name does not count.  DATA is a
# name that automake has given a value of its own; only one from the command line is meant.
FULL =
DEMO_ARGS = --iterations 300
demo: examples/optimizer_compare_mnist$(EXEEXT)
	@set -- $(DEMO_ARGS); \
	if test '$(FULL)' = 1; then set --; fi; \
	case " $$MAKEFLAGS" in *' DATA='*) set -- "$$@" --data '$(DATA)' ;; esac; \
	echo "./examples/optimizer_compare_mnist $$*"; \
	./examples/optimizer_compare_mnist$(EXEEXT) "$$@"

EXTRA_DIST += \
	examples/README.md \
	examples/pictures/batch_norm_gradient_check.svg \
	examples/pictures/batch_norm_test.svg \
	examples/pictures/convnet.svg \
	examples/pictures/hyperparameter_optimization.svg \
	examples/pictures/linear_vs_mlp.svg \
	examples/pictures/optimizer_compare_mnist.svg \
	examples/pictures/optimizer_compare_mnist_full.svg \
	examples/pictures/optimizer_compare_naive.svg \
	examples/pictures/optimizer_surface.svg \
	examples/pictures/overfit_dropout.svg \
	examples/pictures/overfit_weight_decay.svg \
	examples/pictures/weight_init_activation_histogram.svg \
	examples/pictures/weight_init_compare.svg \
	examples/pictures/weight_init_symmetry.svg \
	examples/pictures/xor.svg \
	$(end)
