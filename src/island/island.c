/* SPDX-License-Identifier: MPL-2.0 */
#include "island/island.h"

#include <stdlib.h>

#include "base/path.h"
#include "derivation/derivation.h"
#include "derivation/json.h"
#include "island/checksum.h"
#include "island/foreign.h"
#include "island/island_ref.h"
#include "island/url.h"

enum key_use {
	USE_GIT = 1 << 0,
	USE_ARCHIVE = 1 << 1,
	USE_FILE = 1 << 2,
	USE_IMAGE = 1 << 3,
};

enum key_id {
	KEY_CHECKSUM,
	KEY_LFS,
	KEY_PLATFORM,
	KEY_REFERENCE,
	KEY_REVISION,
	KEY_STRIP,
	KEY_SUBMODULES,
	KEY_COUNT
};

static const struct {
	const char *text;
	enum island_entry_kind kind;
	unsigned uses;
} keys[KEY_COUNT] = {
	[KEY_CHECKSUM] = {"checksum", ISLAND_ENTRY_TEXT, USE_ARCHIVE | USE_FILE},
	[KEY_LFS] = {"lfs", ISLAND_ENTRY_TRUTH, USE_GIT},
	[KEY_PLATFORM] = {"platform", ISLAND_ENTRY_TEXT, USE_IMAGE},
	[KEY_REFERENCE] = {"reference", ISLAND_ENTRY_TEXT, USE_GIT},
	[KEY_REVISION] = {"revision", ISLAND_ENTRY_TEXT, USE_GIT},
	[KEY_STRIP] = {"strip", ISLAND_ENTRY_NUMBER, USE_ARCHIVE},
	[KEY_SUBMODULES] = {"submodules", ISLAND_ENTRY_TRUTH, USE_GIT},
};

static unsigned
scheme_use(const struct scheme *scheme)
{
	switch (scheme->shape) {
	case SHAPE_FORGE:
	case SHAPE_GIT:
		return USE_GIT;
	case SHAPE_ARCHIVE:
	case SHAPE_REGISTRY:
		return USE_ARCHIVE;
	case SHAPE_FILE:
		return USE_FILE;
	case SHAPE_OCI:
		return USE_IMAGE;
	case SHAPE_LOCAL:
	case SHAPE_FOREIGN:
		return 0;
	}
	return 0;
}

/* Edits that make one word of the other (Levenshtein), for words of at most 15 letters. */
static size_t
edits(struct bytes from, const char *to)
{
	enum { WORD = 16 };
	size_t size = strlen(to);
	if (from.size >= WORD || size >= WORD)
		return SIZE_MAX;
	size_t row[WORD];
	for (size_t at = 0; at <= size; at++)
		row[at] = at;
	for (size_t line = 1; line <= from.size; line++) {
		size_t corner = row[0];
		row[0] = line;
		for (size_t at = 1; at <= size; at++) {
			size_t change = corner + (from.data[line - 1] != (uint8_t)to[at - 1]);
			corner = row[at];
			size_t shift = (row[at] < row[at - 1] ? row[at] : row[at - 1]) + 1;
			row[at] = change < shift ? change : shift;
		}
	}
	return row[size];
}

struct nearest {
	struct bytes wanted;
	const char *text;
	size_t edits;
};

static void
nearest_offer(struct nearest *nearest, const char *text)
{
	size_t distance = edits(nearest->wanted, text);
	if (distance >= nearest->edits)
		return;
	nearest->text = text;
	nearest->edits = distance;
}

/* What other tools call it. */
static const char *
scheme_of_habit(struct bytes text)
{
	static const char *const habits[][2] = {{"git+http", "git:http://…"},
		{"git+https", "git:https://…"}, {"git+ssh", "git:ssh://…"}, {"ssh", "git:ssh://…"},
		{"path", "fs::/…"}, {"tarball", "https://…"}, {"url", "https://…"},
		{"cargo", "crates:NAME"}, {"pip", "pypi:NAME"}, {"docker", "oci:HOST/NAME@TAG"}};
	for (size_t at = 0; at < sizeof habits / sizeof *habits; at++)
		if (bytes_equal_text(text, habits[at][0]))
			return habits[at][1];
	return NULL;
}

