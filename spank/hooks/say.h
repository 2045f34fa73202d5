/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hooks say to whoever looks: one line, with our name in front of it.
 */
#ifndef RLG_SAY_H
#define RLG_SAY_H

#include "spank/hooks/host.h"

/* A sentence of our own. */
void rlg_say(const struct rlg_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the tool said on its stderr, with its name in front already; made harmless in place.  Nothing for "". */
void rlg_say_words(const struct rlg_host *host, char *words);

#endif
