/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options in place of the site's settings: see site_options.h. */
#include "tool/cmd/site_options.h"

int rlg_site_options_read(const struct rlg_options *options, struct rlg_siteconf *out_site, struct rlg_err *err)
{
	const char *given = rlg_option_value(options, "conf");

	return rlg_siteconf_read(given == NULL || given[0] == '\0' ? RLG_SITECONF_PATH : given, out_site, err);
}

const char *rlg_site_options_spool(const struct rlg_options *options, const struct rlg_siteconf *site)
{
	const char *given = rlg_option_value(options, "spool");

	return given != NULL ? given : site->spool;
}
