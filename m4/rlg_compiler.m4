# SPDX-License-Identifier: GPL-2.0-or-later
# RLG_COMPILER_FLAGS: C11, our warnings, --enable-werror, and what makes the code harder to abuse, where it is known.
AC_DEFUN([RLG_COMPILER_FLAGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [let a warning fail the build (for developers and CI)])],
    [], [enable_werror=no])
  RLG_WARNINGS=""
  for rlg_flag in -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
      -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wno-unused-parameter \
      -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard; do
    RLG_TRY_FLAG([$rlg_flag])
  done
  AS_IF([test "x$enable_werror" = xyes], [RLG_WARNINGS="$RLG_WARNINGS -Werror"])
  AC_SUBST([RLG_WARNINGS])
])

# RLG_HARDENING: what the preprocessor and the linker do for it; behind RLG_SANITIZERS, whose builds have checks of their own.
#
#   RLG_HARDEN_CPPFLAGS   checked string functions; a packager's word (-D_FORTIFY_SOURCE in CPPFLAGS or CFLAGS) counts
#   RLG_HARDEN_LDFLAGS    read-only relocations and no executable stack, for all that is linked
#   RLG_PLUGIN_LAZY       for plugins, behind everything else that the linker is told: see spank/local.mk
#   RLG_PROGRAM_CFLAGS, RLG_PROGRAM_LDFLAGS   programs besides: position independent, and all symbols bound at the start
AC_DEFUN([RLG_HARDENING], [
  RLG_HARDEN_CPPFLAGS=""
  AS_CASE(["$rlg_sanitizers $CPPFLAGS $CFLAGS"],
    [none*_FORTIFY_SOURCE*], [],
    [none*], [RLG_TRY_FORTIFY])
  RLG_HARDEN_LDFLAGS="" RLG_PLUGIN_LAZY="" RLG_PROGRAM_CFLAGS="" RLG_PROGRAM_LDFLAGS=""
  RLG_TRY_LINK([RLG_HARDEN_LDFLAGS], [-Wl,-z,relro])
  RLG_TRY_LINK([RLG_HARDEN_LDFLAGS], [-Wl,-z,noexecstack])
  RLG_TRY_LINK([RLG_PLUGIN_LAZY], [-Wl,-z,lazy])
  RLG_TRY_LINK([RLG_PROGRAM_LDFLAGS], [-Wl,-z,now])
  RLG_TRY_LINK([RLG_PROGRAM_LDFLAGS], [-fPIE -pie])
  AS_CASE([$RLG_PROGRAM_LDFLAGS], [*-pie*], [RLG_PROGRAM_CFLAGS="-fPIE"])
  AC_SUBST([RLG_HARDEN_CPPFLAGS])
  AC_SUBST([RLG_HARDEN_LDFLAGS])
  AC_SUBST([RLG_PLUGIN_LAZY])
  AC_SUBST([RLG_PROGRAM_CFLAGS])
  AC_SUBST([RLG_PROGRAM_LDFLAGS])
])

# RLG_TRY_FORTIFY: the C library warns where there is no optimization; some compilers set a lower level by themselves.
AC_DEFUN([RLG_TRY_FORTIFY], [
  rlg_saved_cflags="$CFLAGS"
  CFLAGS="$CFLAGS -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
  AC_MSG_CHECKING([for checked string functions (_FORTIFY_SOURCE=3)])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[]])],
    [AC_MSG_RESULT([yes]); RLG_HARDEN_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"], [AC_MSG_RESULT([no])])
  CFLAGS="$rlg_saved_cflags"
])

# RLG_TRY_LINK(VARIABLE, FLAGS): adds FLAGS to VARIABLE if a program can be linked with them without a word.
AC_DEFUN([RLG_TRY_LINK], [
  rlg_saved_ldflags="$LDFLAGS"
  rlg_saved_cflags="$CFLAGS"
  LDFLAGS="$LDFLAGS $2"
  CFLAGS="$CFLAGS -Werror"
  AC_MSG_CHECKING([whether $CC links with $2])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[]])], [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  LDFLAGS="$rlg_saved_ldflags"
  CFLAGS="$rlg_saved_cflags"
])

# RLG_TRY_FLAG(FLAG): adds FLAG to RLG_WARNINGS if the compiler takes it without a word.
AC_DEFUN([RLG_TRY_FLAG], [
  rlg_saved_cflags="$CFLAGS"
  CFLAGS="$CFLAGS -Werror $1"
  AC_MSG_CHECKING([whether $CC takes $1])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
    [AC_MSG_RESULT([yes]); RLG_WARNINGS="$RLG_WARNINGS $1"], [AC_MSG_RESULT([no])])
  CFLAGS="$rlg_saved_cflags"
])

# RLG_SANITIZERS: --enable-sanitizers=address,undefined
AC_DEFUN([RLG_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
      [build the tool and the tests with these sanitizers (default list: address,undefined); the plugins are left out])],
    [], [enable_sanitizers=no])
  rlg_sanitizers=none
  AS_CASE([$enable_sanitizers],
    [no], [],
    [yes], [rlg_sanitizers=address,undefined],
    [rlg_sanitizers=$enable_sanitizers])
  RLG_FUZZING
  RLG_SANITIZE=""
  AS_IF([test "x$rlg_sanitizers" != xnone],
    [RLG_SANITIZE="-fsanitize=$rlg_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"])
  AC_SUBST([RLG_SANITIZE])
  AM_CONDITIONAL([SANITIZED], [test "x$rlg_sanitizers" != xnone])
])

# RLG_FUZZING: --enable-fuzzing, for `make fuzz`: everything is built for libFuzzer, which is clang's.
AC_DEFUN([RLG_FUZZING], [
  AC_ARG_ENABLE([fuzzing],
    [AS_HELP_STRING([--enable-fuzzing],
      [build the fuzz targets for libFuzzer (needs CC=clang); the plugins are left out])],
    [], [enable_fuzzing=no])
  RLG_FUZZ_ENGINE=""
  AS_IF([test "x$enable_fuzzing" = xyes],
    [rlg_sanitizers="fuzzer-no-link,address,undefined"
     RLG_FUZZ_ENGINE="-fsanitize=fuzzer"])
  AC_SUBST([RLG_FUZZ_ENGINE])
  AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])
