/* SPDX-License-Identifier: MPL-2.0 */
#include "island/fetcher.h"

#include <stdlib.h>

#include "island/derive.h"
#include "island/foreign.h"
#include "island/url.h"

bool
fetcher_scheme_is_valid(struct bytes scheme)
{
	if (scheme.size == 0 || scheme.size > FETCHER_SCHEME || scheme_find(scheme) ||
		bytes_equal_text(scheme, "derivation"))
		return false;
	for (size_t at = 0; at < scheme.size; at++) {
		uint8_t byte = scheme.data[at];
		bool letter = byte >= 'a' && byte <= 'z';
		bool later = (byte >= '0' && byte <= '9') || (byte && strchr("+._-", byte));
		if (!letter && !(at && later))
			return false;
	}
	return true;
}

static int
compare_bytes(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

size_t
foreign_sort_origins(struct bytes *origins, size_t count)
{
	size_t kept = 0;
	if (count)
		qsort(origins, count, sizeof *origins, compare_bytes);
	for (size_t at = 0; at < count; at++)
		if (!kept || !bytes_equal(origins[kept - 1], origins[at]))
			origins[kept++] = origins[at];
	return kept;
}

static bool
is_word(struct bytes origin)
{
	return bytes_equal_text(origin, "redirects") || bytes_equal_text(origin, "ref");
}

/* An origin and nothing behind it: a path would look like a limit that nobody keeps. */
static bool
check_origin(struct arena *arena, struct bytes text, struct bytes *out)
{
	if (is_word(text)) {
		*out = arena_copy(arena, text);
		return true;
	}
	struct url url;
	struct err err;
	if (url_parse(text, &url, &err) && (url.path.size > 1 || url.query.size))
		return false;
	return island_origin(arena, text, out);
}

static bool
check_base(struct arena *arena, struct bytes text, struct bytes *out, struct err *err)
{
	while (text.size && text.data[text.size - 1] == '/')
		text.size--;
	struct url url;
	if (!url_parse(text, &url, err))
		return err_note(err, "base");
	if (url.query.size)
		return err_set(
			err, ERR_REFUSED, "base: %.*s: a base has no query (?…)", BYTES_ARGS(text));
	*out = arena_copy(arena, text);
	return true;
}

static bool
check_parts(struct arena *arena, const struct island_fetcher *given, struct island_fetcher *out,
	struct err *err)
{
	*out = *given;
	if (given->origin_count > FETCHER_ORIGINS)
		return err_set(err, ERR_LIMIT, "it has more than %d origins", FETCHER_ORIGINS);
	struct bytes *origins = arena_array(arena, struct bytes, given->origin_count + 1);
	for (size_t at = 0; at < given->origin_count; at++)
		if (!check_origin(arena, given->origins[at], &origins[at]))
			return err_set(err, ERR_REFUSED,
				"`%.*s` is no origin: one is https://HOST, perhaps with :PORT, or "
				"the "
				"word redirects or ref",
				BYTES_ARGS(bytes_first(given->origins[at], 256)));
	size_t count = given->origin_count;
	if (given->base.size) {
		if (!check_base(arena, given->base, &out->base, err))
			return false;
		bool known = island_origin(arena, out->base, &origins[count++]);
		must(known, "a base is a URL");
	}
	out->origin_count = foreign_sort_origins(origins, count);
	out->origins = origins;
	return true;
}

bool
fetcher_check(struct arena *arena, struct bytes scheme, const struct island_fetcher *given,
	struct island_fetcher *out, struct err *err)
{
	if (!fetcher_scheme_is_valid(scheme))
		return err_set(err, ERR_REFUSED,
			"`%.*s` cannot be a scheme of one's own: lower-case letters are wanted, "
			"then also "
			"digits and +._-, at most %d, and no builtin scheme",
			BYTES_ARGS(bytes_first(scheme, 64)), FETCHER_SCHEME);
	return check_parts(arena, given, out, err) ||
	       err_note(err, "the fetcher of `%.*s`", BYTES_ARGS(scheme));
}

static bool
equal_lists(
	const struct bytes *left, size_t left_count, const struct bytes *right, size_t right_count)
{
	bool same = left_count == right_count;
	for (size_t at = 0; same && at < left_count; at++)
		same = bytes_equal(left[at], right[at]);
	return same;
}

bool
fetcher_equal(const struct island_fetcher *left, const struct island_fetcher *right)
{
	if (!left || !right)
		return left == right;
	return bytes_equal(left->program, right->program) && bytes_equal(left->base, right->base) &&
	       equal_lists(left->inputs, left->input_count, right->inputs, right->input_count) &&
	       equal_lists(left->origins, left->origin_count, right->origins, right->origin_count);
}
