/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen: see terminal.h. */
#include "tool/base/terminal.h"

#include "lib/text.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80

/* Outside of these nobody has a screen, but somebody may have a COLUMNS left over from something. */
#define LEAST_WIDTH 20
#define MOST_WIDTH 10000

static const char *const sequences[] = {
	[RLG_COLOUR_PLAIN] = "\x1b[0m",
	[RLG_COLOUR_BOLD] = "\x1b[1m",
	[RLG_COLOUR_DIM] = "\x1b[2m",
	[RLG_COLOUR_RED] = "\x1b[31m",
	[RLG_COLOUR_GREEN] = "\x1b[32m",
	[RLG_COLOUR_YELLOW] = "\x1b[33m",
	[RLG_COLOUR_BLUE] = "\x1b[34m",
};
_Static_assert(sizeof(sequences) / sizeof(sequences[0]) == RLG_COLOUR_COUNT, "a sequence for each colour");

static bool is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

static size_t width_of(const struct rlg_terminal_facts *facts)
{
	long long columns;

	if (!facts->is_terminal)
		return 0;
	if (is_set(facts->columns) && rlg_parse_int(facts->columns, LEAST_WIDTH, MOST_WIDTH, &columns))
		return (size_t)columns;
	return facts->window_width >= LEAST_WIDTH ? facts->window_width : USUAL_WIDTH;
}

void rlg_terminal_decide(struct rlg_terminal *out_terminal, const struct rlg_terminal_facts *facts)
{
	bool utf8 = facts->codeset != NULL && strcasecmp(facts->codeset, "UTF-8") == 0;
	bool dumb = !is_set(facts->term) || strcmp(facts->term, "dumb") == 0;

	*out_terminal = (struct rlg_terminal){
		.width = width_of(facts),
		.colour = facts->is_terminal && !facts->no_color_option && !is_set(facts->no_color) && !dumb,
		.ascii_marks = !utf8,
		.ascii_text = !utf8 && facts->is_terminal,
	};
}

void rlg_terminal_look(struct rlg_terminal *out_terminal, int fd, bool no_color_option)
{
	struct winsize size = {0};
	struct rlg_terminal_facts facts = {
		.is_terminal = isatty(fd) == 1,
		.no_color_option = no_color_option,
		.columns = getenv("COLUMNS"),
		.no_color = getenv("NO_COLOR"),
		.term = getenv("TERM"),
		.codeset = nl_langinfo(CODESET),
	};

	if (facts.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0)
		facts.window_width = size.ws_col;
	rlg_terminal_decide(out_terminal, &facts);
}

const char *rlg_terminal_colour(const struct rlg_terminal *terminal, enum rlg_colour colour)
{
	return terminal->colour ? sequences[colour] : "";
}

void rlg_terminal_print(const struct rlg_terminal *terminal, FILE *stream, enum rlg_colour colour, const char *words)
{
	bool coloured = colour != RLG_COLOUR_PLAIN;

	fprintf(stream, "%s%s%s", coloured ? rlg_terminal_colour(terminal, colour) : "", words,
		coloured ? rlg_terminal_colour(terminal, RLG_COLOUR_PLAIN) : "");
}

static int put_error;

void rlg_terminal_put(FILE *stream, const char *text, size_t length)
{
	errno = 0;
	if (fwrite(text, 1, length, stream) != length && put_error == 0)
		put_error = errno;
}

int rlg_terminal_put_error(void)
{
	return put_error;
}
