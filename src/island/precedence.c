/* SPDX-License-Identifier: MPL-2.0 */
#include "island/precedence.h"

#include <strings.h>

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static size_t
digits_size(struct bytes text)
{
	size_t size = 0;
	while (size < text.size && is_digit(text.data[size]))
		size++;
	return size;
}

static bool
is_number(struct bytes text)
{
	return text.size > 0 && digits_size(text) == text.size;
}

/* The longer one is more, once the zeros before are gone; an empty one is 0. */
static int
number_compare(struct bytes left, struct bytes right)
{
	while (left.size && left.data[0] == '0')
		left = bytes_from(left, 1);
	while (right.size && right.data[0] == '0')
		right = bytes_from(right, 1);
	if (left.size != right.size)
		return left.size > right.size ? 1 : -1;
	return bytes_compare(left, right);
}

/* What is before a byte, which goes with it; all where it is not there. */
static struct bytes
word_take(struct bytes *rest, uint8_t separator)
{
	struct bytes word = bytes_of(NULL, 0);
	(void)bytes_split(rest, separator, &word);
	return word;
}

/* Names between dots: numbers by what they are and below all else, the rest as text. */
static int
names_compare(struct bytes left, struct bytes right)
{
	while (left.size && right.size) {
		struct bytes one = word_take(&left, '.');
		struct bytes other = word_take(&right, '.');
		int order = (int)is_number(other) - (int)is_number(one);
		if (!order)
			order = is_number(one) ? number_compare(one, other)
					       : bytes_compare(one, other);
		if (order)
			return order;
	}
	return (left.size > 0) - (right.size > 0);
}

int
precedence_semantic(struct bytes left, struct bytes right)
{
	/* What is behind a plus has no say. */
	struct bytes left_early = word_take(&left, '+');
	struct bytes right_early = word_take(&right, '+');
	struct bytes left_core = word_take(&left_early, '-');
	struct bytes right_core = word_take(&right_early, '-');
	int order = names_compare(left_core, right_core);
	if (order)
		return order;
	if (!left_early.size || !right_early.size)
		return (left_early.size == 0) - (right_early.size == 0);
	return names_compare(left_early, right_early);
}

/* A version of Python's in its parts; numbers that are not written are empty, and 0. */
struct python {
	struct bytes epoch;
	struct bytes release; /* numbers, a dot between */
	unsigned stage;       /* PYTHON_… */
	struct bytes early;   /* of a, b, rc */
	bool has_post;
	struct bytes post;
	bool has_dev;
	struct bytes dev;
	struct bytes local;
};

/* One of development alone comes before the alphas of its release. */
enum { PYTHON_DEV, PYTHON_A, PYTHON_B, PYTHON_RC, PYTHON_FINAL };

static bool
is_mark(struct bytes text, size_t at)
{
	return at < text.size &&
	       (text.data[at] == '-' || text.data[at] == '_' || text.data[at] == '.');
}

/* A word of the list with a mark before and behind and its number, all but the word optional: "-alpha.1". Longer words are
 * listed before what they begin with. Its index, or -1 and nothing taken. */
static int
phase_take(struct bytes *rest, const char *const *words, struct bytes *number_out)
{
	struct bytes text = bytes_from(*rest, is_mark(*rest, 0));
	for (int word = 0; words[word]; word++) {
		size_t size = strlen(words[word]);
		if (text.size < size ||
			strncasecmp((const char *)text.data, words[word], size) != 0)
			continue;
		text = bytes_from(text, size);
		text = bytes_from(text, is_mark(text, 0));
		*number_out = bytes_first(text, digits_size(text));
		*rest = bytes_from(text, number_out->size);
		return word;
	}
	return -1;
}

/* "N(.N)*"; false where it begins with no digit. */
static bool
release_take(struct bytes *rest, struct bytes *out)
{
	size_t size = digits_size(*rest);
	if (!size)
		return false;
	while (size + 1 < rest->size && rest->data[size] == '.' && is_digit(rest->data[size + 1]))
		size += 1 + digits_size(bytes_from(*rest, size + 1));
	*out = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size);
	return true;
}

