/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/progress.h"

#include <stdlib.h>
#include <unistd.h>
#include <utf8proc.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/fd.h"
#include "cli/terminal.h"

enum { PROGRESS_PERIOD = 100, PROGRESS_ROWS = 12, PROGRESS_LINE = 400, PROGRESS_NAME = 12 };

struct progress_row {
	const char *verb;
	struct buf name;
	struct buf state;
	struct buf log[PROGRESS_LOG_LINES]; /* the last lines, a ring */
	size_t log_count;
	uint64_t since;
	uint64_t received;
	uint64_t expected;
	uint64_t objects;
	uint64_t requests;
	uint64_t sampled;       /* when the rate was last taken */
	uint64_t sampled_bytes; /* what had come by then */
	uint64_t rate;          /* bytes a second, between the last two samples */
	bool running;
};

struct progress {
	struct loop *loop;
	enum progress_style style;
	ARRAY(struct progress_row *) rows;
	struct loop_timer *timer;
	size_t drawn; /* lines on the terminal that the next drawing replaces */
};

struct progress *
progress_new(struct loop *loop, enum progress_style style)
{
	struct progress *progress = (struct progress *)memory_zero(1, sizeof *progress);
	progress->loop = loop;
	progress->style = style;
	return progress;
}

/* What standard error cannot take is lost: a build does not fail because nobody watches it. */
static void
progress_write(const struct buf *text)
{
	struct err ignored;
	if (!fd_write_all(STDERR_FILENO, buf_bytes(text), &ignored))
		return;
}

static void
progress_erase(struct progress *progress, struct buf *out)
{
	if (progress->drawn)
		buf_format(out, "\x1b[%zuA\x1b[0J", progress->drawn);
	progress->drawn = 0;
}

static void
progress_add_size(struct buf *out, uint64_t size)
{
	if (size < 10000)
		buf_format(out, "%llu B", (unsigned long long)size);
	else if (size < 10000000)
		buf_format(out, "%llu kB", (unsigned long long)(size / 1000));
	else
		buf_format(out, "%llu.%llu MB", (unsigned long long)(size / 1000000),
			(unsigned long long)(size / 100000 % 10));
}

/* As much of a text as stands in so many columns. */
static struct bytes
progress_fit(struct bytes text, size_t width)
{
	struct bytes rest = text;
	int columns = 0;
	while (rest.size) {
		utf8proc_int32_t point = 0;
		utf8proc_ssize_t length =
			utf8proc_iterate(rest.data, (utf8proc_ssize_t)rest.size, &point);
		columns += length < 1 ? 1 : utf8proc_charwidth(point);
		if (columns >= 0 && (size_t)columns > width)
			break;
		rest = bytes_from(rest, length < 1 ? 1 : (size_t)length);
	}
	return bytes_first(text, text.size - rest.size);
}

static void
progress_add_figures(struct buf *out, const struct progress_row *row)
{
	uint64_t seconds = (loop_now() - row->since) / 1000;
	if (seconds)
		buf_format(out, "  %llus", (unsigned long long)seconds);
	if (row->received) {
		buf_add_text(out, "  ");
		progress_add_size(out, row->received);
		if (row->expected) {
			buf_add_text(out, " of ");
			progress_add_size(out, row->expected);
		}
	}
	if (row->rate) {
		buf_add_text(out, "  ");
		progress_add_size(out, row->rate);
		buf_add_text(out, "/s");
	}
	if (row->objects)
		buf_format(out, "  %llu objects", (unsigned long long)row->objects);
}

/* A long name gives way to the figures, but for its first letters. */
static void
progress_add_name(struct buf *out, const struct progress_row *row, size_t width)
{
	struct bytes whole = buf_bytes(&row->name);
	size_t room = width > PROGRESS_NAME ? width : PROGRESS_NAME;
	struct bytes name = progress_fit(whole, room);
	if (name.size < whole.size)
		name = progress_fit(whole, room - 1);
	buf_add(out, name);
	if (name.size < whole.size)
		buf_add_text(out, "…");
}

static void
progress_draw_row(const struct progress_row *row, unsigned width, struct buf *out)
{
	cleanup_buf struct buf line = BUF((size_t)16 * PROGRESS_LINE);
	cleanup_buf struct buf figures = BUF(PROGRESS_LINE);
	/* The last column stays empty, so that no row wraps and the count of lines stays true. */
	size_t columns = width ? width - 1 : 0;
	progress_add_figures(&figures, row);
	buf_format(&line, "  %-6s ", row->verb);
	size_t taken = line.size + figures.size;
	progress_add_name(&line, row, columns > taken ? columns - taken : 0);
	buf_add(&line, buf_bytes(&figures));
	if (row->state.size)
		buf_format(&line, "  %s", (const char *)row->state.data);
	else if (row->log_count)
		buf_format(&line, "  %s",
			buf_text(&((struct progress_row *)(uintptr_t)row)
					  ->log[(row->log_count - 1) % PROGRESS_LOG_LINES]));
	buf_add(out, progress_fit(buf_bytes(&line), columns));
	buf_add_byte(out, '\n');
}

