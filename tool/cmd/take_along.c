/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking along what waits in the node's spool: see take_along.h. */
#include "tool/cmd/take_along.h"

#include "lib/clock.h"
#include "lib/process.h"
#include "tool/drain/node_user.h"
#include "tool/record/site_here.h"

/* As for a refresh in a job: it counts as the job's own memory. */
#define MEMORY_BYTES ((size_t)512 << 20)

void rlg_take_along(const struct rlg_siteconf *site)
{
	const struct rlg_node_pass pass = {.site = site, .by_itself = true, .begun_us = rlg_clock_now_us()};
	struct rlg_node_report report = {.delivered = 0};

	if (rlg_node_spool_waits(site))
		rlg_node_user_deliver(&pass, &report, NULL);
}

static int take_along(void *context)
{
	rlg_process_limit(RLG_LIMIT_CPU_SECONDS, RLG_LIMIT_WALL_SECONDS, MEMORY_BYTES);
	rlg_take_along(context);
	return 0;
}

void rlg_take_along_behind(void)
{
	static struct rlg_siteconf site;

	rlg_site_here(&site, NULL); /* the admin's mistakes are told elsewhere */
	if (rlg_node_spool_waits(&site))
		rlg_process_detach(NULL, take_along, &site, NULL);
}
