# tg_isa.m4 - the flags of the kernels that are built once per instruction set.

m4_define([TG_AVX2_FLAGS], [-mavx2 -mfma -ffp-contract=fast])
m4_define([TG_AVX512_FLAGS], [-mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma ]dnl
[-mprefer-vector-width=512 -ffp-contract=fast])

# TG_VECTOR_PROGRAM(BYTES): moves a whole vector, so that an assembler that does not know the
# instructions is noticed too.
m4_define([TG_VECTOR_PROGRAM], [AC_LANG_PROGRAM([[
    typedef float vec __attribute__((vector_size($1)));
    void multiply_add(vec *y, const vec *x);
    void multiply_add(vec *y, const vec *x) { *y = *y * *x + *x; }]], [])])

# TG_CHECK_ISA
# The option --enable-kernels=ISA, the widest instruction set that kernels are built for.
# Sets SSE_KERNEL_CFLAGS, AVX2_KERNEL_CFLAGS and AVX512_KERNEL_CFLAGS, the conditionals
# TG_AVX2 and TG_AVX512, and defines TG_HAVE_AVX2 and TG_HAVE_AVX512 in config.h.  What is built
# with them runs only where ops/kernels/kernels.c finds the instruction set at run time.
AC_DEFUN([TG_CHECK_ISA], [
AC_REQUIRE([AC_CANONICAL_HOST])
AC_ARG_ENABLE([kernels],
  [AS_HELP_STRING([--enable-kernels=ISA],
    [build kernels up to this instruction set of x86: sse, avx2 or avx512 (the default)])],
  [], [enable_kernels=avx512])
AS_CASE([$enable_kernels], [yes], [enable_kernels=avx512], [sse|avx2|avx512], [],
  [AC_MSG_ERROR([--enable-kernels takes sse, avx2 or avx512, not "$enable_kernels"])])
SSE_KERNEL_CFLAGS= AVX2_KERNEL_CFLAGS= AVX512_KERNEL_CFLAGS=
tg_avx2=no tg_avx512=no

AS_CASE([$host_cpu],
  [x86_64|i?86], [
    AS_IF([test $enable_kernels != sse], [TG_CFLAG_IF(TG_AVX2_FLAGS,
      [tg_avx2=yes AVX2_KERNEL_CFLAGS="TG_AVX2_FLAGS"], [], [TG_VECTOR_PROGRAM([32])])])
    AS_IF([test $enable_kernels = avx512], [TG_CFLAG_IF(TG_AVX512_FLAGS,
      [tg_avx512=yes AVX512_KERNEL_CFLAGS="TG_AVX512_FLAGS"], [], [TG_VECTOR_PROGRAM([64])])])],
  [aarch64*|arm64*], [
    # The 16-byte vectors are NEON's here, and its multiply-add is part of the baseline.
    TG_CFLAG_IF([-ffp-contract=fast], [SSE_KERNEL_CFLAGS=-ffp-contract=fast])])

AS_IF([test $tg_avx2 = yes],
  [AC_DEFINE([TG_HAVE_AVX2], [1], [Define to 1 if the AVX2 and FMA kernels are built.])])
AS_IF([test $tg_avx512 = yes],
  [AC_DEFINE([TG_HAVE_AVX512], [1], [Define to 1 if the AVX-512 kernels are built.])])
AM_CONDITIONAL([TG_AVX2], [test $tg_avx2 = yes])
AM_CONDITIONAL([TG_AVX512], [test $tg_avx512 = yes])
AC_SUBST([SSE_KERNEL_CFLAGS])
AC_SUBST([AVX2_KERNEL_CFLAGS])
AC_SUBST([AVX512_KERNEL_CFLAGS])
])