/* The rate is that of the last half second or more: a mean over all would hide a server that has stalled. */
static bool
progress_sample(struct progress_row *row)
{
	uint64_t now = loop_now();
	uint64_t passed = now - row->sampled;
	if (passed < PROGRESS_SAMPLE)
		return false;
	uint64_t more = row->received > row->sampled_bytes ? row->received - row->sampled_bytes : 0;
	row->rate = more * 1000 / passed;
	row->sampled = now;
	row->sampled_bytes = row->received;
	return true;
}

static void
progress_draw(struct progress *progress, struct buf *out)
{
	unsigned width = terminal_width(STDERR_FILENO);
	size_t running = 0;
	for (size_t at = 0; at < progress->rows.size; at++) {
		if (!progress->rows.data[at]->running)
			continue;
		if (++running > PROGRESS_ROWS)
			continue;
		(void)progress_sample(progress->rows.data[at]);
		progress_draw_row(progress->rows.data[at], width, out);
		progress->drawn++;
	}
	if (running > PROGRESS_ROWS) {
		buf_format(out, "  and %zu more\n", running - PROGRESS_ROWS);
		progress->drawn++;
	}
}

static void
progress_tick(void *context)
{
	struct progress *progress = (struct progress *)context;
	progress->timer = NULL;
	cleanup_buf struct buf out = BUF(256 << 10);
	progress_erase(progress, &out);
	progress_draw(progress, &out);
	progress_write(&out);
	if (progress->drawn)
		progress->timer =
			loop_after(progress->loop, PROGRESS_PERIOD, progress_tick, progress);
}

static void
progress_change(struct progress *progress)
{
	if (progress->style == PROGRESS_LIVE && !progress->timer)
		progress->timer =
			loop_after(progress->loop, PROGRESS_PERIOD, progress_tick, progress);
}

void
progress_hide(struct progress *progress)
{
	if (progress->style != PROGRESS_LIVE)
		return;
	cleanup_buf struct buf out = BUF(4096);
	progress_erase(progress, &out);
	if (out.size)
		progress_write(&out);
}

void
progress_free(struct progress *progress)
{
	if (!progress)
		return;
	progress_hide(progress);
	loop_stop(progress->timer);
	for (size_t at = 0; at < progress->rows.size; at++) {
		struct progress_row *row = progress->rows.data[at];
		buf_release(&row->name);
		buf_release(&row->state);
		for (size_t line = 0; line < PROGRESS_LOG_LINES; line++)
			buf_release(&row->log[line]);
		free(row);
	}
	array_release(&progress->rows);
	free(progress);
}

static void
progress_tell(struct progress *progress, struct buf *lines)
{
	cleanup_buf struct buf out = BUF(1 << 20);
	if (progress->style == PROGRESS_LIVE)
		progress_erase(progress, &out);
	buf_add(&out, buf_bytes(lines));
	if (progress->style == PROGRESS_LIVE)
		progress_draw(progress, &out);
	progress_write(&out);
}

static void
progress_tell_json(
	const char *event, const struct progress_row *row, const char *key, struct bytes text)
{
	cleanup_buf struct buf out = BUF(64 << 10);
	buf_format(&out, "{\"event\":\"%s\"", event);
	if (row) {
		buf_format(&out, ",\"verb\":\"%s\",\"name\":", row->verb);
		terminal_add_json(&out, buf_bytes(&row->name));
	}
	if (key) {
		buf_format(&out, ",\"%s\":", key);
		terminal_add_json(&out, text);
	}
	buf_add_text(&out, "}\n");
	progress_write(&out);
}

/* A row's numbers; `text` is NULL while it runs. */
static void
progress_tell_numbers(const char *event, const struct progress_row *row, const struct bytes *text)
{
	cleanup_buf struct buf out = BUF(64 << 10);
	buf_format(&out, "{\"event\":\"%s\",\"verb\":\"%s\",\"name\":", event, row->verb);
	terminal_add_json(&out, buf_bytes(&row->name));
	const struct {
		const char *key;
		uint64_t number;
	} numbers[] = {{"requests", row->requests}, {"received", row->received},
		{"expected", row->expected}, {"objects", row->objects}, {"rate", row->rate},
		{"milliseconds", loop_now() - row->since}};
	for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++)
		buf_format(&out, ",\"%s\":%llu", numbers[at].key,
			(unsigned long long)numbers[at].number);
	if (text) {
		buf_add_text(&out, ",\"text\":");
		terminal_add_json(&out, *text);
	}
	buf_add_text(&out, "}\n");
	progress_write(&out);
}

