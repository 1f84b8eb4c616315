# tg_sanitizers.m4 - the option --enable-sanitizers=LIST.

# TG_ARG_SANITIZERS
# Sets SANITIZER_CFLAGS and SANITIZER_LDFLAGS, after a program was linked with them.
AC_DEFUN([TG_ARG_SANITIZERS], [
AC_ARG_ENABLE([sanitizers],
  [AS_HELP_STRING([--enable-sanitizers=LIST],
    [build with -fsanitize=LIST: "address,undefined" (the default LIST), "thread", ...])],
  [], [enable_sanitizers=no])
SANITIZER_CFLAGS= SANITIZER_LDFLAGS=
AS_CASE([$enable_sanitizers], [yes], [enable_sanitizers=address,undefined])
AS_IF([test "x$enable_sanitizers" != xno], [
  SANITIZER_LDFLAGS="-fsanitize=$enable_sanitizers"
  SANITIZER_CFLAGS="$SANITIZER_LDFLAGS -fno-sanitize-recover=all -fno-omit-frame-pointer"
  AC_MSG_CHECKING([whether $CC can link with -fsanitize=$enable_sanitizers])
  tg_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdlib.h>]], [[free(malloc(1));]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([$CC cannot build a program with -fsanitize=$enable_sanitizers: see config.log for the reason (a wrong name, or the run-time library is not installed)])])
  CFLAGS=$tg_saved_CFLAGS])
AC_SUBST([SANITIZER_CFLAGS])
AC_SUBST([SANITIZER_LDFLAGS])
])
