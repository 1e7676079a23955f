/* SPDX-License-Identifier: MPL-2.0 */
#include "port.h"

bool
span_equal(struct span left, struct span right)
{
	return left.size == right.size &&
	       (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

int
span_compare(struct span left, struct span right)
{
	size_t size = size_min(left.size, right.size);
	int order = size ? memcmp(left.data, right.data, size) : 0;
	return order ? order : (left.size > right.size) - (left.size < right.size);
}

bool
span_is(struct span span, const char *text)
{
	return span_equal(span, span_text(text));
}

bool
span_has_prefix(struct span span, const char *prefix)
{
	return span_is(span_of(span.data, size_min(span.size, strlen(prefix))), prefix);
}

size_t
span_find(struct span span, uint8_t byte)
{
	size_t at = 0;
	while (at < span.size && span.data[at] != byte)
		at++;
	return at;
}

bool
span_is_name(struct span span)
{
	return span.size && span.size <= 255 && span_find(span, '/') == span.size &&
	       !span_is(span, ".") && !span_is(span, "..");
}

bool
span_is_path(struct span span)
{
	bool is_path;
	do {
		/* A slash at the end has no name behind it. */
		size_t size = span_find(span, '/');
		is_path = span_is_name(span_of(span.data, size)) && size + 1 != span.size;
		span = span_after(span, size + (size < span.size));
	} while (is_path && span.size);
	return is_path;
}

bool
span_is_digits(struct span text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] < '0' || text.data[at] > '9')
			return false;
	return text.size;
}

bool
span_number(struct span text, uint64_t *number_out)
{
	uint64_t number = 0;
	for (size_t at = 0; at < text.size; at++) {
		unsigned digit = text.data[at] - (unsigned)'0';
		if (digit > 9 || number >> 46)
			return false;
		number = number * 10 + digit;
	}
	*number_out = number;
	return text.size > 0;
}

bool
span_collect(struct span *input, uint8_t *bytes, size_t *used, size_t size)
{
	size_t some = size_min(size - *used, input->size);
	if (some)
		memcpy(bytes + *used, input->data, some);
	*input = span_after(*input, some);
	*used += some;
	return *used == size;
}

bool
span_skip(struct span *input, size_t *left)
{
	size_t some = size_min(*left, input->size);
	*input = span_after(*input, some);
	*left -= some;
	return *left == 0;
}

int
hex_digit(uint8_t letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}