void
progress_say(struct progress *progress, struct bytes line)
{
	if (progress->style == PROGRESS_JSON) {
		progress_tell_json("message", NULL, "text", line);
		return;
	}
	cleanup_buf struct buf out = BUF(64 << 10);
	terminal_escape(line, &out);
	buf_add_byte(&out, '\n');
	progress_tell(progress, &out);
}

size_t
progress_start(struct progress *progress, const char *verb, struct bytes name)
{
	struct progress_row *row = (struct progress_row *)memory_zero(1, sizeof *row);
	row->verb = verb;
	row->name = BUF((size_t)16 * PROGRESS_LINE);
	row->state = BUF((size_t)16 * PROGRESS_LINE);
	for (size_t at = 0; at < PROGRESS_LOG_LINES; at++)
		row->log[at] = BUF(32768);
	terminal_escape(bytes_first(name, PROGRESS_LINE), &row->name);
	row->since = row->sampled = loop_now();
	row->running = true;
	*array_push(&progress->rows) = row;
	if (progress->style == PROGRESS_JSON)
		progress_tell_json("start", row, NULL, name);
	progress_change(progress);
	return progress->rows.size - 1;
}

void
progress_state(struct progress *progress, size_t number, struct bytes text)
{
	struct progress_row *row = progress->rows.data[number];
	buf_clear(&row->state);
	terminal_escape(bytes_first(text, PROGRESS_LINE), &row->state);
	if (progress->style == PROGRESS_PLAIN && text.size) {
		cleanup_buf struct buf out = BUF(64 << 10);
		buf_format(&out, "%s %s: %s\n", row->verb, buf_text(&row->name),
			buf_text(&row->state));
		progress_tell(progress, &out);
	} else if (progress->style == PROGRESS_JSON) {
		progress_tell_json("state", row, "text", text);
	}
	progress_change(progress);
}

void
progress_bytes(struct progress *progress, size_t number, uint64_t received, uint64_t expected,
	uint64_t objects)
{
	struct progress_row *row = progress->rows.data[number];
	row->received = received;
	row->expected = expected;
	row->objects = objects;
	if (progress_sample(row) && progress->style == PROGRESS_JSON)
		progress_tell_numbers("progress", row, NULL);
	progress_change(progress);
}

void
progress_moved(struct progress *progress, size_t row, uint64_t requests, uint64_t received)
{
	progress->rows.data[row]->requests = requests;
	progress->rows.data[row]->received = received;
}

void
progress_log(struct progress *progress, size_t number, struct bytes line)
{
	struct progress_row *row = progress->rows.data[number];
	struct buf *kept = &row->log[row->log_count++ % PROGRESS_LOG_LINES];
	buf_clear(kept);
	terminal_escape(bytes_first(line, 4096), kept);
	buf_clear(&row->state);
	if (progress->style == PROGRESS_JSON)
		progress_tell_json("log", row, "line", line);
	progress_change(progress);
}

/* Without the last line where that is what `told` begins with. */
static void
progress_add_log(struct progress_row *row, struct bytes told, struct buf *out)
{
	size_t first =
		row->log_count > PROGRESS_LOG_LINES ? row->log_count - PROGRESS_LOG_LINES : 0;
	size_t count = row->log_count;
	if (count && told.size &&
		bytes_has_prefix(told, buf_bytes(&row->log[(count - 1) % PROGRESS_LOG_LINES])))
		count--;
	for (size_t at = first; at < count; at++)
		buf_format(out, "    %s\n", buf_text(&row->log[at % PROGRESS_LOG_LINES]));
}

void
progress_finish(struct progress *progress, size_t number, enum progress_end end, struct bytes text)
{
	struct progress_row *row = progress->rows.data[number];
	row->running = false;
	static const char *const words[] = {"done", "found", "failed", "failed"};
	bool failed = end == PROGRESS_FAILED || end == PROGRESS_FAILED_LAST;
	if (progress->style == PROGRESS_JSON)
		progress_tell_numbers(words[end], row, &text);
	bool silent = progress->style == PROGRESS_QUIET || progress->style == PROGRESS_JSON;
	if (silent && !(failed && progress->style == PROGRESS_QUIET))
		return;
	if (end == PROGRESS_FOUND) {
		progress_change(progress);
		return;
	}
	cleanup_buf struct buf out = BUF(1 << 20);
	if (failed)
		progress_add_log(row, text, &out);
	buf_format(&out, "%s %s", row->verb, buf_text(&row->name));
	if (failed)
		buf_add_text(&out, " failed");
	if (text.size && end != PROGRESS_FAILED_LAST) {
		buf_add_text(&out, ": ");
		terminal_escape(text, &out);
	}
	buf_add_byte(&out, '\n');
	progress_tell(progress, &out);
}
