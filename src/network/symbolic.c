/* SPDX-License-Identifier: MPL-2.0 */
#include "network/symbolic.h"

#include <ctype.h>

enum { NAME_LIMIT = 64, NPM_LIMIT = 214, VERSION_LIMIT = 128, CHECKSUM_SIZE = 64 };

#define SCOPE_END "%2f"

struct package {
	struct bytes name;
	struct bytes version;
	struct bytes checksum; /* empty when the URL gives none */
};

static const struct bytes scheme = {(const uint8_t *)"registry:", 9};

struct bytes
symbolic_origin(struct bytes url)
{
	if (!bytes_has_prefix(url, scheme))
		return bytes_of(url.data, 0);
	return bytes_first(url, bytes_find(url, '/'));
}

static bool
holds_only(struct bytes text, const char *others, size_t limit)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		if (!letter && !(byte >= '0' && byte <= '9') && !(byte && strchr(others, byte)))
			return false;
	}
	return text.size && text.size <= limit;
}

static bool
package_parse(struct bytes url, struct package *out, struct err *err)
{
	static const struct bytes checksum = {(const uint8_t *)"sha256=", 7};
	struct bytes rest = bytes_from(url, symbolic_origin(url).size + 1);
	struct bytes path = bytes_first(rest, bytes_find(rest, '?'));
	struct bytes query = bytes_from(rest, path.size + 1);
	size_t slash = bytes_find(path, '/');
	out->name = bytes_first(path, slash);
	out->version = slash == SIZE_MAX ? bytes_of(NULL, 0) : bytes_from(path, slash + 1);
	if (!holds_only(out->name, "-_", NAME_LIMIT))
		return err_set(err, ERR_REFUSED, "\"%.*s\" is no name of a package",
			BYTES_ARGS(bytes_first(out->name, NAME_LIMIT)));
	if (!holds_only(out->version, ".-+", VERSION_LIMIT))
		return err_set(err, ERR_REFUSED, "\"%.*s\" is no version of package %.*s",
			BYTES_ARGS(bytes_first(out->version, VERSION_LIMIT)),
			BYTES_ARGS(out->name));
	out->checksum = bytes_of(NULL, 0);
	if (rest.size == path.size)
		return true;
	out->checksum = bytes_from(query, checksum.size);
	if (!bytes_has_prefix(query, checksum) || out->checksum.size != CHECKSUM_SIZE ||
		!holds_only(out->checksum, "", CHECKSUM_SIZE))
		return err_set(err, ERR_REFUSED, "package %.*s: its checksum is no sha256=HEX",
			BYTES_ARGS(out->name));
	return true;
}

static void
add_lower(struct buf *out, struct bytes text, bool lower)
{
	for (size_t at = 0; at < text.size; at++)
		buf_add_byte(out, lower ? (uint8_t)tolower(text.data[at]) : text.data[at]);
}

static void
add_prefix(struct buf *out, struct bytes name, bool lower)
{
	if (name.size <= 2) {
		buf_format(out, "%zu", name.size);
	} else if (name.size == 3) {
		buf_add_text(out, "3/");
		add_lower(out, bytes_first(name, 1), lower);
	} else {
		add_lower(out, bytes_first(name, 2), lower);
		buf_add_byte(out, '/');
		add_lower(out, bytes_first(bytes_from(name, 2), 2), lower);
	}
}

enum marker { MARKER_NONE, MARKER_CRATE, MARKER_VERSION, MARKER_PREFIX, MARKER_LOWER, MARKER_SUM };

static enum marker
marker_at(struct bytes text, size_t *size)
{
	static const struct {
		struct bytes text;
		enum marker marker;
	} markers[] = {
		{{(const uint8_t *)"{crate}", 7}, MARKER_CRATE},
		{{(const uint8_t *)"{version}", 9}, MARKER_VERSION},
		{{(const uint8_t *)"{prefix}", 8}, MARKER_PREFIX},
		{{(const uint8_t *)"{lowerprefix}", 13}, MARKER_LOWER},
		{{(const uint8_t *)"{sha256-checksum}", 17}, MARKER_SUM},
	};
	for (size_t at = 0; at < sizeof markers / sizeof *markers; at++) {
		if (!bytes_has_prefix(text, markers[at].text))
			continue;
		*size = markers[at].text.size;
		return markers[at].marker;
	}
	*size = 1;
	return MARKER_NONE;
}

