/* SPDX-License-Identifier: MPL-2.0 */
#include "island/island_ref.h"

#include "base/path.h"
#include "derivation/derivation.h"
#include "island/foreign.h"
#include "island/url.h"

enum { REFERENCE = 255, REGISTRY_NAME = 64, NPM_NAME = 214, IMAGE_TAG = 128 };

/* What git refuses in a name of a reference (git-check-ref-format), and what the text of an island
 * would have to escape. */
bool
island_reference_is_valid(struct bytes reference)
{
	static const char refused[] = "~^:?*[\\\"{}<>";
	if (reference.size == 0 || reference.size > REFERENCE || reference.data[0] == '-')
		return false;
	for (size_t at = 0; at < reference.size; at++) {
		uint8_t byte = reference.data[at];
		if (byte <= ' ' || byte >= 0x7f || memchr(refused, byte, sizeof refused - 1))
			return false;
		if (byte == '.' && at > 0 && reference.data[at - 1] == '.')
			return false;
	}
	struct bytes rest = reference;
	struct bytes part;
	while (bytes_split(&rest, '/', &part))
		if (part.size == 0 || part.data[0] == '.' ||
			bytes_has_suffix(part, BYTES_LITERAL(".lock")))
			return false;
	return !bytes_has_suffix(reference, BYTES_LITERAL("."));
}

struct bytes
island_name_clean(struct arena *arena, struct bytes name)
{
	cleanup_buf struct buf clean = BUF(BUF_MAX);
	for (size_t at = 0; at < name.size && clean.size < DERIVATION_NAME; at++) {
		struct bytes byte = bytes_of(name.data + at, 1);
		bool leading = clean.size == 0 && (byte.data[0] == '.' || byte.data[0] == '-');
		if (leading)
			continue;
		bool fine = derivation_is_name(byte, 1) || byte.data[0] == '.';
		if (fine || clean.size > 0)
			buf_add_byte(&clean, fine ? byte.data[0] : '-');
	}
	if (clean.size == 0)
		return BYTES_LITERAL("source");
	return arena_copy(arena, buf_bytes(&clean));
}