const char *
island_scheme_nearest(struct bytes text)
{
	struct nearest nearest = {.wanted = text, .edits = text.size < 6 ? 2 : 3};
	for (size_t at = 0; at < SCHEME_COUNT; at++)
		nearest_offer(&nearest, scheme_get((enum scheme_id)at)->text);
	return nearest.text;
}

static bool
refuse_scheme(struct bytes text, struct err *err)
{
	const char *habit = scheme_of_habit(text);
	if (habit)
		return err_set(err, ERR_REFUSED, "there is no scheme `%.*s`: write <%s>",
			BYTES_ARGS(text), habit);
	const char *nearest = island_scheme_nearest(text);
	if (nearest)
		return err_set(err, ERR_REFUSED, "there is no scheme `%.*s`, did you mean `%s`",
			BYTES_ARGS(text), nearest);
	return err_set(err, ERR_REFUSED,
		"there is no scheme `%.*s`: neither a builtin one, nor a name that is defined "
		"where it "
		"stands, nor `schemes` of the configuration",
		BYTES_ARGS(bytes_first(text, 64)));
}

static bool
refuse_key(struct bytes text, struct err *err)
{
	struct nearest nearest = {.wanted = text, .edits = 4};
	for (size_t at = 0; at < KEY_COUNT; at++)
		nearest_offer(&nearest, keys[at].text);
	if (nearest.text)
		return err_set(err, ERR_REFUSED, "there is no key `%.*s`, did you mean `%s`",
			BYTES_ARGS(text), nearest.text);
	return err_set(err, ERR_REFUSED,
		"there is no key `%.*s`; known are checksum, lfs, platform, reference, revision, "
		"strip, submodules",
		BYTES_ARGS(text));
}

static bool
set_reference(struct arena *arena, struct island *island, struct bytes text, struct err *err)
{
	if (island->reference.size > 0)
		return err_set(err, ERR_REFUSED, "a reference stands after the '@' already");
	if (!island_reference_is_valid(text))
		return err_set(
			err, ERR_REFUSED, "`%.*s` is no branch, tag or revision", BYTES_ARGS(text));
	island->reference = arena_copy(arena, text);
	island->reference_is_entry = true;
	return true;
}

static bool
set_revision(struct arena *arena, struct island *island, struct bytes text, struct err *err)
{
	uint8_t raw[32];
	bool sized = text.size == 40 || text.size == 64;
	if (!sized || !hex_parse(text, raw))
		return err_set(err, ERR_REFUSED,
			"revision: 40 (or 64) lower-case hexadecimal digits are wanted, not "
			"`%.*s`; a branch, a tag or fewer digits stand behind an '@'",
			BYTES_ARGS(text));
	island->revision = arena_copy(arena, text);
	return true;
}

static bool
set_checksum(struct arena *arena, struct island *island, struct bytes text, struct err *err)
{
	if (!checksum_parse(arena, text, &island->checksum, err))
		return false;
	if (island->scheme->shape == SHAPE_REGISTRY && island->reference.size == 0)
		return err_set(err, ERR_REFUSED, "a checksum wants a version: write NAME@VERSION");
	return true;
}

static bool
set_strip(struct island *island, int64_t number, struct err *err)
{
	if (number < 0 || number > ISLAND_STRIP)
		return err_set(
			err, ERR_REFUSED, "strip: a number from 0 to %d is wanted", ISLAND_STRIP);
	island->strip = (int)number;
	return true;
}

/* "scheme://host[:port]", as it is compared. */
static bool
origin_take(
	struct arena *arena, const char *key, struct bytes text, struct bytes *out, struct err *err)
{
	struct url url;
	if (!url_parse_repository(text, &url, err))
		return err_note(err, "%s: true or origins are wanted", key);
	if (url.user.size || url.query.size || (url.path.size && !bytes_equal_text(url.path, "/")))
		return err_set(err, ERR_REFUSED,
			"%s: `%.*s` is no origin: write SCHEME://HOST[:PORT] alone", key,
			BYTES_ARGS(text));
	*out = url_origin(arena, &url);
	return true;
}

