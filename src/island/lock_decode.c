/* SPDX-License-Identifier: MPL-2.0 */
/* A lock's text, line by line, so that what is wrong has the number of its line. */
#include "island/lock.h"

#include <stdlib.h>
#include <time.h>

#include "base/array.h"
#include "base/map.h"
#include "derivation/derivation.h"
#include "derivation/json.h"
#include "island/fetcher.h"
#include "island/island.h"

enum { DEPTH = 3, TIME_TEXT = 20 };

struct decoder {
	struct lock lock;
	struct map lines; /* key -> its number, as a pointer's worth of lines */
	struct bytes rest;
	size_t line;
	bool ended; /* the version was met */
};

static bool
decode_number(struct bytes text, int *out)
{
	int number = 0;
	for (size_t at = 0; at < text.size; at++) {
		if (text.data[at] < '0' || text.data[at] > '9')
			return false;
		number = 10 * number + (text.data[at] - '0');
	}
	*out = number;
	return true;
}

/* "YYYY-MM-DDTHH:MM:SSZ", and a time that exists. */
static bool
decode_time(struct bytes text, int64_t *out)
{
	struct tm parts = {0};
	struct {
		size_t start, size;
		int *number;
		char after;
	} fields[] = {{0, 4, &parts.tm_year, '-'}, {5, 2, &parts.tm_mon, '-'},
		{8, 2, &parts.tm_mday, 'T'}, {11, 2, &parts.tm_hour, ':'},
		{14, 2, &parts.tm_min, ':'}, {17, 2, &parts.tm_sec, 'Z'}};
	if (text.size != TIME_TEXT)
		return false;
	for (size_t at = 0; at < sizeof fields / sizeof *fields; at++) {
		size_t end = fields[at].start + fields[at].size;
		struct bytes digits = bytes_of(text.data + fields[at].start, fields[at].size);
		if (!decode_number(digits, fields[at].number) ||
			text.data[end] != (uint8_t)fields[at].after)
			return false;
	}
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	struct tm wanted = parts;
	time_t seconds = timegm(&parts);
	if (parts.tm_mon != wanted.tm_mon || parts.tm_mday != wanted.tm_mday ||
		parts.tm_hour != wanted.tm_hour || parts.tm_min != wanted.tm_min ||
		parts.tm_sec != wanted.tm_sec)
		return false;
	*out = (int64_t)seconds;
	return true;
}

static bool
decode_identities(
	struct decoder *decoder, const json_t *list, struct lock_entry *entry, struct err *err)
{
	size_t count = json_array_size(list);
	if (!json_is_array(list) || count == 0 || count > DERIVATION_IDENTITIES)
		return err_set(err, ERR_CORRUPT, "`identities`: a list of 1 to %d is wanted",
			DERIVATION_IDENTITIES);
	struct identity *identities = arena_array(&decoder->lock.arena, struct identity, count);
	for (size_t at = 0; at < count; at++) {
		struct bytes text;
		if (!json_read_text(json_array_get(list, at), &text) ||
			!identity_parse(arena_copy(&decoder->lock.arena, text), &identities[at]))
			return err_set(
				err, ERR_CORRUPT, "identity %zu is not \"FORMAT VALUE\"", at + 1);
		bool cab = bytes_equal_text(identities[at].format, "cab");
		if (cab && (at + 1 != count || !cab_value_is_valid(identities[at].value)))
			return err_set(
				err, ERR_CORRUPT, "`cab` is not the last identity, or no Cab hash");
		for (size_t before = 0; before < at; before++)
			if (bytes_equal(identities[before].format, identities[at].format))
				return err_set(err, ERR_CORRUPT, "the format %.*s stands twice",
					BYTES_ARGS(identities[at].format));
	}
	entry->identities = identities;
	entry->identity_count = count;
	return true;
}

