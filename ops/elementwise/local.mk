# local.mk - what ops/elementwise/ holds.

library_sources += \
	ops/elementwise/binary.c \
	ops/elementwise/binary.def \
	ops/elementwise/compare.c \
	ops/elementwise/compare.def \
	ops/elementwise/elementwise.h \
	ops/elementwise/exponential.c \
	ops/elementwise/exponential.def \
	ops/elementwise/families.h \
	ops/elementwise/pairs.c \
	ops/elementwise/trigonometry.c \
	ops/elementwise/trigonometry.def \
	ops/elementwise/unary.c \
	ops/elementwise/unary.def \
	ops/elementwise/unary.inc \
	ops/elementwise/where.c \
	ops/elementwise/where_equal.c \
	$(end)