static struct bytes
without_archive_ending(struct bytes name)
{
	static const char *const endings[] = {".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz",
		".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".tbz", ".zip", ".crate"};
	size_t longest = 0;
	for (size_t at = 0; at < sizeof endings / sizeof *endings; at++) {
		struct bytes ending = bytes_text(endings[at]);
		if (ending.size > longest && name.size > ending.size &&
			bytes_has_suffix(name, ending))
			longest = ending.size;
	}
	return bytes_first(name, name.size - longest);
}

static struct bytes
without_git_ending(struct bytes name)
{
	struct bytes ending = BYTES_LITERAL(".git");
	bool has = name.size > ending.size && bytes_has_suffix(name, ending);
	return has ? bytes_first(name, name.size - ending.size) : name;
}

/* Cuts "@REFERENCE" off a text; false where it is empty. */
static bool
take_reference(struct bytes text, size_t from, struct island *island)
{
	size_t mark = bytes_find(bytes_from(text, from), '@');
	island->place = mark == SIZE_MAX ? text : bytes_first(text, from + mark);
	island->reference =
		mark == SIZE_MAX ? bytes_of(NULL, 0) : bytes_from(text, from + mark + 1);
	return mark == SIZE_MAX || island->reference.size > 0;
}

static bool
refuse_reference(const struct island *island, struct err *err)
{
	return err_set(err, ERR_REFUSED, "`%.*s` is no branch, tag or revision",
		BYTES_ARGS(island->reference));
}

static bool
is_forge_part(struct bytes part)
{
	if (part.size == 0 || part.size > 100 || part.data[0] == '-' || !path_is_name(part))
		return false;
	for (size_t at = 0; at < part.size; at++) {
		uint8_t byte = part.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool digit = byte >= '0' && byte <= '9';
		bool mark = byte == '-' || byte == '.' || byte == '_' || byte == '~';
		if (!letter && !digit && !mark)
			return false;
	}
	return true;
}

/* Other tools write OWNER/REPO/REFERENCE, OWNER/REPO?ref=REFERENCE, or a URL. */
static bool
refuse_forge(const struct island *island, struct err *err)
{
	return err_set(err, ERR_REFUSED,
		"`%.*s` is no OWNER/REPO, as in <%s:cull-os/cab>; a branch, tag or revision stands "
		"behind an '@'",
		BYTES_ARGS(island->place), island->scheme->text);
}

static bool
parse_forge(struct arena *arena, struct island *island, struct err *err)
{
	if (!take_reference(island->ref, 0, island))
		return err_set(err, ERR_REFUSED, "nothing follows the '@'");
	struct bytes rest = island->place;
	struct bytes part = {NULL, 0};
	size_t parts = 0;
	while (bytes_split(&rest, '/', &part)) {
		if (!is_forge_part(part))
			return refuse_forge(island, err);
		parts++;
	}
	/* Only GitLab has groups within groups. */
	bool nested = island->scheme->id == SCHEME_GITLAB;
	if (parts < 2 || (parts > 2 && !nested))
		return refuse_forge(island, err);
	if (island->reference.size > 0 && !island_reference_is_valid(island->reference))
		return refuse_reference(island, err);
	island->name = island_name_clean(arena, without_git_ending(part));
	return true;
}

static bool
parse_git(struct arena *arena, struct island *island, struct err *err)
{
	/* As ssh and git write it: USER@HOST:PATH. Its '@' is no reference's. */
	size_t authority = bytes_find(island->ref, ':');
	size_t user = bytes_find(island->ref, '@');
	bool is_short = user != SIZE_MAX && authority != SIZE_MAX && user < authority &&
			bytes_find(bytes_first(island->ref, authority), '/') == SIZE_MAX;
	if (is_short)
		return err_set(err, ERR_REFUSED, "a URL is wanted: write <git:ssh://%.*s/%.*s>",
			BYTES_ARGS(bytes_first(island->ref, authority)),
			BYTES_ARGS(bytes_from(island->ref, authority + 1)));
	/* An '@' before the path stands behind a user's name. */
	size_t path = authority == SIZE_MAX ? 0 : authority + 3;
	while (path < island->ref.size && island->ref.data[path] != '/')
		path++;
	if (!take_reference(island->ref, path < island->ref.size ? path : 0, island))
		return err_set(err, ERR_REFUSED, "nothing follows the '@'");
	struct url url;
	if (!url_parse_repository(island->place, &url, err))
		return false;
	struct bytes name = url_name(&url);
	if (name.size == 0)
		return err_set(
			err, ERR_REFUSED, "the URL of a repository is wanted: it has no path");
	if (url.query.size > 0)
		return err_set(err, ERR_REFUSED, "the URL of a repository has no query (?…)");
	if (island->reference.size > 0 && !island_reference_is_valid(island->reference))
		return refuse_reference(island, err);
	island->name = island_name_clean(arena, without_git_ending(name));
	return true;
}

struct bytes
island_url(struct arena *arena, const struct island *island)
{
	if (island->scheme->shape == SHAPE_OCI)
		return bytes_text(arena_format(arena, "https://%.*s", BYTES_ARGS(island->place)));
	if (island->scheme->shape != SHAPE_ARCHIVE)
		return island->place;
	return bytes_text(
		arena_format(arena, "%s:%.*s", island->scheme->text, BYTES_ARGS(island->ref)));
}

static bool
parse_file(struct arena *arena, struct island *island, struct err *err)
{
	struct url url;
	bool archive = island->scheme->shape == SHAPE_ARCHIVE;
	island->place = island->ref;
	if (!url_parse(island_url(arena, island), &url, err))
		return false;
	struct bytes name = url_name(&url);
	if (name.size == 0)
		return err_set(err, ERR_REFUSED, "the URL has no path, so nothing to fetch");
	island->name = island_name_clean(arena, archive ? without_archive_ending(name) : name);
	return true;
}

/* Letters and digits, and the marks after the first of them. */
static bool
is_spelt(struct bytes text, const char *marks, size_t limit)
{
	if (text.size == 0 || text.size > limit)
		return false;
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool digit = byte >= '0' && byte <= '9';
		bool mark = at > 0 && byte && strchr(marks, byte);
		if (!letter && !digit && !mark)
			return false;
	}
	return true;
}