/* Letters and digits, one mark between. */
static bool
local_is_valid(struct bytes local)
{
	bool was_mark = true;
	for (size_t at = 0; at < local.size; at++) {
		uint8_t byte = local.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool mark = is_mark(local, at);
		if ((!letter && !is_digit(byte) && !mark) || (mark && was_mark))
			return false;
		was_mark = mark;
	}
	return !was_mark;
}

static bool
python_read(struct bytes text, struct python *out)
{
	static const char *const stages[] = {
		"alpha", "a", "beta", "b", "preview", "pre", "rc", "c", NULL};
	static const uint8_t stage_of[] = {
		PYTHON_A, PYTHON_A, PYTHON_B, PYTHON_B, PYTHON_RC, PYTHON_RC, PYTHON_RC, PYTHON_RC};
	static const char *const posts[] = {"post", "rev", "r", NULL};
	static const char *const devs[] = {"dev", NULL};
	*out = (struct python){.stage = PYTHON_FINAL};
	struct bytes rest = bytes_from(text, text.size && (text.data[0] | 0x20) == 'v');
	size_t epoch = digits_size(rest);
	if (epoch && epoch < rest.size && rest.data[epoch] == '!') {
		out->epoch = bytes_first(rest, epoch);
		rest = bytes_from(rest, epoch + 1);
	}
	if (!release_take(&rest, &out->release))
		return false;
	int stage = phase_take(&rest, stages, &out->early);
	if (stage >= 0)
		out->stage = stage_of[stage];
	if (rest.size > 1 && rest.data[0] == '-' && is_digit(rest.data[1])) {
		/* "1.0-1" is a post release too. */
		rest = bytes_from(rest, 1);
		out->post = bytes_first(rest, digits_size(rest));
		rest = bytes_from(rest, out->post.size);
		out->has_post = true;
	} else {
		out->has_post = phase_take(&rest, posts, &out->post) >= 0;
	}
	out->has_dev = phase_take(&rest, devs, &out->dev) >= 0;
	if (out->has_dev && !out->has_post && out->stage == PYTHON_FINAL)
		out->stage = PYTHON_DEV;
	if (!rest.size)
		return true;
	out->local = bytes_from(rest, 1);
	return rest.data[0] == '+' && local_is_valid(out->local);
}

/* Numbers between dots; those that are not there are 0. */
static int
release_compare(struct bytes left, struct bytes right)
{
	while (left.size || right.size) {
		int order = number_compare(word_take(&left, '.'), word_take(&right, '.'));
		if (order)
			return order;
	}
	return 0;
}

static struct bytes
local_take(struct bytes *rest)
{
	size_t size = 0;
	while (size < rest->size && !is_mark(*rest, size))
		size++;
	struct bytes part = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size + 1);
	return part;
}

/* Here numbers are above all else. */
static int
local_compare(struct bytes left, struct bytes right)
{
	while (left.size && right.size) {
		struct bytes one = local_take(&left);
		struct bytes other = local_take(&right);
		int order = (int)is_number(one) - (int)is_number(other);
		if (!order && is_number(one)) {
			order = number_compare(one, other);
		} else if (!order) {
			size_t common = one.size < other.size ? one.size : other.size;
			order = strncasecmp(
				(const char *)one.data, (const char *)other.data, common);
			if (!order)
				order = (one.size > other.size) - (one.size < other.size);
		}
		if (order)
			return order;
	}
	return (left.size > 0) - (right.size > 0);
}

int
precedence_python(struct bytes left, struct bytes right)
{
	struct python one, other;
	bool is_one = python_read(left, &one);
	bool is_other = python_read(right, &other);
	if (!is_one && !is_other)
		return bytes_compare(left, right);
	int order = (int)is_one - (int)is_other;
	if (!order)
		order = number_compare(one.epoch, other.epoch);
	if (!order)
		order = release_compare(one.release, other.release);
	if (!order)
		order = (int)one.stage - (int)other.stage;
	if (!order)
		order = number_compare(one.early, other.early);
	if (!order)
		order = (int)one.has_post - (int)other.has_post;
	if (!order)
		order = number_compare(one.post, other.post);
	if (!order)
		order = (int)other.has_dev - (int)one.has_dev;
	if (!order)
		order = number_compare(one.dev, other.dev);
	return order ? order : local_compare(one.local, other.local);
}
