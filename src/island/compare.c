/* SPDX-License-Identifier: MPL-2.0 */
/* An island beside another state of itself. */
#include "island/derive.h"
#include "island/island_ref.h"
#include "island/url.h"

enum { SHORTEST_REVISION = 40, VERSIONS_NAME = 100 };

static bool
is_revision(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'f'))
			return false;
	}
	return text.size >= SHORTEST_REVISION;
}

bool
island_at_reference(struct arena *arena, const struct island *island, struct bytes reference,
	struct island *out, struct err *err)
{
	enum scheme_shape shape = island->scheme->shape;
	if (shape != SHAPE_FORGE && shape != SHAPE_GIT)
		return err_set(err, ERR_REFUSED,
			"<%.*s> has no other reference: only islands of git have",
			BYTES_ARGS(island->text));
	if (island->revision.size || is_revision(island->reference))
		return err_set(err, ERR_REFUSED,
			"<%.*s> names a revision in its own text: change it there",
			BYTES_ARGS(island->text));
	if (!island_reference_is_valid(reference))
		return err_set(err, ERR_REFUSED, "\"%.*s\" is no name of a branch, tag or revision",
			BYTES_ARGS(bytes_first(reference, 100)));
	*out = *island;
	out->reference = arena_copy(arena, reference);
	if (island->reference_is_entry)
		return true;
	size_t ending = island->reference.size ? island->reference.size + 1 : 0;
	struct bytes bare = bytes_first(island->ref, island->ref.size - ending);
	out->ref = bytes_text(
		arena_format(arena, "%.*s@%.*s", BYTES_ARGS(bare), BYTES_ARGS(reference)));
	return true;
}

bool
island_versions(
	struct arena *arena, const struct island *island, struct island *out, struct err *err)
{
	enum scheme_shape shape = island->scheme->shape;
	bool is_package = shape == SHAPE_REGISTRY;
	if (shape != SHAPE_FORGE && shape != SHAPE_GIT && !is_package)
		return err_set(err, ERR_REFUSED,
			"<%.*s>: only the tags of git and the versions of packages can be listed; "
			"of "
			"other sources cab asks for what is named and no index",
			BYTES_ARGS(island->text));
	struct bytes name = is_package ? island_package_name(arena, island) : island->name;
	name = island_name_clean(arena, name);
	*out = (struct island){.scheme = island->scheme,
		.ref = island->place,
		.place = island->place,
		.strip = -1,
		.versions = true,
		.text = island->text};
	out->name = bytes_text(
		arena_format(arena, "%.*s-versions", BYTES_ARGS(bytes_first(name, VERSIONS_NAME))));
	return true;
}

static struct bytes
compare_template(const struct island *island)
{
#define COMPARE(name, text)                                                                        \
	if (island->scheme->id == SCHEME_##name)                                                   \
		return BYTES_LITERAL(text);
#include "island/scheme_list.h"
	return bytes_of(NULL, 0);
}

/* The revision at the front of a `git` identity's VALUE. */
static struct bytes
compare_revision(struct bytes value)
{
	size_t end = 0;
	while (end < value.size && value.data[end] != ':' && value.data[end] != '+')
		end++;
	return bytes_first(value, end);
}

bool
island_commits(struct arena *arena, const struct island *island, struct bytes old, struct bytes new,
	struct island *out)
{
	enum scheme_shape shape = island->scheme->shape;
	struct bytes from = compare_revision(old);
	struct bytes to = compare_revision(new);
	bool is_git = shape == SHAPE_FORGE || shape == SHAPE_GIT;
	if (!is_git || !is_revision(from) || !is_revision(to) || bytes_equal(from, to))
		return false;
	*out = (struct island){.scheme = island->scheme,
		.ref = island->place,
		.place = island->place,
		.revision = arena_copy(arena, to),
		.since = arena_copy(arena, from),
		.strip = -1,
		.text = island->text,
		.name = BYTES_LITERAL("git-commits")};
	return true;
}

bool
island_compare_url(struct arena *arena, const struct island *island,
	const struct island_settings *settings, struct bytes old, struct bytes new,
	struct bytes *out)
{
	struct bytes rest = compare_template(island);
	struct bytes from = compare_revision(old);
	struct bytes to = compare_revision(new);
	if (!rest.size || !is_revision(from) || !is_revision(to))
		return false;
	struct bytes base = settings->base[island->scheme->id];
	if (!base.size)
		base = bytes_text(island->scheme->base);
	/* Where pages are shown is not known then. */
	if (url_is_ssh(base))
		return false;
	cleanup_buf struct buf url = BUF(BUF_MAX);
	buf_format(&url, "%.*s/%.*s", BYTES_ARGS(base), BYTES_ARGS(island->place));
	for (; rest.size; rest = bytes_from(rest, 1)) {
		if (rest.data[0] != '{') {
			buf_add_byte(&url, rest.data[0]);
			continue;
		}
		bool is_old = bytes_has_prefix(rest, BYTES_LITERAL("{old}"));
		buf_add(&url, is_old ? from : to);
		rest = bytes_from(rest, bytes_find(rest, '}'));
	}
	*out = arena_copy(arena, buf_bytes(&url));
	return true;
}