static bool
marker_add(enum marker marker, const struct package *package, struct buf *out, struct err *err)
{
	switch (marker) {
	case MARKER_NONE:
		break;
	case MARKER_CRATE:
		buf_add(out, package->name);
		break;
	case MARKER_VERSION:
		buf_add(out, package->version);
		break;
	case MARKER_PREFIX:
		add_prefix(out, package->name, false);
		break;
	case MARKER_LOWER:
		add_prefix(out, package->name, true);
		break;
	case MARKER_SUM:
		if (!package->checksum.size)
			return err_set(err, ERR_REFUSED,
				"this registry finds packages by checksum, and package %.*s was "
				"asked for without one",
				BYTES_ARGS(package->name));
		buf_add(out, package->checksum);
		break;
	}
	return true;
}

static bool
archive_expand(struct bytes template, struct bytes url, struct buf *out, struct err *err)
{
	struct package package = {0};
	if (!package_parse(url, &package, err))
		return false;
	bool any = false;
	for (size_t size; template.size; template = bytes_from(template, size)) {
		enum marker marker = marker_at(template, &size);
		any |= marker != MARKER_NONE;
		if (marker == MARKER_NONE)
			buf_add_byte(out, template.data[0]);
		else if (!marker_add(marker, &package, out, err))
			return false;
	}
	if (!any) {
		while (out->size && out->data[out->size - 1] == '/')
			buf_truncate(out, out->size - 1);
		buf_add_byte(out, '/');
		buf_add(out, package.name);
		buf_add_byte(out, '/');
		buf_add(out, package.version);
		buf_add_text(out, "/download");
	}
	return buf_check(out, err, "package %.*s", BYTES_ARGS(package.name));
}

/* Behind the origin. */
static struct bytes
path_of(struct bytes url)
{
	return bytes_from(url, symbolic_origin(url).size + 1);
}

static bool
is_index(struct bytes url)
{
	return bytes_equal_text(symbolic_origin(url), "registry:crates") &&
	       bytes_find(path_of(url), '/') == SIZE_MAX;
}

/* The size of "@SCOPE" at the front; 0 where there is none. */
static size_t
scope_size(struct bytes path)
{
	size_t end = bytes_find(path, '%');
	if (!bytes_has_prefix(path, BYTES_LITERAL("@")) || end == SIZE_MAX ||
		!bytes_has_prefix(bytes_from(path, end), BYTES_LITERAL(SCOPE_END)))
		return 0;
	return end;
}

void
symbolic_row(struct bytes url, struct buf *out)
{
	struct bytes path = path_of(url);
	size_t scope = scope_size(path);
	buf_add(out, symbolic_origin(url));
	if (is_index(url))
		buf_add_text(out, "-index");
	if (scope)
		buf_format(out, "/%.*s", BYTES_ARGS(bytes_first(path, scope)));
}

/* A name with dots is no ".." and no hidden file. */
static bool
is_dotted_name(struct bytes name)
{
	return holds_only(name, "-_.", NPM_LIMIT) && name.data[0] != '.';
}

/* The name as the registry's paths have it. */
static bool
name_check(struct bytes url, struct err *err)
{
	struct bytes name = path_of(url);
	size_t scope = scope_size(name);
	bool fine = true;
	if (is_index(url)) {
		fine = holds_only(name, "-_", NAME_LIMIT);
	} else if (bytes_equal_text(symbolic_origin(url), "registry:pypi")) {
		fine = bytes_has_suffix(name, BYTES_LITERAL("/")) &&
		       is_dotted_name(bytes_first(name, name.size - 1));
	} else {
		if (scope) {
			fine = is_dotted_name(bytes_of(name.data + 1, scope - 1));
			name = bytes_from(name, scope + strlen(SCOPE_END));
		}
		fine &= is_dotted_name(name);
	}
	return fine || err_set(err, ERR_REFUSED, "\"%.*s\" is no name of a package",
			       BYTES_ARGS(bytes_first(path_of(url), NAME_LIMIT)));
}

bool
symbolic_expand(struct bytes template, struct bytes url, struct buf *out, struct err *err)
{
	struct bytes origin = symbolic_origin(url);
	bool is_page = bytes_equal_text(origin, "registry:npm") ||
		       bytes_equal_text(origin, "registry:pypi");
	if (!is_page && !is_index(url))
		return archive_expand(template, url, out, err);
	if (!name_check(url, err))
		return false;
	while (template.size && template.data[template.size - 1] == '/')
		template.size--;
	buf_add(out, template);
	buf_add_byte(out, '/');
	if (is_index(url)) {
		add_prefix(out, path_of(url), true);
		buf_add_byte(out, '/');
	}
	add_lower(out, path_of(url), is_index(url));
	return buf_check(out, err, "package %.*s", BYTES_ARGS(path_of(url)));
}
