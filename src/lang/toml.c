/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/toml.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/map.h"
#include "lang/source.h"
#include "lang/toml_scalar.h"

enum { INDEX_FROM = 12 };

/* How a table came to be, which decides who may add to it. */
enum origin {
	ORIGIN_PASSED, /* by a header beneath it: may still get a header of its own */
	ORIGIN_HEADER,
	ORIGIN_DOTTED, /* by a dotted key: only further dotted keys add to it */
	ORIGIN_INLINE, /* whole as it stands */
	ORIGIN_TABLES, /* a list made by [[headers]] */
};

struct toml {
	struct arena arena;
	struct toml_value *root;
	ARRAY(struct map *) indices;
};

struct decoder {
	struct toml *toml;
	struct toml_reader reader;
	struct toml_value *current; /* the table of the last header */
};

static struct toml_value *
value_new(struct toml *toml, enum toml_kind kind, enum origin origin, uint16_t depth)
{
	struct toml_value *value = arena_new(&toml->arena, struct toml_value);
	value->kind = kind;
	value->origin = (uint8_t)origin;
	value->depth = depth;
	return value;
}

static struct toml_value *
table_find(const struct toml_value *table, struct bytes key)
{
	if (table->table.index)
		return (struct toml_value *)map_find(table->table.index, key);
	for (struct toml_entry *entry = table->table.first; entry; entry = entry->next) {
		if (bytes_equal(entry->key, key))
			return entry->value;
	}
	return NULL;
}

static void
table_add(struct toml *toml, struct toml_value *owner, struct bytes key, struct toml_value *value)
{
	struct toml_table *table = &owner->table;
	struct toml_entry *entry = arena_new(&toml->arena, struct toml_entry);
	entry->key = key;
	entry->value = value;
	if (table->last)
		table->last->next = entry;
	else
		table->first = entry;
	table->last = entry;
	table->count++;
	if (table->count == INDEX_FROM) {
		table->index = (struct map *)memory_zero(1, sizeof *table->index);
		*array_push(&toml->indices) = table->index;
		for (entry = table->first; entry; entry = entry->next)
			map_put(table->index, entry->key, entry->value);
	} else if (table->index)
		map_put(table->index, key, value);
}

static void
list_add(struct toml *toml, struct toml_value *owner, struct toml_value *value)
{
	struct toml_item *item = arena_new(&toml->arena, struct toml_item);
	item->value = value;
	if (owner->list.last)
		owner->list.last->next = item;
	else
		owner->list.first = item;
	owner->list.last = item;
	owner->list.count++;
}

static void
skip_blanks(struct toml_reader *reader)
{
	while (toml_peek(reader) == ' ' || toml_peek(reader) == '\t')
		reader->at++;
}

static bool
skip_comment(struct toml_reader *reader)
{
	if (toml_peek(reader) != '#')
		return true;
	for (; toml_peek(reader) >= 0 && toml_peek(reader) != '\n'; reader->at++) {
		int byte = toml_peek(reader);
		bool line_end = byte == '\r' && reader->at + 1 < reader->text.size &&
				reader->text.data[reader->at + 1] == '\n';
		if ((byte < 0x20 && byte != '\t' && !line_end) || byte == 0x7f)
			return toml_refuse(
				reader, "a comment holds the control character %02x", byte);
	}
	return true;
}

/* The end of a line, or of the text. */
static bool
take_line_end(struct toml_reader *reader)
{
	skip_blanks(reader);
	if (!skip_comment(reader))
		return false;
	if (toml_peek(reader) == '\r')
		reader->at++;
	if (toml_peek(reader) == '\n' || reader->at >= reader->text.size) {
		reader->at += reader->at < reader->text.size;
		return true;
	}
	return toml_refuse(reader, "something stands after the end of what the line says");
}

/* Blanks, comments and newlines, inside of brackets. */
static bool
skip_space(struct toml_reader *reader)
{
	for (;;) {
		skip_blanks(reader);
		if (!skip_comment(reader))
			return false;
		if (toml_peek(reader) == '\r' && reader->at + 1 < reader->text.size &&
			reader->text.data[reader->at + 1] == '\n')
			reader->at++;
		if (toml_peek(reader) != '\n')
			return true;
		reader->at++;
	}
}

static bool
read_key(struct toml_reader *reader, struct bytes *out)
{
	int byte = toml_peek(reader);
	if (byte == '"' || byte == '\'')
		return toml_read_text(reader, false, out);
	size_t start = reader->at;
	for (;; reader->at++) {
		byte = toml_peek(reader);
		int lower = byte | 0x20;
		if (!(byte >= '0' && byte <= '9') && !(lower >= 'a' && lower <= 'z') &&
			byte != '_' && byte != '-')
			break;
	}
	*out = bytes_of(reader->text.data + start, reader->at - start);
	return out->size > 0 || toml_refuse(reader, "a key is missing");
}

