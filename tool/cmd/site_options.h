/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options by which a command for admins takes other settings than the site's.
 */
#ifndef RLG_SITE_OPTIONS_H
#define RLG_SITE_OPTIONS_H

#include "lib/siteconf.h"
#include "tool/cmd/options.h"

/* A row of the command's table. */
#define RLG_OPTION_CONF \
	{ \
		"conf", 0, "FILE", "the site's settings, instead of the installed runledger.conf" \
	}

/* Reads the file of --conf, or the installed one.  As rlg_siteconf_read(): on failure the rest is usable. */
int rlg_site_options_read(const struct rlg_options *options, struct rlg_siteconf *out_site, struct rlg_err *err);

/* The spool of --spool, or the site's.  Lives as long as both. */
const char *rlg_site_options_spool(const struct rlg_options *options, const struct rlg_siteconf *site);

#endif
