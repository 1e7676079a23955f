/* SPDX-License-Identifier: MPL-2.0 */
#include "island/setting.h"

static struct bytes
trimmed(struct bytes text)
{
	while (text.size > 0 && text.data[0] <= ' ')
		text = bytes_from(text, 1);
	while (text.size > 0 && text.data[text.size - 1] <= ' ')
		text.size--;
	return text;
}

static struct bytes
unquoted(struct bytes text)
{
	bool quoted = text.size >= 2 && (text.data[0] == '"' || text.data[0] == '\'') &&
		      text.data[text.size - 1] == text.data[0];
	return quoted ? bytes_of(text.data + 1, text.size - 2) : text;
}

bool
setting_next(struct setting *setting)
{
	struct bytes line;
	while (bytes_split(&setting->rest, '\n', &line)) {
		line = trimmed(line);
		size_t equals = bytes_find(line, '=');
		if (line.size == 0 || line.data[0] == '#' || line.data[0] == ';')
			continue;
		if (line.data[0] == '[' && line.data[line.size - 1] == ']') {
			setting->section = trimmed(bytes_of(line.data + 1, line.size - 2));
			continue;
		}
		if (equals == SIZE_MAX)
			continue;
		setting->key = trimmed(bytes_first(line, equals));
		setting->value = unquoted(trimmed(bytes_from(line, equals + 1)));
		return true;
	}
	return false;
}