/* A dot is no mark of a crate; a name of npm may have a scope before it. */
static bool
is_package(enum scheme_id scheme, struct bytes name)
{
	if (scheme != SCHEME_NPM)
		return is_spelt(name, scheme == SCHEME_PYPI ? "-_." : "-_", REGISTRY_NAME);
	if (bytes_has_prefix(name, BYTES_LITERAL("@"))) {
		size_t slash = bytes_find(name, '/');
		if (slash == SIZE_MAX ||
			!is_spelt(bytes_of(name.data + 1, slash - 1), "-_.", NPM_NAME))
			return false;
		name = bytes_from(name, slash + 1);
	}
	return is_spelt(name, "-_.", NPM_NAME);
}

/* Of Python the normal form of PEP 503, so that one package's tree has one name. */
struct bytes
island_package_name(struct arena *arena, const struct island *island)
{
	struct bytes name = island->place;
	cleanup_buf struct buf normal = BUF(BUF_MAX);
	if (island->scheme->id != SCHEME_PYPI)
		return name;
	for (size_t at = 0; at < name.size; at++) {
		uint8_t byte = name.data[at];
		bool mark = byte == '-' || byte == '_' || byte == '.';
		bool upper = byte >= 'A' && byte <= 'Z';
		bool again = mark && normal.size > 0 && normal.data[normal.size - 1] == '-';
		if (mark)
			byte = '-';
		else if (upper)
			byte = (uint8_t)(byte - 'A' + 'a');
		if (!again)
			buf_add_byte(&normal, byte);
	}
	return arena_copy(arena, buf_bytes(&normal));
}

/* No dots in a row: a version is a part of a URL's path. npm's may be a dist-tag, Python's has an epoch. */
bool
island_version_is_valid(enum scheme_id scheme, struct bytes version)
{
	const char *marks = scheme == SCHEME_PYPI ? ".+-!" : ".+-";
	if (scheme == SCHEME_NPM && is_spelt(version, ".-_", REGISTRY_NAME))
		return true;
	return is_spelt(version, marks, REGISTRY_NAME) && version.data[0] <= '9' &&
	       !memmem(version.data, version.size, "..", 2);
}

static bool
parse_registry(struct arena *arena, struct island *island, struct err *err)
{
	enum scheme_id scheme = island->scheme->id;
	bool scoped = bytes_has_prefix(island->ref, BYTES_LITERAL("@"));
	if (!take_reference(island->ref, scoped, island))
		return err_set(err, ERR_REFUSED, "nothing follows the '@'");
	struct bytes name = island->place;
	struct bytes version = island->reference;
	if (!is_package(scheme, name))
		return err_set(err, ERR_REFUSED,
			"`%.*s` is no name of a package, as in <%s:%s>; a version stands behind an "
			"'@'",
			BYTES_ARGS(name), island->scheme->text,
			scheme == SCHEME_NPM ? "@SCOPE/NAME> or <npm:NAME" : "NAME");
	name = island_package_name(arena, island);
	island->name = island_name_clean(arena, name);
	if (version.size == 0)
		return true;
	if (!island_version_is_valid(scheme, version))
		return err_set(err, ERR_REFUSED,
			"`%.*s` is no version of a package: one is wanted, whole; without it the "
			"newest is taken, and locked",
			BYTES_ARGS(version));
	island->name = island_name_clean(arena, bytes_text(arena_format(arena, "%.*s-%.*s",
							BYTES_ARGS(name), BYTES_ARGS(version))));
	return true;
}

bool
island_platform_is_valid(struct bytes platform)
{
	struct bytes rest = platform, part;
	size_t parts = 0;
	while (bytes_split(&rest, '/', &part)) {
		if (!is_spelt(part, "_-.", REGISTRY_NAME))
			return false;
		parts++;
	}
	return parts == 2 || parts == 3;
}

static bool
is_image_reference(struct bytes reference)
{
	static const struct bytes algorithm = {(const uint8_t *)"sha256:", 7};
	uint8_t sum[32];
	if (bytes_has_prefix(reference, algorithm))
		return reference.size == algorithm.size + 64 &&
		       hex_parse(bytes_from(reference, algorithm.size), sum);
	return is_spelt(reference, "._-", IMAGE_TAG);
}

