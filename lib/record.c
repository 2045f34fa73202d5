/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a record: see record.h. */
#include "lib/record.h"

#include "lib/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* What rlg_record_end() may still have to write: ,"left_out":4294967295}}\n and the NUL. */
#define CLOSING_ROOM 32

void rlg_record_new_id(char out_id[RLG_ID_MAX])
{
	uint64_t bits[2];

	if (getrandom(bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits)) {
		/* Only on a kernel that has just booted; still unlike any other id of this host. */
		bits[0] = (uint64_t)rlg_clock_now_us();
		bits[1] = (uint64_t)getpid() << 32 ^ (uint64_t)rlg_clock_monotonic_ms() ^ (uint64_t)(uintptr_t)&bits;
	}
	snprintf(out_id, RLG_ID_MAX, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
}

static void add_seconds(struct rlg_text *text, int64_t time_us)
{
	rlg_text_addf(text, "%" PRId64 ".%06" PRId64, time_us / RLG_SECOND_US, time_us % RLG_SECOND_US);
}

void rlg_record_begin(struct rlg_record_writer *writer, char *storage, size_t size, int64_t time_us, const char *name,
		      const char *id)
{
	writer->left_out = 0;
	rlg_text_init(&writer->text, storage, size);
	rlg_text_add(&writer->text, "{\"timestamp\":");
	add_seconds(&writer->text, time_us);
	rlg_text_add(&writer->text, ",\"name\":");
	rlg_text_add_json(&writer->text, name);
	rlg_text_addf(&writer->text, ",\"context\":{\"v\":%d,\"id\":", RLG_RECORD_VERSION);
	rlg_text_add_json(&writer->text, id);
	writer->broken = writer->text.full;
}

/* Starts a member; returns the length to go back to if it turns out not to fit. */
static size_t begin_member(struct rlg_record_writer *writer, const char *key)
{
	size_t before = writer->text.length;

	rlg_text_add(&writer->text, ",");
	rlg_text_add_json(&writer->text, key);
	rlg_text_add(&writer->text, ":");
	return before;
}

static void end_member(struct rlg_record_writer *writer, size_t before)
{
	struct rlg_text *text = &writer->text;

	if (!text->full && text->length + CLOSING_ROOM < text->size)
		return;
	text->length = before;
	text->data[before] = '\0';
	text->full = false;
	writer->left_out++;
}

void rlg_record_str(struct rlg_record_writer *writer, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	size_t before = begin_member(writer, key);
	rlg_text_add_json(&writer->text, value);
	end_member(writer, before);
}

void rlg_record_int(struct rlg_record_writer *writer, const char *key, int64_t value)
{
	size_t before = begin_member(writer, key);
	rlg_text_addf(&writer->text, "%" PRId64, value);
	end_member(writer, before);
}

void rlg_record_bool(struct rlg_record_writer *writer, const char *key, bool value)
{
	rlg_record_json(writer, key, value ? "true" : "false");
}

void rlg_record_time(struct rlg_record_writer *writer, const char *key, int64_t time_us)
{
	if (time_us > 0)
		rlg_record_duration(writer, key, time_us);
}

void rlg_record_duration(struct rlg_record_writer *writer, const char *key, int64_t duration_us)
{
	if (duration_us < 0)
		return;
	size_t before = begin_member(writer, key);
	add_seconds(&writer->text, duration_us);
	end_member(writer, before);
}

void rlg_record_json(struct rlg_record_writer *writer, const char *key, const char *json)
{
	size_t before = begin_member(writer, key);
	rlg_text_add(&writer->text, json);
	end_member(writer, before);
}

ssize_t rlg_record_end(struct rlg_record_writer *writer)
{
	struct rlg_text *text = &writer->text;

	if (writer->left_out > 0)
		rlg_text_addf(text, ",\"left_out\":%u", writer->left_out);
	rlg_text_add(text, "}}\n");
	return text->full || writer->broken ? -EMSGSIZE : (ssize_t)text->length;
}
