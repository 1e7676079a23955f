/* SPDX-License-Identifier: MPL-2.0 */
#include "island/versions.h"

#include <stdlib.h>

#include "base/array.h"
#include "island/island_ref.h"
#include "island/json_scan.h"
#include "island/precedence.h"

/* Adds what an island's text can name. */
static bool
version_add(struct versions *versions, const struct island *island, const struct version *version,
	struct err *err)
{
	if (island->scheme->shape == SHAPE_REGISTRY &&
		!island_version_is_valid(island->scheme->id, version->name))
		return true;
	if (versions->size == VERSIONS_ROWS)
		return err_set(err, ERR_LIMIT, "<%.*s> has more than %d versions",
			BYTES_ARGS(island->text), VERSIONS_ROWS);
	array_room((void **)&versions->rows, &versions->size, &versions->capacity,
		sizeof *versions->rows);
	versions->rows[versions->size - 1] = *version;
	return true;
}

/* "ID NAME" a line. */
static bool
tags_read(struct versions *versions, const struct island *island, struct err *err)
{
	buf_add_byte(&versions->document, '\n');
	if (!buf_check(&versions->document, err, "the listing of <%.*s>", BYTES_ARGS(island->text)))
		return false;
	uint8_t *text = versions->document.data;
	struct bytes rest = buf_bytes(&versions->document);
	struct bytes line;
	while (rest.size && bytes_split(&rest, '\n', &line)) {
		struct version version = {.name = line};
		if (!bytes_split(&version.name, ' ', &version.revision) || !version.name.size)
			continue;
		/* In place of the line's end, for strverscmp. */
		size_t end = (size_t)(version.name.data - text) + version.name.size;
		text[end] = 0;
		if (!version_add(versions, island, &version, err))
			return false;
	}
	return true;
}

/* A pass through a document, and the keys that lead to where it is; of what lies in an array they are empty. */
enum { WALK_KEYS = 4 };
struct walk {
	struct json_scan scan;
	struct bytes keys[WALK_KEYS]; /* by depth, from 1 */
	struct bytes piece;
};

static enum json_event
walk_next(struct walk *walk)
{
	enum json_event event = json_scan_next(&walk->scan, &walk->piece);
	unsigned depth = walk->scan.depth;
	if (depth < WALK_KEYS && event == JSON_EVENT_OPEN)
		walk->keys[depth] = bytes_of(NULL, 0);
	else if (depth < WALK_KEYS && event == JSON_EVENT_KEY)
		walk->keys[depth] = walk->piece;
	return event;
}

/* A string or another value that the innermost object of so many has under a key. */
static bool
walk_is_at(const struct walk *walk, unsigned depth, const char *key)
{
	return walk->scan.depth == depth && bytes_equal_text(walk->keys[depth], key);
}

static bool
refuse_json(const struct island *island, struct err *err)
{
	return err_set(err, ERR_CORRUPT,
		"what the registry has of <%.*s> is no JSON, or more than %d values are in each "
		"other",
		BYTES_ARGS(island->text), JSON_SCAN_DEPTH);
}

static bool
crate_read(
	struct versions *versions, const struct island *island, struct bytes line, struct err *err)
{
	struct walk walk = {.scan = json_scan(line)};
	struct version version = {0};
	bool is_said = false;
	for (;;) {
		enum json_event event = walk_next(&walk);
		if (event == JSON_EVENT_BAD)
			return refuse_json(island, err);
		if (event == JSON_EVENT_END)
			return version_add(versions, island, &version, err);
		if (event == JSON_EVENT_TEXT && walk_is_at(&walk, 1, "vers")) {
			if (!version.name.data)
				version.name = walk.piece;
		} else if (event == JSON_EVENT_OTHER && walk_is_at(&walk, 1, "yanked")) {
			if (!is_said && bytes_equal_text(walk.piece, "true"))
				version.mark = VERSION_YANKED;
			is_said = true;
		}
	}
}

/* An object a line. */
static bool
crates_read(struct versions *versions, const struct island *island, struct err *err)
{
	struct bytes rest = buf_bytes(&versions->document);
	struct bytes line;
	while (rest.size && bytes_split(&rest, '\n', &line))
		if (line.size && !crate_read(versions, island, line, err))
			return false;
	return true;
}

/* What npm and Python have in common: objects in the first value under a key of the document. `read` is told each value of
 * such an object, and finishes it. */
struct listing {
	const char *key;
	void (*read)(const struct walk *walk, enum json_event event, struct version *version);
	bool (*finish)(const struct island *island, struct version *version);
};

static bool
listing_read(struct versions *versions, const struct island *island, const struct listing *listing,
	struct err *err)
{
	struct walk walk = {.scan = json_scan(buf_bytes(&versions->document))};
	struct version version = {0};
	unsigned lists = 0;
	for (;;) {
		enum json_event event = walk_next(&walk);
		if (event == JSON_EVENT_BAD)
			return refuse_json(island, err);
		if (event == JSON_EVENT_END)
			break;
		unsigned depth = walk.scan.depth;
		if (event == JSON_EVENT_KEY && walk_is_at(&walk, 1, listing->key))
			lists++;
		if (lists != 1 || !bytes_equal_text(walk.keys[1], listing->key))
			continue;
		if (event == JSON_EVENT_OPEN && depth == 3)
			version = (struct version){.name = walk.keys[2]};
		else if (event == JSON_EVENT_TEXT || event == JSON_EVENT_OTHER)
			listing->read(&walk, event, &version);
		else if (event == JSON_EVENT_CLOSE && depth == 2 &&
			 listing->finish(island, &version) &&
			 !version_add(versions, island, &version, err))
			return false;
	}
	return lists || err_set(err, ERR_CORRUPT, "what the registry has of <%.*s> has no \"%s\"",
				BYTES_ARGS(island->text), listing->key);
}

