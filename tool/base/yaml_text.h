/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing YAML scalars so that every reader, YAML 1.1 (PyYAML) or 1.2, takes them for the text they are.
 */
#ifndef RLG_YAML_TEXT_H
#define RLG_YAML_TEXT_H

#include "tool/base/arena.h"
#include "tool/base/bytes.h"
#include "tool/base/yaml_doc.h"

#include <stdbool.h>

/*
 * Whether the words may stand without quotes, as key or value, in block and in flow context.  Strict: what could be a
 * number, a date, a truth or a null somewhere may not.
 */
bool rlg_yaml_plain_ok(const char *words);

/*
 * Adds `words` in that style (RLG_YAML_PLAIN, _SINGLE or _DOUBLE) where it can be, else in double quotes; `null` for
 * NULL.  Always one line.
 */
void rlg_yaml_add(struct rlg_bytes *bytes, const char *words, enum rlg_yaml_style style);

/* The words with what is no UTF-8 made U+FFFD, as rlg_yaml_add() would write it; NULL stays NULL. */
const char *rlg_yaml_clean(struct rlg_arena *arena, const char *words);

#endif