static bool
refuse_repeated(struct decoder *decoder, struct bytes key)
{
	return toml_refuse(&decoder->reader, "a key is defined twice: '%.*s'", BYTES_ARGS(key));
}

static struct toml_value *
table_new(
	struct decoder *decoder, struct toml_value *owner, enum toml_kind kind, enum origin origin)
{
	if (owner->depth >= TOML_DEPTH) {
		(void)toml_refuse(
			&decoder->reader, "values are nested deeper than %d", (int)TOML_DEPTH);
		return NULL;
	}
	return value_new(decoder->toml, kind, origin, (uint16_t)(owner->depth + 1));
}

/* The table under a key through which a header goes. */
static struct toml_value *
header_pass(struct decoder *decoder, struct toml_value *table, struct bytes key)
{
	struct toml_value *found = table_find(table, key);
	if (!found) {
		found = table_new(decoder, table, TOML_TABLE, ORIGIN_PASSED);
		if (found)
			table_add(decoder->toml, table, key, found);
		return found;
	}
	if (found->kind == TOML_LIST && found->origin == ORIGIN_TABLES)
		return found->list.last->value;
	if (found->kind == TOML_TABLE && found->origin != ORIGIN_INLINE)
		return found;
	(void)toml_refuse(
		&decoder->reader, "'%.*s' is no table that a header may extend", BYTES_ARGS(key));
	return NULL;
}

static bool
header_table(struct decoder *decoder, struct toml_value *table, struct bytes key)
{
	struct toml_value *found = table_find(table, key);
	if (found && (found->kind != TOML_TABLE || found->origin != ORIGIN_PASSED))
		return refuse_repeated(decoder, key);
	if (!found) {
		found = table_new(decoder, table, TOML_TABLE, ORIGIN_HEADER);
		if (!found)
			return false;
		table_add(decoder->toml, table, key, found);
	}
	found->origin = ORIGIN_HEADER;
	decoder->current = found;
	return true;
}

static bool
header_tables(struct decoder *decoder, struct toml_value *table, struct bytes key)
{
	struct toml_value *found = table_find(table, key);
	if (found && (found->kind != TOML_LIST || found->origin != ORIGIN_TABLES))
		return refuse_repeated(decoder, key);
	if (!found) {
		found = table_new(decoder, table, TOML_LIST, ORIGIN_TABLES);
		if (!found)
			return false;
		table_add(decoder->toml, table, key, found);
	}
	struct toml_value *item = table_new(decoder, found, TOML_TABLE, ORIGIN_HEADER);
	if (!item)
		return false;
	list_add(decoder->toml, found, item);
	decoder->current = item;
	return true;
}

/* [a.b] or [[a.b]]. */
static bool
read_header(struct decoder *decoder)
{
	struct toml_reader *reader = &decoder->reader;
	bool tables =
		reader->at + 1 < reader->text.size && reader->text.data[reader->at + 1] == '[';
	reader->at += tables ? 2 : 1;
	struct toml_value *table = decoder->toml->root;
	struct bytes key = {0};
	for (;;) {
		skip_blanks(reader);
		if (!read_key(reader, &key))
			return false;
		skip_blanks(reader);
		if (toml_peek(reader) != '.')
			break;
		reader->at++;
		table = header_pass(decoder, table, key);
		if (!table)
			return false;
	}
	for (int count = tables ? 2 : 1; count > 0; count--, reader->at++) {
		if (toml_peek(reader) != ']')
			return toml_refuse(reader, "a header is not closed");
	}
	if (!(tables ? header_tables(decoder, table, key) : header_table(decoder, table, key)))
		return false;
	return take_line_end(reader);
}

/* key = of a table: *table is where the last part of the key belongs. */
static bool
read_assignment(struct decoder *decoder, struct toml_value **table, struct bytes *key)
{
	struct toml_reader *reader = &decoder->reader;
	for (;;) {
		if (!read_key(reader, key))
			return false;
		skip_blanks(reader);
		if (toml_peek(reader) != '.')
			break;
		reader->at++;
		skip_blanks(reader);
		struct toml_value *found = table_find(*table, *key);
		if (found && (found->kind != TOML_TABLE || found->origin != ORIGIN_DOTTED))
			return refuse_repeated(decoder, *key);
		if (!found) {
			found = table_new(decoder, *table, TOML_TABLE, ORIGIN_DOTTED);
			if (!found)
				return false;
			table_add(decoder->toml, *table, *key, found);
		}
		*table = found;
	}
	if (toml_peek(reader) != '=')
		return toml_refuse(reader, "'=' is missing after a key");
	reader->at++;
	skip_blanks(reader);
	if (table_find(*table, *key))
		return refuse_repeated(decoder, *key);
	return true;
}

/* What is open while a value is read: brackets and braces, innermost last. */
struct opened {
	struct toml_value *value;
	bool wants_comma;
};

