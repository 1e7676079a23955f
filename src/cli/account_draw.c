/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The timeline of an account, as SVG:
 *
 *     command, entry, time                                0 ms        |        |        |      1234 ms
 *     github:o/r                                          ░░░░░░░░░░░░░░░░░░░░░▏░░░           a run: pale
 *                                                         ████  ██████████████                its requests, below it
 *
 * A mark is an identity that was reported; pointing at anything says what it is. No script, no style sheet, no font and no
 * address of the outside. Texts come from sources: controls are escaped as for a terminal, then the letters that mean
 * something to XML.
 */
#include "cli/account.h"
#include "cli/terminal.h"

enum {
	DRAW_WIDTH = 1100,
	DRAW_LEFT = 340, /* where time begins */
	DRAW_RIGHT = 20,
	DRAW_TOP = 64,
	DRAW_RUN = 16,    /* height of a run's bar */
	DRAW_REQUEST = 8, /* of a request's, beneath it */
	DRAW_GAP = 10,    /* between sources */
	DRAW_TICKS = 5,
	DRAW_LABEL = 48, /* letters of a source's name, which end before the first bar */
	DRAW_REQUESTS =
		200, /* drawn of a run; requests share their lines where they do not overlap */
	DRAW_LINES = 16,
};

struct draw {
	struct buf *out;
	uint64_t span; /* milliseconds that the width stands for, at least 1 */
	unsigned y;
};

static void
draw_text(struct buf *out, struct bytes text)
{
	cleanup_buf struct buf plain = BUF(64 << 10);
	terminal_escape(bytes_first(text, 4096), &plain);
	struct bytes shown = buf_bytes(&plain);
	for (size_t at = 0; at < shown.size; at++) {
		switch (shown.data[at]) {
		case '&':
			buf_add_text(out, "&amp;");
			break;
		case '<':
			buf_add_text(out, "&lt;");
			break;
		case '>':
			buf_add_text(out, "&gt;");
			break;
		case '"':
			buf_add_text(out, "&quot;");
			break;
		case '\'':
			buf_add_text(out, "&#39;");
			break;
		default:
			buf_add_byte(out, shown.data[at]);
			break;
		}
	}
}

static struct bytes
draw_string(const json_t *object, const char *key)
{
	const json_t *text = json_object_get(object, key);
	return bytes_of(json_string_value(text), json_string_length(text));
}

static uint64_t
draw_number(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));
	return number > 0 ? (uint64_t)number : 0;
}

/* Where a time lies, in tenths of a pixel: whole numbers print alike in every locale. */
static unsigned
draw_x(const struct draw *draw, uint64_t time)
{
	uint64_t at = time < draw->span ? time : draw->span;
	double share = (double)at / (double)draw->span;
	return DRAW_LEFT * 10 + (unsigned)(share * (DRAW_WIDTH - DRAW_LEFT - DRAW_RIGHT) * 10);
}

static void
draw_bar(struct draw *draw, const json_t *piece, unsigned y, unsigned height, const char *colour)
{
	unsigned from = draw_x(draw, draw_number(piece, "start"));
	unsigned to = draw_x(draw, draw_number(piece, "end"));
	/* What took no time is seen all the same. */
	unsigned width = to > from + 10 ? to - from : 10;
	buf_format(draw->out,
		"<rect x=\"%u.%u\" y=\"%u\" width=\"%u.%u\" height=\"%u\" fill=\"%s\"><title>",
		from / 10, from % 10, y, width / 10, width % 10, height, colour);
}

static const char *
draw_run_colour(const json_t *run)
{
	struct bytes outcome = draw_string(run, "outcome");
	if (bytes_equal_text(outcome, "failed") || bytes_equal_text(outcome, "interrupted"))
		return "#f3b9b0";
	return bytes_equal_text(outcome, "ran") ? "#bcd9f2" : "#cfe8cf";
}

static void
draw_title_times(struct draw *draw, const json_t *piece)
{
	buf_format(draw->out, ", %llu-%llu ms", (unsigned long long)draw_number(piece, "start"),
		(unsigned long long)draw_number(piece, "end"));
}

static void
draw_run(struct draw *draw, const json_t *run)
{
	draw_bar(draw, run, draw->y, DRAW_RUN, draw_run_colour(run));
	draw_text(draw->out, draw_string(run, "work"));
	buf_add_text(draw->out, ": ");
	draw_text(draw->out, draw_string(run, "outcome"));
	draw_title_times(draw, run);
	buf_add_text(draw->out, "</title></rect>\n");
	const json_t *marks = json_object_get(run, "identities");
	for (size_t at = 0; at < json_array_size(marks) && at < DRAW_LINES; at++) {
		const json_t *mark = json_array_get(marks, at);
		unsigned x = draw_x(draw, draw_number(mark, "at"));
		buf_format(draw->out,
			"<rect x=\"%u.%u\" y=\"%u\" width=\"2\" height=\"%u\" "
			"fill=\"#20405f\"><title>",
			x / 10, x % 10, draw->y, DRAW_RUN);
		draw_text(draw->out, draw_string(mark, "identity"));
		buf_format(draw->out, ", %llu ms</title></rect>\n",
			(unsigned long long)draw_number(mark, "at"));
	}
}

