# local.mk - what ops/kernels/ holds.

library_sources += \
	ops/kernels/gemm.c \
	ops/kernels/gemm.h \
	ops/kernels/gemm.inc \
	ops/kernels/gemm_blocked.c \
	ops/kernels/gemm_pack.inc \
	ops/kernels/gemm_vector.c \
	ops/kernels/gemm_vector.inc \
	ops/kernels/kernels.c \
	ops/kernels/kernels.h \
	ops/kernels/kernels_body.inc \
	ops/kernels/kernels_generic.c \
	ops/kernels/maps.c \
	ops/kernels/maps.h \
	ops/kernels/maps.inc \
	ops/kernels/maps_body.inc \
	ops/kernels/masks.inc \
	ops/kernels/normal.inc \
	ops/kernels/pairs.inc \
	ops/kernels/philox.inc \
	ops/kernels/reduce.h \
	ops/kernels/reduce.inc \
	ops/kernels/reduce_argmax.inc \
	ops/kernels/reduce_body.inc \
	ops/kernels/reduce_exp.inc \
	ops/kernels/reduce_squares.inc \
	ops/kernels/updates.c \
	ops/kernels/updates.def \
	ops/kernels/updates.h \
	ops/kernels/updates.inc \
	ops/kernels/vector.inc \
	ops/kernels/vmath.inc \
	ops/kernels/vmath_constants.h \
	ops/kernels/vmath_f32.inc \
	ops/kernels/vmath_f64.inc \
	ops/kernels/vmath_pow.inc \
	ops/kernels/window_pairs.inc \
	$(end)

# One text, compiled once per instruction set, each in a library of its own because automake
# gives flags to libraries and not to files.  Only -m flags and -ffp-contract can be given here:
# the user's CFLAGS follow, and their -O2 would undo an -O3.  The plain reference and kernels.c,
# which asks the processor, are ordinary lines of library_sources: they must run everywhere.
sse_kernels = ops/kernels/kernels_sse.c
avx2_kernels = ops/kernels/kernels_avx2.c
avx512_kernels = ops/kernels/kernels_avx512.c

noinst_LTLIBRARIES += libkernels-sse.la
libkernels_sse_la_SOURCES = $(sse_kernels)
libkernels_sse_la_CFLAGS = $(AM_CFLAGS) $(SSE_KERNEL_CFLAGS)
kernel_libraries = libkernels-sse.la

if TG_AVX2
noinst_LTLIBRARIES += libkernels-avx2.la
libkernels_avx2_la_SOURCES = $(avx2_kernels)
libkernels_avx2_la_CFLAGS = $(AM_CFLAGS) $(AVX2_KERNEL_CFLAGS)
kernel_libraries += libkernels-avx2.la
endif

if TG_AVX512
noinst_LTLIBRARIES += libkernels-avx512.la
libkernels_avx512_la_SOURCES = $(avx512_kernels)
libkernels_avx512_la_CFLAGS = $(AM_CFLAGS) $(AVX512_KERNEL_CFLAGS)
kernel_libraries += libkernels-avx512.la
endif