static int
compare_origins(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

static bool
set_origins(struct arena *arena, const char *key, struct bytes text, struct island_more *more,
	struct err *err)
{
	struct bytes origins[ISLAND_ORIGINS], rest = text, part;
	size_t count = 0;
	while (bytes_split(&rest, ' ', &part)) {
		if (!part.size)
			continue;
		if (count == ISLAND_ORIGINS)
			return err_set(
				err, ERR_REFUSED, "%s: more than %d origins", key, ISLAND_ORIGINS);
		if (!origin_take(arena, key, part, &origins[count++], err))
			return false;
	}
	if (!count)
		return err_set(err, ERR_REFUSED,
			"%s: true is wanted, or origins with spaces between them", key);
	qsort(origins, count, sizeof *origins, compare_origins);
	cleanup_buf struct buf joined = BUF(BUF_MAX);
	for (size_t at = 0; at < count; at++) {
		if (at && bytes_equal(origins[at], origins[at - 1]))
			continue;
		buf_add_text(&joined, at ? " " : "");
		buf_add(&joined, origins[at]);
	}
	more->wanted = true;
	more->origins = arena_copy(arena, buf_bytes(&joined));
	return true;
}

static bool
set_entry(struct arena *arena, struct island *island, const struct island_entry *entry,
	unsigned *seen, struct err *err)
{
	static const char *const kinds[] = {
		[ISLAND_ENTRY_TEXT] = "a string",
		[ISLAND_ENTRY_NUMBER] = "an integer",
		[ISLAND_ENTRY_TRUTH] = "true or false",
	};
	size_t id = 0;
	while (id < KEY_COUNT && !bytes_equal_text(entry->key, keys[id].text))
		id++;
	if (id == KEY_COUNT)
		return refuse_key(entry->key, err);
	if (*seen & 1U << id)
		return err_set(err, ERR_REFUSED, "%s stands twice", keys[id].text);
	*seen |= 1U << id;
	if (!(keys[id].uses & scheme_use(island->scheme)))
		return err_set(err, ERR_REFUSED, "the scheme %s has no use for `%s`",
			island->scheme->text, keys[id].text);
	struct island_more *more = id == KEY_LFS          ? &island->lfs
				   : id == KEY_SUBMODULES ? &island->submodules
							  : NULL;
	if (more && entry->kind == ISLAND_ENTRY_TEXT)
		return set_origins(arena, keys[id].text, entry->text, more, err);
	if (entry->kind != keys[id].kind)
		return err_set(
			err, ERR_REFUSED, "%s: %s is wanted", keys[id].text, kinds[keys[id].kind]);
	switch ((enum key_id)id) {
	case KEY_CHECKSUM:
		return set_checksum(arena, island, entry->text, err);
	case KEY_PLATFORM:
		if (!island_platform_is_valid(entry->text))
			return err_set(err, ERR_REFUSED,
				"platform: OS/ARCHITECTURE is wanted, as in linux/arm64");
		island->platform = arena_copy(arena, entry->text);
		return true;
	case KEY_REFERENCE:
		return set_reference(arena, island, entry->text, err);
	case KEY_REVISION:
		return set_revision(arena, island, entry->text, err);
	case KEY_STRIP:
		return set_strip(island, entry->number, err);
	case KEY_LFS:
	case KEY_SUBMODULES:
		more->wanted = entry->number != 0;
		return true;
	case KEY_COUNT:
		break;
	}
	return false;
}

/* "::" and ":{" would end a ref. */
static void
print_ref(struct buf *out, struct bytes ref)
{
	for (size_t at = 0; at < ref.size; at++) {
		bool last = at + 1 == ref.size;
		if (ref.data[at] == ':' && !last &&
			(ref.data[at + 1] == ':' || ref.data[at + 1] == '{'))
			buf_add_byte(out, '\\');
		buf_add_byte(out, ref.data[at]);
	}
}

static void
print_subpath(struct buf *out, const struct island *island)
{
	if (island->scheme->id != SCHEME_FS)
		buf_add_byte(out, '/');
	for (size_t at = 0; at < island->subpath.size; at++) {
		uint8_t byte = island->subpath.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool digit = byte >= '0' && byte <= '9';
		bool mark = byte == '.' || byte == '/' || byte == '_' || byte == '-';
		if (!letter && !digit && !mark && byte < 0x80)
			buf_add_byte(out, '\\');
		buf_add_byte(out, byte);
	}
}

static void
print_more(struct buf *out, const char *key, const struct island_more *more)
{
	if (more->origins.size > 0)
		buf_format(out, "%s = \"%.*s\", ", key, BYTES_ARGS(more->origins));
	else if (more->wanted)
		buf_format(out, "%s = true, ", key);
}

static void
print_config(struct arena *arena, struct buf *out, const struct island *island)
{
	buf_add_text(out, ":{ ");
	foreign_print_entries(arena, island, out);
	if (island->checksum.size > 0)
		buf_format(out, "checksum = \"%.*s\", ", BYTES_ARGS(island->checksum));
	print_more(out, "lfs", &island->lfs);
	if (island->platform.size > 0)
		buf_format(out, "platform = \"%.*s\", ", BYTES_ARGS(island->platform));
	if (island->reference_is_entry)
		buf_format(out, "reference = \"%.*s\", ", BYTES_ARGS(island->reference));
	if (island->revision.size > 0)
		buf_format(out, "revision = \"%.*s\", ", BYTES_ARGS(island->revision));
	if (island->strip >= 0)
		buf_format(out, "strip = %d, ", island->strip);
	print_more(out, "submodules", &island->submodules);
	buf_add_byte(out, '}');
}

static struct bytes
print_text(struct arena *arena, const struct island *island)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add_text(&text, island->scheme->text);
	if (island->ref.size > 0) {
		buf_add_byte(&text, ':');
		print_ref(&text, island->ref);
	}
	bool configured = island->checksum.size > 0 || island->platform.size > 0 ||
			  island->reference_is_entry || island->revision.size > 0 ||
			  island->strip >= 0 || island->submodules.wanted || island->lfs.wanted ||
			  island->entry_count;
	if (configured)
		print_config(arena, &text, island);
	if (island->subpath.size > 0) {
		buf_add_text(&text, configured ? ":" : "::");
		print_subpath(&text, island);
	}
	return arena_copy(arena, buf_bytes(&text));
}

