/* SPDX-License-Identifier: MPL-2.0 */
/*
 * --override 'ISLAND=PATH|ISLAND': what stands for an island in this run, wherever it is written. The lock is not touched: what
 * replaces an island, and what that one's own files name, is neither written to it nor asked to agree with it.
 */
#include "session/state.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

static bool
override_refuse(const char *text, struct err *err)
{
	return err_set(
		err, ERR_USAGE, "--override wants ISLAND=PATH or ISLAND=ISLAND, not \"%s\"", text);
}

/* "<github:o/r>=…" is split behind the '>', which no island's text holds; another text at its first '='. */
static size_t
override_split(struct bytes text)
{
	if (!text.size || text.data[0] != '<')
		return bytes_find(text, '=');
	size_t end = bytes_find(text, '>');
	bool good = end != SIZE_MAX && end + 1 < text.size && text.data[end + 1] == '=';
	return good ? end + 1 : SIZE_MAX;
}

struct session_island *
session_island_read(struct session *session, struct bytes text, struct err *err)
{
	bool bare = !text.size || text.data[0] != '<';
	const char *whole = arena_format(
		&session->arena, "%s%.*s%s", bare ? "<" : "", BYTES_ARGS(text), bare ? ">" : "");
	const char *place = arena_format(&session->arena, "%s/default.cab", session->folder);
	session->detached = true;
	struct value *value =
		eval_text(session->evaluator, "island", bytes_text(whole), NULL, place, EVAL_ENTRY);
	session->detached = false;
	const struct path *path = value && value_is(value, VALUE_PATH) ? as_path(value) : NULL;
	if (path && path->root && path->size == 1)
		return session_island_of(path->root);
	if (path && path->root)
		(void)err_set(err, ERR_USAGE, "<%s>%s: a part of an island is written <…::%s>",
			path->root->text, path->text, path->text);
	else
		(void)err_set(err, ERR_USAGE, "%s is not an island", whole);
	return NULL;
}

static bool
override_is_path(struct bytes text)
{
	return text.size && (text.data[0] == '/' || text.data[0] == '.');
}

static bool
override_read(
	struct session *session, const char *text, struct session_override *out, struct err *err)
{
	struct bytes whole = bytes_text(text);
	size_t equals = override_split(whole);
	if (equals == SIZE_MAX || !equals || equals + 1 == whole.size)
		return override_refuse(text, err);
	/* What an island is that is replaced does not matter, nor whether its scheme is bound before evaluation binds it. */
	session->nameless = true;
	struct session_island *wanted =
		session_island_read(session, bytes_first(whole, equals), err);
	session->nameless = false;
	if (!wanted)
		return false;
	if (wanted->local.size)
		return err_set(err, ERR_USAGE,
			"--override %s: <%.*s> is a local tree; only a fetched one is replaced",
			text, BYTES_ARGS(wanted->island.text));
	out->text = text;
	out->instead = text + equals + 1;
	out->wanted = wanted->island.text;
	out->scheme = bytes_text(wanted->island.scheme->text);
	struct bytes instead = bytes_from(whole, equals + 1);
	if (!override_is_path(instead)) {
		struct session_island *other = session_island_read(session, instead, err);
		if (!other)
			return false;
		out->island = &other->island;
		out->local = other->local;
		return true;
	}
	char *path = realpath(out->instead, NULL);
	if (!path)
		return err_system(err, errno, "--override %s", text);
	out->local = arena_copy(&session->arena, bytes_text(path));
	free(path);
	return true;
}

bool
session_override_read(struct session *session, struct err *err)
{
	size_t count = session->options.override_count;
	session->overrides = arena_array(&session->arena, struct session_override, count);
	for (size_t at = 0; at < count; at++) {
		struct session_override *made = &session->overrides[at];
		*made = (struct session_override){0};
		if (!override_read(session, session->options.overrides[at], made, err))
			return false;
		for (size_t before = 0; before < at; before++)
			if (bytes_equal(session->overrides[before].wanted, made->wanted))
				return err_set(err, ERR_USAGE,
					"--override %s: <%.*s> is replaced already", made->text,
					BYTES_ARGS(made->wanted));
		session->override_count++;
	}
	return true;
}

