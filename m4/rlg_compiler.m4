# SPDX-License-Identifier: GPL-2.0-or-later
# RLG_COMPILER_FLAGS: C11, our warnings, --enable-werror, and hardening where the compiler has it.
AC_DEFUN([RLG_COMPILER_FLAGS], [
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [let a warning fail the build (for developers and CI)])],
    [], [enable_werror=no])
  RLG_WARNINGS=""
  for rlg_flag in -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
      -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wno-unused-parameter \
      -fstack-protector-strong -fstack-clash-protection -fcf-protection; do
    RLG_TRY_FLAG([$rlg_flag])
  done
  AS_IF([test "x$enable_werror" = xyes], [RLG_WARNINGS="$RLG_WARNINGS -Werror"])
  AC_SUBST([RLG_WARNINGS])
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
