/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the admin said: the arguments of our line in plugstack.conf, and runledger.conf.
 *
 *     conf=PATH          another runledger.conf
 *     helper=PATH        another runledger program
 *     timeout_ms=NUMBER  over the one in runledger.conf
 *     usage=WHICH        which nodes of a step tell what it used: all, first, or off
 *
 * plugstack.conf knows no quotes and no blanks in an argument.
 */
#ifndef RLG_SETTINGS_H
#define RLG_SETTINGS_H

#include "lib/err.h"
#include "lib/siteconf.h"

enum rlg_usage_nodes {
	RLG_USAGE_ALL, /* each node of a step */
	RLG_USAGE_FIRST, /* the first of a step's */
	RLG_USAGE_OFF
};

struct rlg_settings {
	char conf_path[RLG_PATH_MAX];
	char helper[RLG_PATH_MAX];
	struct rlg_siteconf site;
	enum rlg_usage_nodes usage;
};

/*
 * Reads the arguments and the file over the defaults.  Returns 0, or -EINVAL with a sentence about the first thing that
 * cannot be used; everything else still counts, so the caller reports it and goes on.
 */
int rlg_settings_read(struct rlg_settings *settings, int n_arguments, char *const *arguments, struct rlg_err *err);

/*
 * Looks whether the helper is fit to be started (lib/trusted.h).  Returns 0; or -EPERM with a sentence, and `helper` is empty
 * from then on: nothing is started any more, and a record with an exact address is all that still gets written.
 */
int rlg_settings_check_helper(struct rlg_settings *settings, struct rlg_err *err);

/* How long a hook may wait for a helper: the site's timeout, less what it takes to end one that is late. */
int rlg_settings_wait_ms(const struct rlg_settings *settings);

#endif
