/* SPDX-License-Identifier: MPL-2.0 */
#include "version.h"

static int
bytes_compare(struct span left, struct span right)
{
	size_t size = size_min(left.size, right.size);
	int order = size ? memcmp(left.data, right.data, size) : 0;
	return order ? order : (left.size > right.size) - (left.size < right.size);
}

static bool
is_number(struct span text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] < '0' || text.data[at] > '9')
			return false;
	return text.size;
}

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
	return left.size ? memcmp(left.data, right.data, left.size) : 0;
}

/* Names between dots: numbers by what they are and below all else, the rest as text. */
static int
names_compare(struct span left, struct span right)
{
	while (left.size && right.size) {
		struct span one = span_word(&left, '.');
		struct span other = span_word(&right, '.');
		bool numbers = is_number(one);
		int order = is_number(other) - numbers;
		if (!order)
			order = numbers ? number_compare(one, other) : bytes_compare(one, other);
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

struct python {
	struct span epoch;
	struct span release;
	struct span post;
	bool is_final;
	bool is_post;
};

static struct python
python_read(struct span version)
{
	struct python read = {.is_final = true};
	size_t mark = span_find(version, '!');
	if (mark < version.size) {
		read.epoch = span_word(&version, '!');
		read.is_final = is_number(read.epoch);
	}
	struct span rest = version;
	read.release = version;
	do {
		struct span before = rest;
		struct span part = span_word(&rest, '.');
		if (span_has_prefix(part, "post") && before.data > version.data && !rest.size) {
			read.is_post = true;
			read.post = span_after(part, 4);
			read.release.size = (size_t)(before.data - version.data) - 1;
			part = read.post;
		}
		read.is_final &= is_number(part);
	} while (rest.size);
	read.is_final &= version.size && version.data[version.size - 1] != '.';
	return read;
}

int
version_compare_python(struct span left, struct span right)
{
	struct python one = python_read(left);
	struct python other = python_read(right);
	int order = number_compare(one.epoch, other.epoch);
	while (!order && (one.release.size || other.release.size))
		order = number_compare(
			span_word(&one.release, '.'), span_word(&other.release, '.'));
	if (!order)
		order = one.is_post - other.is_post;
	return order ? order : number_compare(one.post, other.post);
}

bool
version_is_final_python(struct span version)
{
	return python_read(version).is_final;
}

bool
version_is_same_python(struct span left, struct span right)
{
	return span_equal(left, right) ||
	       (version_is_final_python(left) && version_is_final_python(right) &&
		       version_compare_python(left, right) == 0);
}
