/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/report.h"

static bool
report_add_line(struct report *report, struct bytes line, struct err *err)
{
	size_t number = report->count + 1;
	if (report->count == REPORT_LINES)
		return err_set(err, ERR_BUILD, "hash report: more than %d lines", REPORT_LINES);
	struct identity identity = {line, bytes_of(NULL, 0)};
	if (!identity_parse(line, &identity))
		return err_set(err, ERR_BUILD,
			"hash report: line %zu is not \"FORMAT VALUE\": \"%.*s\"", number,
			BYTES_ARGS(bytes_first(line, 100)));
	bool last = bytes_equal_text(identity.format, "cab");
	if (last && !bytes_equal_text(identity.value, ".") && !cab_value_is_valid(identity.value))
		return err_set(err, ERR_BUILD, "hash report: line %zu: \"%.*s\" is not a Cab hash",
			number, BYTES_ARGS(bytes_first(identity.value, 100)));
	if (report->ended)
		return err_set(err, ERR_BUILD,
			"hash report: line %zu follows the last one, \"cab\": \"%.*s\"", number,
			BYTES_ARGS(bytes_first(line, 100)));
	for (size_t at = 0; at < report->count; at++)
		if (bytes_equal(report->lines[at].format, identity.format))
			return err_set(err, ERR_BUILD,
				"hash report: line %zu repeats the format \"%.*s\"", number,
				BYTES_ARGS(identity.format));
	report->lines[report->count++] = identity;
	report->ended = last;
	return true;
}

bool
report_feed(struct report *report, struct bytes data, struct err *err)
{
	if (data.size > REPORT_BYTES - report->size)
		return err_set(err, ERR_BUILD, "hash report: more than %d bytes", REPORT_BYTES);
	if (data.size)
		memcpy(report->data + report->size, data.data, data.size);
	report->size += data.size;
	for (;;) {
		struct bytes rest =
			bytes_of(report->data + report->parsed, report->size - report->parsed);
		size_t end = bytes_find(rest, '\n');
		if (end == SIZE_MAX)
			return true;
		if (!report_add_line(report, bytes_first(rest, end), err))
			return false;
		report->parsed += end + 1;
	}
}

bool
report_next(struct report *report, struct identity *out)
{
	if (report->taken == report->count)
		return false;
	*out = report->lines[report->taken++];
	return true;
}

bool
report_finish(const struct report *report, struct err *err)
{
	if (report->parsed != report->size)
		return err_set(err, ERR_BUILD, "hash report: the last line has no end: \"%.*s\"",
			BYTES_ARGS(bytes_first(bytes_of(report->data + report->parsed,
						       report->size - report->parsed),
				100)));
	if (!report->count)
		return err_set(err, ERR_BUILD,
			"the program is self-fixing but reported no hash: no line was written to "
			"the FIFO named by CAB_HASH");
	if (!report->ended)
		return err_set(err, ERR_BUILD,
			"the program ended without reporting \"cab\": its last line was \"%.*s\"",
			BYTES_ARGS(report->lines[report->count - 1].format));
	return true;
}
