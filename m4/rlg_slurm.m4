# SPDX-License-Identifier: GPL-2.0-or-later
# RLG_SLURM: finds Slurm's headers and library.  Without them only the tool is built, and it cannot ask slurmctld.
AC_DEFUN([RLG_SLURM], [
  AC_ARG_WITH([slurm],
    [AS_HELP_STRING([--with-slurm=DIR],
      [Slurm's prefix, with include/slurm/spank.h below it; --without-slurm builds the tool alone])],
    [], [with_slurm=check])
  AC_ARG_WITH([slurm-plugindir],
    [AS_HELP_STRING([--with-slurm-plugindir=DIR],
      [where the plugins are installed @<:@LIBDIR/slurm@:>@; a plugin in Slurm's own PluginDir loads by its bare name])],
    [], [with_slurm_plugindir='${libdir}/slurm'])
  SLURM_CPPFLAGS=""
  SLURM_LIBS="-lslurm"
  AS_CASE([$with_slurm],
    [no|yes|check], [],
    [SLURM_CPPFLAGS="-I$with_slurm/include"
     AS_IF([test -d "$with_slurm/lib"], [SLURM_LIBS="-L$with_slurm/lib -lslurm"])])

  have_slurm=no
  rlg_slurm_says="not built: --without-slurm was given, so no plugins, and the tool cannot ask slurmctld"
  AS_IF([test "x$with_slurm" != xno], [
    rlg_saved_cppflags="$CPPFLAGS"
    rlg_saved_libs="$LIBS"
    CPPFLAGS="$CPPFLAGS $SLURM_CPPFLAGS"
    rlg_slurm_says="no headers found, so no plugins, and the tool cannot ask slurmctld (Debian: apt-get install libslurm-dev)"
    AC_CHECK_HEADER([slurm/spank.h], [
      LIBS="$SLURM_LIBS $LIBS"
      AC_MSG_CHECKING([for slurm_load_job in $SLURM_LIBS])
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <slurm/slurm.h>]],
                                      [[void *volatile function = (void *)slurm_load_job; return function == NULL;]])],
        [AC_MSG_RESULT([yes])
         have_slurm=yes
         RLG_SLURM_LOAD_JOB
         AC_COMPUTE_INT([rlg_slurm_number], [SLURM_VERSION_NUMBER], [[#include <slurm/slurm_version.h>]], [rlg_slurm_number=0])
         rlg_slurm_says="$(printf '%d.%02d.%d' $((rlg_slurm_number >> 16)) $((rlg_slurm_number >> 8 & 255)) $((rlg_slurm_number & 255)))"],
        [AC_MSG_RESULT([no])
         rlg_slurm_says="headers found, but no usable libslurm, so no plugins, and the tool cannot ask slurmctld"])
    ])
    CPPFLAGS="$rlg_saved_cppflags"
    LIBS="$rlg_saved_libs"
    AS_IF([test "x$have_slurm" = xno], [
      AS_CASE([$with_slurm],
        [check], [AC_MSG_WARN([Slurm: $rlg_slurm_says])],
        [AC_MSG_ERROR([Slurm was asked for with --with-slurm=$with_slurm: $rlg_slurm_says])])])
  ])
  slurmplugdir="$with_slurm_plugindir"
  AC_SUBST([SLURM_CPPFLAGS])
  AC_SUBST([SLURM_LIBS])
  AC_SUBST([slurmplugdir])
  rlg_plugindir_says="$with_slurm_plugindir"
  AS_IF([test "x$have_slurm" = xno], [rlg_plugindir_says="(none)"])
  AM_CONDITIONAL([HAVE_SLURM], [test "x$have_slurm" = xyes])
  AM_CONDITIONAL([BUILD_PLUGINS], [test "x$have_slurm" = xyes && test "x$rlg_sanitizers" = xnone])
])

# RLG_SLURM_LOAD_JOB: newer Slurms (26.05) name the job that is asked for by a step's id.
AC_DEFUN([RLG_SLURM_LOAD_JOB], [
  AC_MSG_CHECKING([what slurm_load_job wants])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <slurm/slurm.h>]],
                                     [[job_info_msg_t *message; slurm_step_id_t id = SLURM_STEP_ID_INITIALIZER;
                                       return slurm_load_job(&message, id, 0);]])],
    [AC_MSG_RESULT([a step's id])
     AC_DEFINE([RLG_SLURM_JOB_BY_STEP_ID], [1], [slurm_load_job wants a slurm_step_id_t])],
    [AC_MSG_RESULT([a job id])])
])