static bool
decode_value(struct decoder *decoder, json_t *value, struct lock_entry *entry, struct err *err)
{
	const char *key;
	json_t *part;
	if (!json_is_object(value))
		return err_set(err, ERR_CORRUPT, "an object is wanted after the key");
	json_object_foreach(value, key, part)
	{
		if (strcmp(key, "identities") != 0 && strcmp(key, "locked") != 0 &&
			strcmp(key, "pinned") != 0)
			return err_set(err, ERR_CORRUPT, "unknown key `%s`", key);
	}
	struct bytes text;
	if (!decode_identities(decoder, json_object_get(value, "identities"), entry, err))
		return false;
	if (!json_read_text(json_object_get(value, "locked"), &text) ||
		!decode_time(text, &entry->time))
		return err_set(err, ERR_CORRUPT,
			"`locked`: a time like \"2026-01-02T03:04:05Z\" is wanted");
	const json_t *pinned = json_object_get(value, "pinned");
	entry->has_pinned = pinned != NULL;
	if (pinned && (!json_read_text(pinned, &text) || !digest_parse(text, &entry->pinned)))
		return err_set(
			err, ERR_CORRUPT, "`pinned`: %d letters of base32 are wanted", DIGEST_TEXT);
	return true;
}

/* An island's text, "ORIGIN>TEXT", or "derivation:<name>", which alone has a pinned digest. */
static bool
check_key(const struct lock_entry *entry, struct err *err)
{
	struct bytes key = entry->key;
	struct bytes prefix = BYTES_LITERAL("derivation:");
	if (key.size > LOCK_KEY)
		return err_set(err, ERR_CORRUPT, "a key of more than %d bytes", LOCK_KEY);
	for (size_t at = 0; at < key.size; at++)
		if (key.data[at] < ' ' || key.data[at] == 0x7f)
			return err_set(err, ERR_CORRUPT, "a key holds a control character");
	bool derivation = bytes_has_prefix(key, prefix);
	struct bytes name = bytes_from(key, prefix.size);
	if (derivation && !derivation_is_name(name, DERIVATION_NAME))
		return err_set(err, ERR_CORRUPT, "`%.*s` names no derivation", BYTES_ARGS(key));
	if (derivation != entry->has_pinned)
		return err_set(err, ERR_CORRUPT,
			"`pinned` belongs to `derivation:` entries, and to each of them");
	struct bytes scheme = bytes_first(key, bytes_find(key, ':'));
	if (!derivation && !scheme_find(scheme) && !fetcher_scheme_is_valid(scheme))
		return err_set(err, ERR_CORRUPT, "`%.*s` is no island", BYTES_ARGS(key));
	return true;
}

static bool
decode_entry(struct decoder *decoder, struct bytes key, json_t *value, struct err *err)
{
	struct lock *lock = &decoder->lock;
	struct lock_entry entry = {.key = arena_copy(&lock->arena, key)};
	if (!decode_value(decoder, value, &entry, err) || !check_key(&entry, err))
		return err_note(err, "`%.*s`", BYTES_ARGS(bytes_first(entry.key, 256)));
	size_t *line = map_find(&decoder->lines, entry.key);
	if (line)
		return err_set(err, ERR_CORRUPT, "`%.*s` stands on line %zu already",
			BYTES_ARGS(bytes_first(entry.key, 256)), *line);
	line = arena_new(&lock->arena, size_t);
	*line = decoder->line;
	map_put(&decoder->lines, entry.key, line);
	array_room((void **)&lock->entries, &lock->size, &lock->capacity, sizeof *lock->entries);
	lock->entries[lock->size - 1] = entry;
	return true;
}

static bool
decode_version(struct decoder *decoder, const json_t *value, struct err *err)
{
	if (!json_is_integer(value) || json_integer_value(value) < 1)
		return err_set(err, ERR_CORRUPT, "`~`: the version of the lock is wanted");
	if (json_integer_value(value) != LOCK_VERSION)
		return err_set(err, ERR_CORRUPT,
			"the lock has version %lld, this cab reads version %d",
			(long long)json_integer_value(value), LOCK_VERSION);
	decoder->ended = true;
	return true;
}