static bool
parse_entries(struct arena *arena, const struct island_words *words, struct island *island,
	struct err *err)
{
	if (island->scheme->shape == SHAPE_FOREIGN)
		return foreign_set_entries(arena, words->entries, words->entry_count, island, err);
	unsigned seen = 0;
	for (size_t at = 0; at < words->entry_count; at++)
		if (!set_entry(arena, island, &words->entries[at], &seen, err))
			return false;
	return true;
}

static bool
parse_words(struct arena *arena, const struct island_words *words, struct island *island,
	struct err *err)
{
	if (words->ref.size + words->subpath.size > ISLAND_TEXT)
		return err_set(err, ERR_REFUSED, "its text is longer than %d bytes", ISLAND_TEXT);
	if (!json_text_is_valid(words->subpath))
		return err_set(
			err, ERR_REFUSED, "its subpath holds a NUL or bytes that are not UTF-8");
	island->ref = arena_copy(arena, words->ref);
	if (!island_ref_parse(arena, island, err))
		return false;
	if (!parse_entries(arena, words, island, err))
		return false;
	struct bytes subpath = arena_copy(arena, words->subpath);
	if (!island_subpath_parse(island, subpath, &island->subpath, err))
		return false;
	if (island->scheme->shape == SHAPE_FILE && island->subpath.size > 0)
		return err_set(err, ERR_REFUSED, "one file has no subpath");
	if (island->subpath.size > 1)
		island->name = island_name_clean(arena, path_name(island->subpath));
	return true;
}

