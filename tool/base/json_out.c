/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object: see json_out.h. */
#include "tool/base/json_out.h"

#include "lib/clock.h"

/* Not by printf(): a status of ten thousand runs has a million keys. */
void rlg_out_key(struct rlg_bytes *out, const char *key)
{
	char last = out->length > 0 ? out->data[out->length - 1] : '{';

	rlg_bytes_add(out, last == '{' ? "\"" : ",\"");
	rlg_bytes_add(out, key);
	rlg_bytes_add(out, "\":");
}

/* A number that is not negative, in figures. */
static void add_figures(struct rlg_bytes *out, int64_t value)
{
	char figures[20], *at = figures + sizeof(figures);

	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	rlg_bytes_add_n(out, at, (size_t)(figures + sizeof(figures) - at));
}

void rlg_out_text(struct rlg_bytes *out, const char *key, const char *value)
{
	rlg_out_key(out, key);
	rlg_bytes_add_json(out, value);
}

void rlg_out_number(struct rlg_bytes *out, const char *key, int64_t value)
{
	rlg_out_key(out, key);
	if (value < 0)
		rlg_bytes_add(out, "null");
	else
		add_figures(out, value);
}

void rlg_out_id(struct rlg_bytes *out, const char *key, int64_t value)
{
	rlg_out_key(out, key);
	rlg_bytes_add(out, value < 0 ? "null" : "\"");
	if (value < 0)
		return;
	add_figures(out, value);
	rlg_bytes_add(out, "\"");
}

void rlg_out_truth(struct rlg_bytes *out, const char *key, bool value)
{
	rlg_out_key(out, key);
	rlg_bytes_add(out, value ? "true" : "false");
}

void rlg_out_moment(struct rlg_bytes *out, const char *key, int64_t moment_us)
{
	char text[RLG_TIME_TEXT_MAX];

	rlg_out_text(out, key, moment_us > 0 ? rlg_clock_utc(moment_us, text) : NULL);
}

void rlg_out_texts(struct rlg_bytes *out, const char *key, const char *const *values, size_t n_values)
{
	rlg_out_key(out, key);
	rlg_bytes_add(out, "[");
	for (size_t i = 0; i < n_values; i++) {
		rlg_bytes_add(out, i > 0 ? "," : "");
		rlg_bytes_add_json(out, values[i]);
	}
	rlg_bytes_add(out, "]");
}
