/* SPDX-License-Identifier: MPL-2.0 */
#include "island/foreign.h"

#include <stdlib.h>

#include "island/derive.h"
#include "island/island_ref.h"

bool
foreign_parse(struct arena *arena, struct island *island, struct err *err)
{
	struct bytes rest = bytes_first(island->ref, bytes_find(island->ref, '?'));
	rest = bytes_first(rest, bytes_find(rest, '#'));
	struct bytes part = {0};
	struct bytes name = {0};
	while (bytes_split(&rest, '/', &part))
		if (part.size)
			name = part;
	if (!name.size)
		name = bytes_text(island->scheme->text);
	island->place = island->ref;
	island->name = island_name_clean(arena, name);
	size_t count = island->fetcher ? island->fetcher->origin_count : 0;
	for (size_t at = 0; at < count; at++) {
		struct bytes origin;
		if (bytes_equal_text(island->fetcher->origins[at], "ref") &&
			!island_origin(arena, island->ref, &origin))
			return err_set(err, ERR_REFUSED,
				"its fetcher goes to where the ref says: a URL is wanted");
	}
	return true;
}

static bool
is_key(struct bytes key)
{
	for (size_t at = 0; at < key.size; at++) {
		uint8_t byte = key.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool later = (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
		if (!letter && !(at && later))
			return false;
	}
	return key.size > 0 && key.size <= FETCHER_SCHEME;
}

static bool
check_entry(const struct island_entry *entry, struct err *err)
{
	if (!is_key(entry->key))
		return err_set(err, ERR_REFUSED,
			"`%.*s` is no key: a letter is wanted, then letters, digits, - and _, at "
			"most %d",
			BYTES_ARGS(bytes_first(entry->key, 64)), FETCHER_SCHEME);
	if (bytes_equal_text(entry->key, "base") || bytes_equal_text(entry->key, "subpath"))
		return err_set(err, ERR_REFUSED, "`%.*s` is no key of an island: %s",
			BYTES_ARGS(entry->key),
			entry->key.data[0] == 'b' ? "the fetcher has a base"
						  : "a subpath follows the configuration");
	if (entry->kind != ISLAND_ENTRY_TEXT)
		return true;
	if (entry->text.size > FETCHER_VALUE)
		return err_set(err, ERR_REFUSED, "%.*s: it is longer than %d bytes",
			BYTES_ARGS(entry->key), FETCHER_VALUE);
	for (size_t at = 0; at < entry->text.size; at++)
		if (entry->text.data[at] < ' ' || entry->text.data[at] >= 0x7f)
			return err_set(err, ERR_REFUSED,
				"%.*s: it holds a control character or one that is not ASCII",
				BYTES_ARGS(entry->key));
	return true;
}

static int
compare_entries(const void *left, const void *right)
{
	return bytes_compare(((const struct island_entry *)left)->key,
		((const struct island_entry *)right)->key);
}

bool
foreign_set_entries(struct arena *arena, const struct island_entry *entries, size_t count,
	struct island *island, struct err *err)
{
	if (count > FETCHER_ENTRIES)
		return err_set(err, ERR_REFUSED, "it has more than %d keys", FETCHER_ENTRIES);
	struct island_entry *copy = arena_array(arena, struct island_entry, count);
	for (size_t at = 0; at < count; at++) {
		if (!check_entry(&entries[at], err))
			return false;
		copy[at] = entries[at];
		copy[at].key = arena_copy(arena, entries[at].key);
		copy[at].text = arena_copy(arena, entries[at].text);
	}
	if (count)
		qsort(copy, count, sizeof *copy, compare_entries);
	for (size_t at = 1; at < count; at++)
		if (bytes_equal(copy[at - 1].key, copy[at].key))
			return err_set(
				err, ERR_REFUSED, "%.*s stands twice", BYTES_ARGS(copy[at].key));
	island->entries = copy;
	island->entry_count = count;
	return true;
}

static struct bytes
entry_value(struct arena *arena, const struct island_entry *entry)
{
	switch (entry->kind) {
	case ISLAND_ENTRY_TEXT:
		return entry->text;
	case ISLAND_ENTRY_NUMBER:
		return bytes_text(arena_format(arena, "%lld", (long long)entry->number));
	case ISLAND_ENTRY_TRUTH:
		return bytes_text(entry->number ? "true" : "false");
	}
	return entry->text;
}

/* The language's words, which are names between quotes alone. */
static bool
is_word(struct bytes key)
{
	static const char *const words[] = {"if", "then", "else", "or"};
	for (size_t at = 0; at < sizeof words / sizeof *words; at++)
		if (bytes_equal_text(key, words[at]))
			return true;
	return false;
}

void
foreign_print_entries(struct arena *arena, const struct island *island, struct buf *out)
{
	for (size_t at = 0; at < island->entry_count; at++) {
		const struct island_entry *entry = &island->entries[at];
		struct bytes value = entry_value(arena, entry);
		bool text = entry->kind == ISLAND_ENTRY_TEXT;
		const char *quote = is_word(entry->key) ? "\"" : "";
		buf_format(out, "%s%.*s%s = %s", quote, BYTES_ARGS(entry->key), quote,
			text ? "\"" : "");
		for (size_t byte = 0; byte < value.size; byte++) {
			/* A '=' in front would open a fence. */
			bool escaped = text && (strchr("\"\\", value.data[byte]) ||
						       (!byte && value.data[byte] == '='));
			if (escaped)
				buf_add_byte(out, '\\');
			buf_add_byte(out, value.data[byte]);
		}
		buf_format(out, "%s, ", text ? "\"" : "");
	}
}

/* KEY=VALUE in order of KEY, not of the whole: '=' comes behind the digits and '-'. */
void
foreign_derive(struct arena *arena, const struct island *island, struct derivation *derivation)
{
	const struct island_fetcher *fetcher = island->fetcher;
	size_t count = island->entry_count;
	struct island_entry *entries = arena_array(arena, struct island_entry, count + 2);
	for (size_t at = 0; at < count; at++)
		entries[at] = island->entries[at];
	if (fetcher->base.size)
		entries[count++] =
			(struct island_entry){.key = BYTES_LITERAL("base"), .text = fetcher->base};
	if (island->subpath.size)
		entries[count++] = (struct island_entry){
			.key = BYTES_LITERAL("subpath"), .text = island->subpath};
	if (count)
		qsort(entries, count, sizeof *entries, compare_entries);
	struct bytes *arguments = arena_array(arena, struct bytes, count + 2);
	arguments[0] = bytes_text(island->scheme->text);
	arguments[1] = island->ref;
	for (size_t at = 0; at < count; at++)
		arguments[at + 2] = bytes_text(arena_format(arena, "%.*s=%.*s",
			BYTES_ARGS(entries[at].key), BYTES_ARGS(entry_value(arena, &entries[at]))));
	derivation->arguments = arguments;
	derivation->argument_count = count + 2;

	struct bytes *origins = arena_array(arena, struct bytes, fetcher->origin_count + 1);
	for (size_t at = 0; at < fetcher->origin_count; at++) {
		origins[at] = fetcher->origins[at];
		if (bytes_equal_text(origins[at], "ref")) {
			bool known = island_origin(arena, island->ref, &origins[at]);
			must(known, "the ref was checked when it was read");
		}
	}
	derivation->origins = origins;
	derivation->origin_count = foreign_sort_origins(origins, fetcher->origin_count);
	derivation->program = fetcher->program;
	derivation->inputs = fetcher->inputs;
	derivation->input_count = fetcher->input_count;
}
