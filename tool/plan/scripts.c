/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batch scripts: see scripts.h. */
#include "tool/plan/scripts.h"

#include "lib/layout.h"

#include <stdio.h>
#include <sys/stat.h>

bool rlg_scripts_has(void *group, const char *run, const char *script)
{
	char path[RLG_PATH_MAX];
	struct stat facts;
	int length = snprintf(path, sizeof(path), "%s/%s/%s", (const char *)group, run, script);

	return length > 0 && (size_t)length < sizeof(path) && stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}