static bool
is_conflict(struct bytes line)
{
	return bytes_has_prefix(line, BYTES_LITERAL("<<<<<<<")) ||
	       bytes_has_prefix(line, BYTES_LITERAL("=======")) ||
	       bytes_has_prefix(line, BYTES_LITERAL("|||||||")) ||
	       bytes_has_prefix(line, BYTES_LITERAL(">>>>>>>"));
}

/* One line between the braces: it is an object of one key once braces stand around it. */
static bool
decode_line(struct decoder *decoder, struct bytes line, struct err *err)
{
	if (is_conflict(line))
		return err_set(err, ERR_CORRUPT,
			"a merge left a conflict here: keep one line of each island");
	bool comma = line.size > 0 && line.data[line.size - 1] == ',';
	cleanup_buf struct buf text = BUF(LOCK_LINE + 2);
	buf_add_byte(&text, '{');
	buf_add(&text, bytes_first(line, line.size - comma));
	buf_add_byte(&text, '}');
	struct err inner = {0};
	cleanup_json json_t *object = text.over ? NULL : json_read(buf_bytes(&text), DEPTH, &inner);
	if (!object) {
		/* The place in front of the sentence counts from the brace put before the line. */
		const char *sentence = strstr(inner.text, ": ");
		return err_set(err, ERR_CORRUPT, "%s",
			text.over  ? "it is too long"
			: sentence ? sentence + 2
				   : inner.text);
	}
	if (json_object_size(object) != 1)
		return err_set(err, ERR_CORRUPT, "one entry is wanted on a line");
	void *iterator = json_object_iter(object);
	const char *key = json_object_iter_key(iterator);
	json_t *value = json_object_iter_value(iterator);
	bool version = strcmp(key, "~") == 0;
	if (version == comma)
		return err_set(
			err, ERR_CORRUPT, "a comma follows each entry, and none follows `~`");
	if (version)
		return decode_version(decoder, value, err);
	return decode_entry(decoder, bytes_text(key), value, err);
}

static bool
next_line(struct decoder *decoder, struct bytes *out, struct err *err)
{
	if (!bytes_split(&decoder->rest, '\n', out))
		return err_set(err, ERR_CORRUPT, "the lock ends too early");
	decoder->line++;
	for (size_t at = 0; at < out->size; at++)
		if (out->data[at] < ' ' || out->data[at] == 0x7f)
			return err_set(err, ERR_CORRUPT, "a control character");
	return true;
}

static bool
decode_lines(struct decoder *decoder, struct err *err)
{
	struct bytes line;
	if (!next_line(decoder, &line, err))
		return false;
	if (!bytes_equal_text(line, "{"))
		return err_set(err, ERR_CORRUPT, "`{` is wanted, alone on the first line");
	while (!decoder->ended)
		if (!next_line(decoder, &line, err) || !decode_line(decoder, line, err))
			return false;
	if (!next_line(decoder, &line, err))
		return false;
	if (!bytes_equal_text(line, "}") || !decoder->rest.data || decoder->rest.size > 0)
		return err_set(err, ERR_CORRUPT, "`}` is wanted, alone on the last line");
	return true;
}

static int
compare_entries(const void *left, const void *right)
{
	return bytes_compare(
		((const struct lock_entry *)left)->key, ((const struct lock_entry *)right)->key);
}

bool
lock_decode(struct bytes text, struct lock *out, struct err *err)
{
	if (text.size > LOCK_SIZE)
		return err_limit(err, ERR_LIMIT_OTHER, "a lock of more than %d bytes", LOCK_SIZE);
	struct decoder decoder = {.rest = text.data ? text : BYTES_LITERAL("")};
	bool decoded = decode_lines(&decoder, err);
	map_release(&decoder.lines);
	if (!decoded) {
		lock_release(&decoder.lock);
		return err_note(err, "line %zu", decoder.line ? decoder.line : 1);
	}
	if (decoder.lock.size > 0)
		qsort(decoder.lock.entries, decoder.lock.size, sizeof *decoder.lock.entries,
			compare_entries);
	lock_release(out);
	*out = decoder.lock;
	out->original = BUF(LOCK_SIZE);
	buf_add(&out->original, text);
	return true;
}