static bool
parse_oci(struct arena *arena, struct island *island, struct err *err)
{
	struct url url = {0};
	if (!take_reference(island->ref, 0, island))
		return err_set(err, ERR_REFUSED, "nothing follows the '@'");
	bool fine = url_parse(island_url(arena, island), &url, err) && url.query.size == 0;
	struct bytes rest = bytes_from(url.path, 1), part = {NULL, 0};
	for (size_t parts = 0; fine && (parts == 0 || rest.data); parts++)
		fine = bytes_split(&rest, '/', &part) && is_spelt(part, "._-", IMAGE_TAG);
	if (!fine)
		return err_set(err, ERR_REFUSED,
			"`%.*s` is no HOST/NAME of an image, as in "
			"<oci:registry.example/some/image@TAG>; a tag stands behind an '@'",
			BYTES_ARGS(island->place));
	if (island->reference.size > 0 && !is_image_reference(island->reference))
		return err_set(err, ERR_REFUSED,
			"`%.*s` is no tag and no sha256:HEX, of which "
			"one is wanted",
			BYTES_ARGS(island->reference));
	island->name = island_name_clean(arena, part);
	return true;
}

static bool
parse_local(struct island *island, struct err *err)
{
	struct bytes ref = island->ref;
	if (ref.size > 0 && ref.data[0] == '/')
		return err_set(err, ERR_REFUSED,
			"`%.*s` stands where nothing is wanted: write <%s::%.*s>", BYTES_ARGS(ref),
			island->scheme->text, BYTES_ARGS(ref));
	if (ref.size > 0)
		return err_set(err, ERR_REFUSED,
			"`%.*s` stands where nothing is wanted: write <%s::/PATH>", BYTES_ARGS(ref),
			island->scheme->text);
	island->name = BYTES_LITERAL("source");
	return true;
}

bool
island_ref_parse(struct arena *arena, struct island *island, struct err *err)
{
	for (size_t at = 0; at < island->ref.size; at++)
		if (island->ref.data[at] <= ' ' || island->ref.data[at] >= 0x7f)
			return err_set(err, ERR_REFUSED,
				"its text holds a space, a control character or one that is not "
				"ASCII%s",
				island->ref.data[at] == ' ' &&
						bytes_find(island->ref, '{') != SIZE_MAX
					? "; configuration is written "
					  "<SCHEME:REFERENCE:{ KEY = VALUE, }>"
					: "");
	switch (island->scheme->shape) {
	case SHAPE_FORGE:
		return parse_forge(arena, island, err);
	case SHAPE_GIT:
		return parse_git(arena, island, err);
	case SHAPE_ARCHIVE:
	case SHAPE_FILE:
		return parse_file(arena, island, err);
	case SHAPE_REGISTRY:
		return parse_registry(arena, island, err);
	case SHAPE_OCI:
		return parse_oci(arena, island, err);
	case SHAPE_LOCAL:
		return parse_local(island, err);
	case SHAPE_FOREIGN:
		return foreign_parse(arena, island, err);
	}
	return false;
}

/* Names between single slashes; "/" alone and a last '/' are fine. */
static bool
is_plain(struct bytes path)
{
	for (size_t at = 0; at < path.size; at++)
		if (path.data[at] < ' ' || path.data[at] == 0x7f)
			return false;
	struct bytes rest = path;
	struct bytes part;
	while (rest.size > 0 && bytes_split(&rest, '/', &part))
		if (!path_is_name(part))
			return false;
	return true;
}

bool
island_subpath_parse(
	const struct island *island, struct bytes subpath, struct bytes *out, struct err *err)
{
	bool absolute = island->scheme->id == SCHEME_FS;
	if (subpath.size == 0 && absolute)
		return err_set(err, ERR_REFUSED, "a path is wanted, as in <fs::/home/me/project>");
	if (subpath.size == 0) {
		*out = subpath;
		return true;
	}
	if (subpath.data[0] != '/')
		return err_set(err, ERR_REFUSED, "the subpath `%.*s` does not begin with '/'",
			BYTES_ARGS(subpath));
	if (!is_plain(bytes_from(subpath, 1)))
		return err_set(err, ERR_REFUSED,
			"the subpath `%.*s` has an empty part, a `.`, a `..` or a control "
			"character",
			BYTES_ARGS(subpath));
	bool slash = subpath.size > 1 && subpath.data[subpath.size - 1] == '/';
	subpath = bytes_first(subpath, subpath.size - slash);
	*out = absolute ? subpath : bytes_from(subpath, 1);
	return true;
}
