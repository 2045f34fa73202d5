# SPDX-License-Identifier: GPL-2.0-or-later
# The plugins: hooks that know nothing of Slurm, the adapter that does, and the entry points.
noinst_LTLIBRARIES += spank/librlg_hooks.la

spank_librlg_hooks_la_SOURCES = \
	%D%/hooks/address.c %D%/hooks/address.h \
	%D%/hooks/cgroup.c %D%/hooks/cgroup.h \
	%D%/hooks/counters.c %D%/hooks/counters.h \
	%D%/hooks/deliver.c %D%/hooks/deliver.h \
	%D%/hooks/finish.c %D%/hooks/finish.h \
	%D%/hooks/host.h \
	%D%/hooks/hostlist.c %D%/hooks/hostlist.h \
	%D%/hooks/kernel_file.c %D%/hooks/kernel_file.h \
	%D%/hooks/oom.c %D%/hooks/oom.h \
	%D%/hooks/say.c %D%/hooks/say.h \
	%D%/hooks/settings.c %D%/hooks/settings.h \
	%D%/hooks/start.c %D%/hooks/start.h \
	%D%/hooks/step.c %D%/hooks/step.h \
	%D%/hooks/submit.c %D%/hooks/submit.h \
	%D%/hooks/task.c %D%/hooks/task.h \
	%D%/hooks/usage.c %D%/hooks/usage.h

EXTRA_DIST += %D%/plugin/spank_runledger.map %D%/plugin/spank_runledger_epilog.map

# -z nodelete: our exit handler must not be unmapped before it runs.  -z lazy, behind a packager's -z now: a symbol that
# another version of Slurm lacks must only matter where it is called.  No sanitizers: slurmstepd is not built with them.
PLUGIN_LDFLAGS = -module -avoid-version -shared -Wl,-z,nodelete

if BUILD_PLUGINS
slurmplug_LTLIBRARIES = spank/spank_runledger.la spank/spank_runledger_epilog.la

spank_spank_runledger_la_SOURCES = %D%/plugin/spank_runledger.c %D%/slurm/host.c %D%/slurm/host.h
spank_spank_runledger_la_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CPPFLAGS)
spank_spank_runledger_la_LDFLAGS = $(AM_LDFLAGS) $(PLUGIN_LDFLAGS) \
	-Wl,--version-script=$(srcdir)/%D%/plugin/spank_runledger.map
spank_spank_runledger_la_LIBADD = spank/librlg_hooks.la lib/librlg_core.la $(RLG_PLUGIN_LAZY)
EXTRA_spank_spank_runledger_la_DEPENDENCIES = $(srcdir)/%D%/plugin/spank_runledger.map

spank_spank_runledger_epilog_la_SOURCES = %D%/plugin/spank_runledger_epilog.c %D%/slurm/host.c %D%/slurm/host.h
spank_spank_runledger_epilog_la_CPPFLAGS = $(AM_CPPFLAGS) $(SLURM_CPPFLAGS)
spank_spank_runledger_epilog_la_LDFLAGS = $(AM_LDFLAGS) $(PLUGIN_LDFLAGS) \
	-Wl,--version-script=$(srcdir)/%D%/plugin/spank_runledger_epilog.map
spank_spank_runledger_epilog_la_LIBADD = spank/librlg_hooks.la lib/librlg_core.la $(RLG_PLUGIN_LAZY)
EXTRA_spank_spank_runledger_epilog_la_DEPENDENCIES = $(srcdir)/%D%/plugin/spank_runledger_epilog.map

# The cli_filter plugin is the same object under another name: see plugin/spank_runledger.c.
install-data-hook:
	rm -f $(DESTDIR)$(slurmplugdir)/spank_runledger.la $(DESTDIR)$(slurmplugdir)/spank_runledger_epilog.la
	cd $(DESTDIR)$(slurmplugdir) && $(LN_S) -f spank_runledger.so cli_filter_runledger.so

uninstall-local:
	cd $(DESTDIR)$(slurmplugdir) 2>/dev/null && \
		rm -f cli_filter_runledger.so spank_runledger.so spank_runledger_epilog.so || true
endif
