/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes: a tree or one error, never more. The tree is walked whole. */
#include <stdlib.h>

#include "lang/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
walk(const struct toml_value *value)
{
	size_t count = 1;
	if (value->depth > TOML_DEPTH)
		abort();
	if (value->kind == TOML_TEXT || value->kind == TOML_DATE) {
		for (size_t at = 0; at < value->text.size; at++)
			count += value->text.data[at] == 'x';
	}
	if (value->kind == TOML_LIST) {
		for (const struct toml_item *item = value->list.first; item; item = item->next)
			count += walk(item->value);
	}
	if (value->kind == TOML_TABLE) {
		size_t entries = 0;
		for (const struct toml_entry *entry = value->table.first; entry;
			entry = entry->next, entries++)
			count += walk(entry->value);
		if (entries != value->table.count)
			abort();
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct toml *toml = toml_parse(bytes_of(data, size), &err);
	if (toml && walk(toml_root(toml)) == 0)
		abort();
	if (!toml && err.kind != ERR_CORRUPT)
		abort();
	toml_free(toml);
	return 0;
}