struct value_reader {
	struct decoder *decoder;
	ARRAY(struct opened) opened;
	struct toml_value *table; /* where the next value goes: under key, or in the list */
	struct bytes key;
};

static void
value_place(struct value_reader *reader, struct toml_value *value)
{
	struct toml *toml = reader->decoder->toml;
	if (reader->table->kind == TOML_LIST)
		list_add(toml, reader->table, value);
	else
		table_add(toml, reader->table, reader->key, value);
}

/* One value, or the opening of one. */
static bool
value_start(struct value_reader *values)
{
	struct toml_reader *reader = &values->decoder->reader;
	int byte = toml_peek(reader);
	bool list = byte == '[';
	struct toml_value *value = table_new(
		values->decoder, values->table, list ? TOML_LIST : TOML_TABLE, ORIGIN_INLINE);
	if (!value)
		return false;
	if (list || byte == '{') {
		reader->at++;
		value_place(values, value);
		*array_push(&values->opened) = (struct opened){value, false};
		return true;
	}
	if (byte == '"' || byte == '\'') {
		value->kind = TOML_TEXT;
		if (!toml_read_text(reader, true, &value->text))
			return false;
	} else if (!toml_read_word(reader, value))
		return false;
	value_place(values, value);
	return true;
}

/* What follows inside of the innermost bracket: its end, or the next value. */
static bool
value_go_on(struct value_reader *values)
{
	struct toml_reader *reader = &values->decoder->reader;
	struct opened *inner = &values->opened.data[values->opened.size - 1];
	bool list = inner->value->kind == TOML_LIST;
	if (!skip_space(reader))
		return false;
	if (inner->wants_comma && toml_peek(reader) == ',') {
		reader->at++;
		inner->wants_comma = false;
		if (!skip_space(reader))
			return false;
	} else if (inner->wants_comma && toml_peek(reader) != (list ? ']' : '}'))
		return toml_refuse(reader, "',' or '%c' is missing", list ? ']' : '}');
	if (toml_peek(reader) == (list ? ']' : '}')) {
		reader->at++;
		values->opened.size--;
		return true;
	}
	inner->wants_comma = true;
	values->table = inner->value;
	if (!list && !read_assignment(values->decoder, &values->table, &values->key))
		return false;
	return value_start(values);
}

/* Dotted keys of an inline table are closed with it. */
static bool
read_pair(struct decoder *decoder)
{
	struct value_reader values = {.decoder = decoder, .table = decoder->current};
	bool good = read_assignment(decoder, &values.table, &values.key) && value_start(&values);
	while (good && values.opened.size > 0)
		good = value_go_on(&values);
	array_release(&values.opened);
	return good && take_line_end(&decoder->reader);
}

static bool
decode(struct decoder *decoder)
{
	struct toml_reader *reader = &decoder->reader;
	if (bytes_has_prefix(reader->text, BYTES_LITERAL("\xef\xbb\xbf")))
		reader->at = 3;
	for (size_t at = 0; at < reader->text.size;) {
		uint32_t point = 0;
		size_t size = reader->text.data[at] < 0x80
				      ? 1
				      : source_decode(bytes_from(reader->text, at), &point);
		if (size == 0) {
			reader->at = at;
			return toml_refuse(reader, "the text is not UTF-8");
		}
		at += size;
	}
	while (reader->at < reader->text.size) {
		skip_blanks(reader);
		int byte = toml_peek(reader);
		bool empty = byte < 0 || byte == '#' || byte == '\n' || byte == '\r';
		bool good = empty         ? take_line_end(reader)
			    : byte == '[' ? read_header(decoder)
					  : read_pair(decoder);
		if (!good)
			return false;
	}
	return true;
}

struct toml *
toml_parse(struct bytes text, struct err *err)
{
	struct toml *toml = (struct toml *)memory_zero(1, sizeof *toml);
	toml->arena = ARENA;
	toml->root = value_new(toml, TOML_TABLE, ORIGIN_HEADER, 0);
	struct decoder decoder = {
		.toml = toml, .reader = {text, 0, &toml->arena, err}, .current = toml->root};
	if (decode(&decoder))
		return toml;
	toml_free(toml);
	return NULL;
}

void
toml_free(struct toml *toml)
{
	if (!toml)
		return;
	for (size_t at = 0; at < toml->indices.size; at++) {
		map_release(toml->indices.data[at]);
		free(toml->indices.data[at]);
	}
	array_release(&toml->indices);
	arena_release(&toml->arena);
	free(toml);
}

const struct toml_value *
toml_root(const struct toml *toml)
{
	return toml->root;
}

const struct toml_value *
toml_find(const struct toml_value *table, const char *key)
{
	return table->kind == TOML_TABLE ? table_find(table, bytes_text(key)) : NULL;
}
