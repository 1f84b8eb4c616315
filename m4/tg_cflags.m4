# tg_cflags.m4 - compiler flags that are taken only where the compiler knows them.

# TG_CFLAG_IF(FLAGS, IF-ACCEPTED, [IF-REFUSED], [PROGRAM])
# Tries FLAGS (one word or several, tested together) on PROGRAM.  -Werror makes clang refuse
# what it would only warn about; clang says nothing of unknown warnings otherwise.
AC_DEFUN([TG_CFLAG_IF], [
AS_VAR_PUSHDEF([tg_cached], [tg_cv_cflag_[]AS_TR_SH([$1])])dnl
AC_CACHE_CHECK([whether $CC accepts $1], [tg_cached], [
  tg_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_COMPILE_IFELSE([m4_default([$4], [AC_LANG_PROGRAM([], [])])],
    [AS_VAR_SET([tg_cached], [yes])], [AS_VAR_SET([tg_cached], [no])])
  CFLAGS=$tg_saved_CFLAGS])
AS_VAR_IF([tg_cached], [yes], [$2], m4_default([$3], [:]))
AS_VAR_POPDEF([tg_cached])dnl
])

# TG_APPEND_CFLAGS(VARIABLE, FLAGS)
# Appends each of the FLAGS that the compiler accepts to VARIABLE.
AC_DEFUN([TG_APPEND_CFLAGS], [
m4_foreach_w([tg_flag], [$2],
  [TG_CFLAG_IF(m4_defn([tg_flag]), [AS_VAR_APPEND([$1], [" ]m4_defn([tg_flag])["])])])])