/* Requests that overlap lie beneath each other. Gives the number of lines that were used. */
static unsigned
draw_requests(struct draw *draw, const json_t *run)
{
	uint64_t ends[DRAW_LINES] = {0};
	unsigned used = 0;
	const json_t *requests = json_object_get(run, "requests");
	for (size_t at = 0; at < json_array_size(requests) && at < DRAW_REQUESTS; at++) {
		const json_t *request = json_array_get(requests, at);
		uint64_t start = draw_number(request, "start");
		unsigned line = 0;
		while (line + 1 < DRAW_LINES && line < used && ends[line] > start)
			line++;
		ends[line] = draw_number(request, "end");
		used = line + 1 > used ? line + 1 : used;
		uint64_t status = draw_number(request, "status");
		draw_bar(draw, request, draw->y + DRAW_RUN + line * DRAW_REQUEST, DRAW_REQUEST - 2,
			status >= 400 ? "#c0392b" : "#3b78b0");
		draw_text(draw->out, draw_string(request, "request"));
		buf_format(draw->out, ": %llu, %llu bytes", (unsigned long long)status,
			(unsigned long long)draw_number(request, "received"));
		draw_title_times(draw, request);
		buf_add_text(draw->out, "</title></rect>\n");
	}
	return used;
}

static void
draw_source(struct draw *draw, const json_t *source)
{
	const json_t *runs = json_object_get(source, "runs");
	unsigned lines = 0;
	cleanup_buf struct buf label = BUF(64 << 10);
	terminal_escape(bytes_first(draw_string(source, "source"), 4096), &label);
	struct bytes name = buf_bytes(&label);
	if (!json_array_size(runs))
		return;
	buf_format(draw->out, "<text x=\"8\" y=\"%u\"><title>", draw->y + DRAW_RUN - 4);
	draw_text(draw->out, draw_string(source, "why"));
	buf_add_text(draw->out, "</title>");
	/* A cut inside a letter would be shown as an escaped byte. */
	size_t cut = name.size < DRAW_LABEL ? name.size : DRAW_LABEL;
	while (cut && cut < name.size && (name.data[cut] & 0xc0) == 0x80)
		cut--;
	draw_text(draw->out, bytes_first(name, cut));
	buf_add_text(draw->out, cut < name.size ? "…</text>\n" : "</text>\n");
	for (size_t at = 0; at < json_array_size(runs); at++) {
		draw_run(draw, json_array_get(runs, at));
		unsigned used = draw_requests(draw, json_array_get(runs, at));
		lines = used > lines ? used : lines;
	}
	draw->y += DRAW_RUN + lines * DRAW_REQUEST + DRAW_GAP;
}

static void
draw_scale(struct draw *draw, unsigned bottom)
{
	for (unsigned tick = 0; tick <= DRAW_TICKS; tick++) {
		uint64_t time = draw->span * tick / DRAW_TICKS;
		unsigned x = draw_x(draw, time);
		const char *anchor = tick == DRAW_TICKS ? "end" : tick ? "middle" : "start";
		buf_format(draw->out,
			"<line x1=\"%u.%u\" y1=\"%u\" x2=\"%u.%u\" y2=\"%u\" stroke=\"#dddddd\"/>\n"
			"<text x=\"%u.%u\" y=\"%u\" text-anchor=\"%s\" fill=\"#666666\">%llu "
			"ms</text>\n",
			x / 10, x % 10, DRAW_TOP - 10, x / 10, x % 10, bottom, x / 10, x % 10,
			DRAW_TOP - 16, anchor, (unsigned long long)time);
	}
}

static void
draw_head(struct draw *draw, const json_t *account)
{
	buf_add_text(draw->out, "<text x=\"8\" y=\"20\" font-weight=\"bold\">cab ");
	draw_text(draw->out, draw_string(account, "command"));
	buf_add_text(draw->out, " ");
	draw_text(draw->out, draw_string(account, "entry"));
	buf_add_text(draw->out, "</text>\n<text x=\"8\" y=\"38\" fill=\"#666666\">");
	draw_text(draw->out, draw_string(account, "time"));
	unsigned long long requests = (unsigned long long)draw_number(account, "requests");
	buf_format(draw->out, ", %llu request%s, %llu bytes</text>\n", requests,
		requests == 1 ? "" : "s", (unsigned long long)draw_number(account, "received"));
}

void
account_draw(const json_t *account, struct buf *out)
{
	cleanup_buf struct buf body = BUF(64 << 20);
	struct draw draw = {&body, draw_number(account, "milliseconds"), DRAW_TOP};
	draw.span = draw.span ? draw.span : 1;
	const json_t *sources = json_object_get(account, "sources");
	for (size_t at = 0; at < json_array_size(sources); at++)
		draw_source(&draw, json_array_get(sources, at));
	unsigned height = draw.y + DRAW_GAP;
	buf_format(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" viewBox=\"0 "
		"0 "
		"%d %u\" font-family=\"monospace\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		DRAW_WIDTH, height, DRAW_WIDTH, height);
	draw.out = out;
	draw_head(&draw, account);
	draw_scale(&draw, draw.y);
	buf_add(out, buf_bytes(&body));
	buf_add_text(out, "</svg>\n");
}
