/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The site's settings and spool, for people's commands: see site_here.h. */
#include "tool/record/site_here.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rlg_site_here(struct rlg_siteconf *out_site, struct rlg_err *err)
{
	const char *given = getenv("RUNLEDGER_CONF");

	return rlg_siteconf_read(given == NULL || given[0] != '/' ? RLG_SITECONF_PATH : given, out_site, err);
}

bool rlg_spool_is_here(const struct rlg_siteconf *site)
{
	return access(site->node_spool, F_OK) == 0;
}

int rlg_spool_instead(const struct rlg_spooled *entry, struct rlg_err *err)
{
	static const char comfort[] = "; the record waits in the node's spool until it can be delivered";
	struct rlg_siteconf site;

	rlg_site_here(&site, NULL); /* the admin's mistakes are told elsewhere */
	if (!rlg_node_spool_takes(entry->why) || rlg_node_spool_put(&site, entry, NULL) != 0)
		return entry->why;
	size_t used = strlen(err->text);
	if (used + sizeof(comfort) <= sizeof(err->text))
		memcpy(err->text + used, comfort, sizeof(comfort));
	return 0;
}
