# SPDX-License-Identifier: GPL-2.0-or-later
# What an admin takes over.  Nothing is installed where it would count at once: `make install` must not overwrite a
# site's settings, and no plugin is loaded and no unit started before the admin says so.
plugstackdocdir = $(docdir)/plugstack.conf.d
dist_plugstackdoc_DATA = %D%/plugstack.conf.d/runledger.conf
dist_doc_DATA += %D%/runledger.conf

systemddocdir = $(docdir)/systemd
dist_systemddoc_DATA = \
	%D%/systemd/runledger-drain-follow.service \
	%D%/systemd/runledger-drain.path \
	%D%/systemd/runledger-drain.service \
	%D%/systemd/runledger-drain.timer \
	%D%/systemd/runledger-node.path \
	%D%/systemd/runledger-node.service \
	%D%/systemd/runledger-node.timer
tmpfilesdocdir = $(docdir)/tmpfiles.d
dist_tmpfilesdoc_DATA = %D%/tmpfiles.d/runledger.conf

EXTRA_DIST += %D%/completions/runledger.bash

# bash looks for completions under the command's own name.
install-data-local:
	$(MKDIR_P) $(DESTDIR)$(datadir)/bash-completion/completions
	$(INSTALL_DATA) $(srcdir)/%D%/completions/runledger.bash \
		$(DESTDIR)$(datadir)/bash-completion/completions/runledger

uninstall-hook:
	rm -f $(DESTDIR)$(datadir)/bash-completion/completions/runledger $(DESTDIR)$(pkglibexecdir)/runledger-jobcomp
