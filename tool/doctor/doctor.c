/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found, and the forms in which it is told: see doctor.h. */
#include "tool/doctor/doctor.h"

#include "tool/base/json_out.h"
#include "tool/base/printable.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#define DOCTOR_VERSION 1

static const struct {
	const char *word;
	enum rlg_colour colour;
} shown[] = {
	[RLG_HEALTH_OK] = {"ok", RLG_COLOUR_GREEN},
	[RLG_HEALTH_WARN] = {"warn", RLG_COLOUR_YELLOW},
	[RLG_HEALTH_FAIL] = {"fail", RLG_COLOUR_RED},
};
_Static_assert(sizeof(shown) / sizeof(shown[0]) == RLG_HEALTH_COUNT, "a word for each");

void rlg_doctor_say(struct rlg_doctor *doctor, enum rlg_health health, const char *topic, const char *advice,
		    const char *format, ...)
{
	char words[2 * RLG_PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	if (doctor->count == doctor->room) {
		size_t room = doctor->room == 0 ? 32 : 2 * doctor->room;
		doctor->findings =
			rlg_arena_grow(doctor->arena, doctor->findings, doctor->count, room, sizeof(*doctor->findings));
		doctor->room = room;
	}
	doctor->findings[doctor->count++] =
		(struct rlg_finding){health, topic, rlg_arena_strdup(doctor->arena, words), advice};
	doctor->counts[health]++;
}

void rlg_doctor_text(const struct rlg_doctor *doctor, const struct rlg_terminal *terminal, FILE *stream)
{
	for (size_t i = 0; i < doctor->count; i++) {
		const struct rlg_finding *finding = &doctor->findings[i];
		rlg_terminal_print(terminal, stream, shown[finding->health].colour, shown[finding->health].word);
		fprintf(stream, "%*s%s: ", finding->health == RLG_HEALTH_OK ? 4 : 2, "", finding->topic);
		rlg_printable_put(stream, finding->words);
		if (finding->advice != NULL) {
			fputs("\n      ", stream);
			rlg_printable_put(stream, finding->advice);
		}
		fputc('\n', stream);
	}
}

void rlg_doctor_json(const struct rlg_doctor *doctor, FILE *stream)
{
	struct rlg_bytes out;

	rlg_bytes_init(&out, doctor->arena);
	rlg_bytes_add(&out, "{");
	rlg_out_number(&out, "version", DOCTOR_VERSION);
	for (int i = 0; i < RLG_HEALTH_COUNT; i++)
		rlg_out_number(&out, shown[i].word, (int64_t)doctor->counts[i]);
	rlg_out_key(&out, "checks");
	rlg_bytes_add(&out, "[");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct rlg_finding *finding = &doctor->findings[i];
		rlg_bytes_add(&out, i > 0 ? ",\n {" : "\n {");
		rlg_out_text(&out, "result", shown[finding->health].word);
		rlg_out_text(&out, "about", finding->topic);
		rlg_out_text(&out, "finding", finding->words);
		rlg_out_text(&out, "advice", finding->advice);
		rlg_bytes_add(&out, "}");
	}
	rlg_bytes_add(&out, "]}\n");
	rlg_terminal_put(stream, out.data, out.length);
}
