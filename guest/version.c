/* SPDX-License-Identifier: MPL-2.0 */
#include "version.h"

/* The longer one is more, once the zeros before are gone; an empty one is 0. */
static int
number_compare(struct span left, struct span right)
{
	while (left.size && *left.data == '0')
		left = span_after(left, 1);
	while (right.size && *right.data == '0')
		right = span_after(right, 1);
	if (left.size != right.size)
		return left.size > right.size ? 1 : -1;
	return span_compare(left, right);
}

/* Names between dots: numbers by what they are and below all else, the rest as text. */
static int
names_compare(struct span left, struct span right)
{
	while (left.size && right.size) {
		struct span one = span_word(&left, '.');
		struct span other = span_word(&right, '.');
		bool numbers = span_is_digits(one);
		int order = span_is_digits(other) - numbers;
		if (!order)
			order = numbers ? number_compare(one, other) : span_compare(one, other);
		if (order)
			return order;
	}
	return (left.size > 0) - (right.size > 0);
}

int
version_compare(struct span left, struct span right)
{
	/* What is behind a plus has no say. */
	struct span left_early = span_word(&left, '+');
	struct span right_early = span_word(&right, '+');
	struct span left_core = span_word(&left_early, '-');
	struct span right_core = span_word(&right_early, '-');
	int order = names_compare(left_core, right_core);
	if (order)
		return order;
	if (!left_early.size || !right_early.size)
		return (left_early.size == 0) - (right_early.size == 0);
	return names_compare(left_early, right_early);
}

bool
version_is_early(struct span version)
{
	struct span core = span_word(&version, '+');
	return span_find(core, '-') < core.size;
}

/* The digits in front, of an epoch ("N!") or of a release; none, where it has no more. */
static size_t
digits_size(struct span version, uint8_t separator)
{
	size_t size = span_find(version, separator);
	bool is_none = separator == '!' ? size == version.size : span_has_prefix(version, "post");
	return is_none ? 0 : size;
}

static struct span
digits_drop(struct span version, size_t size, uint8_t separator)
{
	version = span_after(version, size);
	return span_after(version, version.size && *version.data == separator);
}

int
version_compare_python(struct span left, struct span right)
{
	uint8_t separator = '!';
	for (size_t before = SIZE_MAX; before != left.size + right.size; separator = '.') {
		before = separator == '.' ? left.size + right.size : SIZE_MAX;
		size_t one = digits_size(left, separator);
		size_t other = digits_size(right, separator);
		int order = number_compare(span_of(left.data, one), span_of(right.data, other));
		if (order)
			return order;
		left = digits_drop(left, one, separator);
		right = digits_drop(right, other, separator);
	}
	/* What is left is "postN". */
	if (!left.size || !right.size)
		return (left.size > 0) - (right.size > 0);
	return number_compare(span_from(left, 4), span_from(right, 4));
}

bool
version_is_final_python(struct span version)
{
	struct span rest = version;
	if (span_find(rest, '!') < rest.size && !span_is_digits(span_word(&rest, '!')))
		return false;
	bool is_first = true;
	do {
		struct span part = span_word(&rest, '.');
		if (!is_first && !rest.size && span_has_prefix(part, "post"))
			part = span_after(part, 4);
		if (!span_is_digits(part))
			return false;
		is_first = false;
	} while (rest.size);
	return version.data[version.size - 1] != '.';
}

bool
version_is_same_python(struct span left, struct span right)
{
	return span_equal(left, right) ||
	       (version_is_final_python(left) && version_is_final_python(right) &&
		       version_compare_python(left, right) == 0);
}
