/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/cgroup_text.h"

static bool
is_inside(struct bytes path)
{
	struct bytes part;
	if (!path.size || path.data[0] != '/' || bytes_find(path, 0) != SIZE_MAX)
		return false;
	while (bytes_split(&path, '/', &part))
		if (bytes_equal_text(part, ".."))
			return false;
	return true;
}

bool
cgroup_text_path(struct bytes table, const char *controller, struct bytes *out)
{
	struct bytes line;
	while (bytes_split(&table, '\n', &line)) {
		struct bytes rest = line;
		struct bytes number;
		struct bytes controllers;
		if (!bytes_split(&rest, ':', &number) || !bytes_split(&rest, ':', &controllers) ||
			!rest.data)
			continue;
		struct bytes one;
		bool found = controllers.size == 0 && !*controller;
		while (!found && bytes_split(&controllers, ',', &one))
			found = *controller && bytes_equal_text(one, controller);
		if (!found)
			continue;
		if (!is_inside(rest))
			return false;
		*out = rest;
		return true;
	}
	return false;
}

bool
cgroup_text_has(struct bytes text, const char *word)
{
	struct bytes line;
	while (bytes_split(&text, '\n', &line)) {
		struct bytes one;
		while (bytes_split(&line, ' ', &one))
			if (bytes_equal_text(one, word))
				return true;
	}
	return false;
}

static uint64_t
number_read(struct bytes digits)
{
	uint64_t number = 0;
	for (size_t at = 0; at < digits.size; at++) {
		uint8_t byte = digits.data[at];
		if (byte < '0' || byte > '9')
			return 0;
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(byte - '0'), &number))
			return UINT64_MAX;
	}
	return number;
}

uint64_t
cgroup_text_count(struct bytes text, const char *word)
{
	struct bytes line;
	while (bytes_split(&text, '\n', &line)) {
		struct bytes first;
		if (bytes_split(&line, ' ', &first) && bytes_equal_text(first, word) && line.data)
			return number_read(line);
	}
	return 0;
}
