/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Markdown by its lines, keys and sections, and by its tables: everything lies in the text, and in order. */
#include "tests/fuzz/fuzz.h"
#include "tool/base/md_doc.h"
#include "tool/base/md_table.h"

/* The bytes of a mark in front of the text, which is in no line. */
#define BOM 3

static void read_lines(struct rlg_arena *arena, const char *text)
{
	struct rlg_md_lines lines;
	struct rlg_md_part part;
	struct rlg_md_key key;
	struct rlg_err err = {""};
	size_t offset, from = 0;
	long number;

	if (rlg_md_lines_read(arena, "FILE", text, &lines, &err) != 0) {
		FUZZ_MUST(strncmp(err.text, "FILE:", 5) == 0, "the sentence is `%s`", err.text);
		return;
	}
	for (size_t i = 0; i < lines.n; i++) {
		const struct rlg_md_line *line = &lines.list[i];
		FUZZ_MUST((line->offset == from || (i == 0 && line->offset == BOM)) && line->next >= line->offset + line->length && line->next <= lines.length,
			  "a line beside the text");
		from = line->next;
		if (rlg_md_key_read(&lines, i, &key))
			FUZZ_MUST(key.offset >= line->offset && key.offset + key.length <= line->next, "a value beside its line");
		if (rlg_md_item(&lines, i, &offset, &number))
			FUZZ_MUST(offset >= line->offset && offset <= line->next, "an item beside its line");
		rlg_md_line_text(&lines, i);
	}
	for (from = 0; rlg_md_part_next(&lines, from, &part); from = part.heading + 1) {
		size_t end = rlg_md_part_content_end(&lines, &part);
		FUZZ_MUST(part.heading >= from && part.first <= part.end && part.end <= lines.n && end <= part.end &&
			  end >= part.first, "a section beside its lines");
	}
}

static void read_row(const struct rlg_md_row *row, size_t length)
{
	FUZZ_MUST(row->whole.offset + row->whole.length <= length, "a row beside the text");
	for (size_t i = 0; i < row->n_cells; i++)
		FUZZ_MUST(row->spans[i].offset >= row->whole.offset &&
			  row->spans[i].offset + row->spans[i].length <= row->whole.offset + row->whole.length,
			  "a cell beside its row");
}

static void read_tables(struct rlg_arena *arena, const char *text)
{
	static const char *const names[] = {"run name", "run", NULL};
	size_t length = strlen(text);
	struct rlg_md_doc doc;

	rlg_md_parse(arena, text, &doc);
	for (size_t i = 0; i < doc.n_items; i++) {
		const struct rlg_md_table *table = doc.items[i].table;
		if (table == NULL) {
			FUZZ_MUST(rlg_md_section_end(&doc, i) > i && rlg_md_section_end(&doc, i) <= doc.n_items, "a section's end");
			continue;
		}
		size_t column = rlg_md_column(table, names);
		read_row(&table->header, length);
		for (size_t r = 0; r < table->n_rows; r++) {
			read_row(&table->rows[r], length);
			rlg_md_cell(&table->rows[r], column);
		}
		FUZZ_MUST(table->end <= length, "a table beside the text");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (fuzz_has_nul(data, size))
		return 0;
	RLG_ARENA struct rlg_arena *arena = rlg_arena_new();
	const char *text = fuzz_text(arena, data, size);
	read_lines(arena, text);
	read_tables(arena, text);
	rlg_md_plain(arena, text, size);
	return 0;
}