/* Whether `wanted` is the text of an island without its subpath. */
static bool
override_is_above(const struct island *island, struct bytes wanted)
{
	struct bytes rest = bytes_from(island->text, wanted.size);
	return island->subpath.size && bytes_has_prefix(island->text, wanted) &&
	       (bytes_has_prefix(rest, BYTES_LITERAL("::/")) ||
		       bytes_has_prefix(rest, BYTES_LITERAL(":/")));
}

static struct bytes
override_join(struct session *session, struct bytes folder, struct bytes subpath)
{
	if (!folder.size || !subpath.size)
		return folder.size ? folder : subpath;
	return bytes_text(arena_format(
		&session->arena, "%.*s/%.*s", BYTES_ARGS(folder), BYTES_ARGS(subpath)));
}

const struct session_override *
session_override_find(struct session *session, struct island *island, struct bytes *local)
{
	for (size_t at = 0; at < session->override_count; at++) {
		struct session_override *override = &session->overrides[at];
		bool above = override_is_above(island, override->wanted);
		if (!above && !bytes_equal(island->text, override->wanted))
			continue;
		struct bytes subpath = above ? island->subpath : bytes_of(NULL, 0);
		override->met = true;
		if (override->local.size) {
			*local = override_join(session, override->local, subpath);
			return override;
		}
		struct bytes name = island->name;
		*island = *override->island;
		island->subpath = override_join(session, island->subpath, subpath);
		if (above)
			island->name = name;
		return override;
	}
	return NULL;
}

/* A builtin scheme, or one that the configuration, the lock or an island that was met has. */
static bool
override_scheme_is_known(struct session *session, struct bytes scheme)
{
	const char *keys[] = {"schemes", arena_text(&session->arena, scheme), NULL};
	if (scheme_find(scheme) || config_get(session->config, keys) ||
		session_scheme_is_locked(session, scheme))
		return true;
	for (size_t at = 0; at < session->islands.size; at++) {
		const struct session_island *met =
			(const struct session_island *)session->islands.entries[at].value;
		if (bytes_equal_text(scheme, met->island.scheme->text))
			return true;
	}
	return false;
}

static void
override_say_unmet(struct session *session, const struct session_override *override)
{
	struct session_listener *listener = &session->options.listener;
	cleanup_buf struct buf line = BUF(64 << 10);
	buf_format(&line, "--override %s: the evaluation met no island <%.*s>", override->text,
		BYTES_ARGS(override->wanted));
	size_t met = 0;
	for (size_t island = 0; island < session->islands.size && met < 8; island++) {
		const struct session_island *other =
			(const struct session_island *)session->islands.entries[island].value;
		if (other->local.size)
			continue;
		buf_format(&line, "%s<%.*s>", met++ ? ", " : "; it met ",
			BYTES_ARGS(other->island.text));
	}
	listener->say(listener->context, buf_bytes(&line));
}

bool
session_say_overrides(struct session *session, struct err *err)
{
	for (size_t at = 0; at < session->override_count; at++) {
		const struct session_override *override = &session->overrides[at];
		if (override->met)
			continue;
		const char *nearest = island_scheme_nearest(override->scheme);
		/* The text may bind any name, and an island of it need not be met; but a slip of the pen is told as one. */
		if (nearest && !override_scheme_is_known(session, override->scheme))
			return err_set(err, ERR_USAGE,
				"--override %s: there is no scheme `%.*s`, did you mean `%s`",
				override->text, BYTES_ARGS(override->scheme), nearest);
		override_say_unmet(session, override);
	}
	return true;
}