/* {"versions": {VERSION: {"deprecated": "why", …}, …}, …} */
static void
npm_read(const struct walk *walk, enum json_event event, struct version *version)
{
	bool is_so = event == JSON_EVENT_TEXT ? walk->piece.size > 0
					      : bytes_equal_text(walk->piece, "true");
	if (is_so && walk_is_at(walk, 3, "deprecated"))
		version->mark = VERSION_DEPRECATED;
}

static bool
npm_finish(const struct island *island, struct version *version)
{
	(void)island;
	return version->name.size > 0;
}

/* {"files": [{"filename": "NAME-VERSION.tar.gz", "yanked": false or "why", …}, …], …} */
static void
pypi_read(const struct walk *walk, enum json_event event, struct version *version)
{
	bool is_text = event == JSON_EVENT_TEXT;
	if (is_text && !version->name.data && walk_is_at(walk, 3, "filename"))
		version->name = walk->piece;
	else if (walk_is_at(walk, 3, "yanked") &&
		 (is_text || !(bytes_equal_text(walk->piece, "false") ||
				     bytes_equal_text(walk->piece, "null"))))
		version->mark = VERSION_YANKED;
}

/* A letter of a name in its normal form (PEP 503), taken from the front. */
static uint8_t
letter_take(struct bytes *name)
{
	uint8_t letter = name->data[0];
	bool is_mark = false;
	while (name->size &&
		(name->data[0] == '-' || name->data[0] == '_' || name->data[0] == '.')) {
		is_mark = true;
		*name = bytes_from(*name, 1);
	}
	if (is_mark)
		return '-';
	*name = bytes_from(*name, 1);
	return letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter;
}

/* A source archive's name becomes its version. */
static bool
pypi_finish(const struct island *island, struct version *version)
{
	static const struct bytes endings[] = {
		{(const uint8_t *)".tar.gz", 7}, {(const uint8_t *)".zip", 4}};
	struct bytes file = version->name;
	struct bytes name = island->place;
	size_t ending = 0;
	while (ending < 2 && !bytes_has_suffix(file, endings[ending]))
		ending++;
	if (ending == 2)
		return false;
	file.size -= endings[ending].size;
	while (name.size && file.size)
		if (letter_take(&name) != letter_take(&file))
			return false;
	if (name.size || !bytes_has_prefix(file, BYTES_LITERAL("-")))
		return false;
	version->name = bytes_from(file, 1);
	return true;
}

static const struct listing npm_listing = {"versions", npm_read, npm_finish};
static const struct listing pypi_listing = {"files", pypi_read, pypi_finish};

static int
name_compare(enum scheme_id scheme, struct bytes left, struct bytes right)
{
	if (scheme == SCHEME_PYPI)
		return precedence_python(left, right);
	if (scheme == SCHEME_CRATES || scheme == SCHEME_NPM)
		return precedence_semantic(left, right);
	return strverscmp((const char *)left.data, (const char *)right.data);
}

/* Of one name the place in the document decides. */
static int
version_compare(const void *left, const void *right, void *scheme)
{
	const struct version *one = (const struct version *)left;
	const struct version *other = (const struct version *)right;
	int order = name_compare(*(const enum scheme_id *)scheme, one->name, other->name);
	if (!order)
		order = bytes_compare(one->name, other->name);
	return order ? order
		     : (one->name.data > other->name.data) - (one->name.data < other->name.data);
}

/* Two rows of one name are one; they are in the order of the document. */
static void
versions_unite(struct versions *versions, enum scheme_id scheme)
{
	size_t size = 0;
	for (size_t at = 0; at < versions->size; at++) {
		const struct version *next = &versions->rows[at];
		struct version *last = size ? &versions->rows[size - 1] : NULL;
		if (!last || !bytes_equal(last->name, next->name)) {
			versions->rows[size++] = *next;
		} else if (scheme == SCHEME_PYPI) {
			if (next->mark == VERSION_GOOD)
				last->mark = VERSION_GOOD;
		} else if (scheme != SCHEME_NPM) {
			*last = *next;
		}
	}
	versions->size = size;
}

bool
versions_read(struct versions *versions, const struct island *island, struct err *err)
{
	enum scheme_id scheme = island->scheme->id;
	bool done = scheme == SCHEME_CRATES ? crates_read(versions, island, err)
		    : scheme == SCHEME_NPM  ? listing_read(versions, island, &npm_listing, err)
		    : scheme == SCHEME_PYPI ? listing_read(versions, island, &pypi_listing, err)
					    : tags_read(versions, island, err);
	if (!done)
		return false;
	if (versions->size)
		qsort_r(versions->rows, versions->size, sizeof *versions->rows, version_compare,
			&scheme);
	versions_unite(versions, scheme);
	return true;
}

void
versions_release(struct versions *versions)
{
	buf_release(&versions->document);
	free(versions->rows);
	*versions = VERSIONS;
}
