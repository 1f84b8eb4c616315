# local.mk - what tests/plan/ holds.

test_programs += \
	tests/plan/test_plan \
	tests/plan/test_plan_bind \
	tests/plan/test_plan_fusion \
	tests/plan/test_plan_layers \
	tests/plan/test_plan_memory \
	tests/plan/test_plan_networks \
	tests/plan/test_plan_pieces \
	tests/plan/test_plan_products \
	tests/plan/test_plan_profile \
	tests/plan/test_plan_programs \
	tests/plan/test_plan_rows \
	tests/plan/test_plan_shapes \
	tests/plan/test_plan_tiny \
	tests/plan/test_plan_train \
	tests/plan/test_plan_update \
	tests/plan/test_plan_update_errors \
	$(end)

# The examples' own networks, each in a file that includes its example.
tests_plan_test_plan_networks_LDADD = libexamples.la $(LDADD)
tests_plan_test_plan_networks_SOURCES = \
	tests/plan/networks/adding.c \
	tests/plan/networks/custom_layer.c \
	tests/plan/networks/custom_op.c \
	tests/plan/networks/gradient_penalty.c \
	tests/plan/networks/networks.h \
	tests/plan/networks/transformer.c \
	tests/plan/networks/xor.c \
	tests/plan/test_plan_networks.c \
	$(end)

test_support += \
	tests/plan/programs.h \
	tests/plan/sides.h \
	$(end)
