/* SPDX-License-Identifier: MPL-2.0 */
#include "network/said.h"

enum { SAID_SHOWN = 80 };

void
said_lines(struct bytes text, size_t most, struct buf *out)
{
	struct bytes lines[SAID_LINES], line;
	size_t count = 0;
	while (bytes_split(&text, '\n', &line)) {
		if (line.size && line.data[line.size - 1] == '\r')
			line.size--;
		if (!line.size)
			continue;
		if (count == SAID_LINES)
			memmove(lines, lines + 1, sizeof lines - sizeof *lines);
		else
			count++;
		lines[count - 1] = line;
	}
	for (size_t at = 0; at < count; at++) {
		buf_add_text(out, at ? "; " : "");
		buf_add(out, bytes_first(lines[at], most / SAID_LINES));
	}
}

struct bytes
said_setting(struct bytes text, const char *key)
{
	struct bytes line;
	while (bytes_split(&text, '\n', &line)) {
		size_t space = bytes_find(line, ' ');
		struct bytes value = bytes_from(line, space == SIZE_MAX ? line.size : space + 1);
		if (bytes_equal_text(bytes_first(line, space), key) &&
			!bytes_equal_text(value, "none"))
			return value;
	}
	return bytes_of(NULL, 0);
}

bool
said_addresses(struct bytes text, const struct policy *policy, struct err *err)
{
	struct bytes line;
	size_t count = 0;
	while (bytes_split(&text, '\n', &line)) {
		struct bytes word = bytes_first(line, bytes_find(line, ' '));
		if (!line.size)
			continue;
		if (!policy_is_address(word))
			return err_set(err, ERR_REFUSED, "getent says what is no address: \"%.*s\"",
				BYTES_ARGS(bytes_first(line, SAID_SHOWN)));
		if (!policy_permits_text(policy, word, err))
			return false;
		count++;
	}
	return count || err_set(err, ERR_REFUSED, "getent says no address");
}