static bool
find_foreign(struct arena *arena, const struct island_words *words, struct island *island)
{
	if (!(words->fetcher || words->unbound) || !fetcher_scheme_is_valid(words->scheme))
		return false;
	struct scheme *scheme = arena_new(arena, struct scheme);
	*scheme = (struct scheme){.id = SCHEME_COUNT,
		.shape = SHAPE_FOREIGN,
		.text = arena_text(arena, words->scheme),
		.base = "",
		.formats = ""};
	island->scheme = scheme;
	island->fetcher = words->fetcher;
	return true;
}

bool
island_parse(
	struct arena *arena, const struct island_words *words, struct island *out, struct err *err)
{
	struct island island = {.scheme = scheme_find(words->scheme), .strip = -1};
	if (!island.scheme && !find_foreign(arena, words, &island))
		return refuse_scheme(words->scheme, err);
	if (!parse_words(arena, words, &island, err))
		return err_note(err, "island <%.*s%s%.*s>",
			BYTES_ARGS(bytes_first(words->scheme, 32)), words->ref.size > 0 ? ":" : "",
			BYTES_ARGS(bytes_first(words->ref, 256)));
	island.text = print_text(arena, &island);
	if (island.scheme->shape == SHAPE_FOREIGN && island.text.size > FETCHER_TEXT)
		return err_set(err, ERR_REFUSED, "island <%.*s…>: its text is longer than %d bytes",
			BYTES_ARGS(bytes_first(island.text, 256)), FETCHER_TEXT);
	*out = island;
	return true;
}

bool
island_is_local(const struct island *island)
{
	return island->scheme->shape == SHAPE_LOCAL;
}

/* Percent-encoded but for what needs none. */
static void
add_encoded(struct buf *out, struct bytes path)
{
	for (size_t at = 0; at < path.size; at++) {
		uint8_t byte = path.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool digit = byte >= '0' && byte <= '9';
		if (letter || digit || (byte && strchr("-._~/", byte)))
			buf_add_byte(out, byte);
		else
			buf_format(out, "%%%02X", byte);
	}
}

bool
island_has_objects(const struct island *island)
{
	enum scheme_shape shape = island->scheme->shape;
	return (shape == SHAPE_FORGE || shape == SHAPE_GIT) && !island->submodules.wanted &&
	       !island->lfs.wanted;
}

void
island_objects(struct arena *arena, const struct island *island, struct bytes revision,
	struct bytes wanted, struct island *out)
{
	*out = *island;
	out->read = arena_copy(arena, wanted);
	out->subpath = bytes_of(NULL, 0);
	if (revision.size)
		out->revision = arena_copy(arena, revision);
	/* Of one repository they are one, whatever is read of it. */
	out->name = BYTES_LITERAL("git-objects");
}

/* A long one is named by its digest, as island.wasm does. */
static struct bytes
short_value(struct arena *arena, struct buf *value)
{
	struct digest digest = digest_of(buf_bytes(value));
	if (value->size <= IDENTITY_VALUE)
		return arena_copy(arena, buf_bytes(value));
	return bytes_text(arena_format(arena, "~%s", digest_print(&digest).text));
}

struct bytes
island_git_value(struct arena *arena, const struct island *island, struct bytes revision)
{
	cleanup_buf struct buf value = BUF(BUF_MAX);
	buf_add(&value, revision);
	if (island->subpath.size) {
		buf_add_byte(&value, ':');
		add_encoded(&value, island->subpath);
	}
	return short_value(arena, &value);
}

bool
island_pin(struct arena *arena, const struct island *island, struct bytes *pin_out)
{
	if (island->checksum.size == 0)
		return false;
	size_t dash = bytes_find(island->checksum, '-');
	cleanup_buf struct buf value = BUF(BUF_MAX);
	buf_add(&value, bytes_from(island->checksum, dash + 1));
	if (island->subpath.size > 0) {
		buf_add_byte(&value, ':');
		add_encoded(&value, island->subpath);
	}
	if (island->strip >= 0)
		buf_format(&value, "+strip=%d", island->strip);
	const char *kind = island->scheme->shape == SHAPE_FILE ? "file1" : "tar1";
	*pin_out = bytes_text(
		arena_format(arena, "%.*s.%s %.*s", BYTES_ARGS(bytes_first(island->checksum, dash)),
			kind, BYTES_ARGS(short_value(arena, &value))));
	return true;
}
