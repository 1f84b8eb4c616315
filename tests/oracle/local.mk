# local.mk - what tests/oracle/ holds.

test_scripts += \
	tests/oracle/test_oracle.sh \
	$(end)

test_support += \
	tests/oracle/arrange.py \
	tests/oracle/calls.inc \
	tests/oracle/contract.py \
	tests/oracle/elementwise.py \
	tests/oracle/losses.py \
	tests/oracle/network.py \
	tests/oracle/optim.py \
	tests/oracle/oracle.h \
	tests/oracle/oracle.py \
	tests/oracle/table.py \
	$(end)

oracle_programs += \
	tests/oracle/optim \
	tests/oracle/oracle \
	$(end)

# What the scripts in tests/oracle run: a user's programs, so they link the library.
tests_oracle_optim_LDADD = libtapegrad.la
tests_oracle_oracle_LDADD = libtapegrad.la $(LIBM)
tests_oracle_oracle_SOURCES = tests/oracle/calls.c tests/oracle/oracle.c
