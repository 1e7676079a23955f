/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static struct bytes
text_format(struct diagnostics *list, const char *format, va_list arguments)
{
	char text[DIAGNOSTIC_TEXT_MAX];
	int size = vsnprintf(text, sizeof text, format, arguments);
	must(size >= 0, "a diagnostic's format must be sound");
	size_t kept = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
	return arena_copy(&list->arena, bytes_of(text, kept));
}

struct diagnostic *
diagnostic_add(
	struct diagnostics *list, enum severity severity, struct span span, const char *format, ...)
{
	if (severity == SEVERITY_ERROR)
		list->errors++;
	else
		list->warnings++;
	if (list->found.size >= DIAGNOSTICS_MAX) {
		list->dropped++;
		if (!list->spare)
			list->spare = arena_new(&list->arena, struct diagnostic);
		return list->spare;
	}
	struct diagnostic *diagnostic = arena_new(&list->arena, struct diagnostic);
	diagnostic->severity = severity;
	diagnostic->order = list->found.size;
	diagnostic->span = span;
	va_list arguments;
	va_start(arguments, format);
	diagnostic->title = text_format(list, format, arguments);
	va_end(arguments);
	*array_push(&list->found) = diagnostic;
	return diagnostic;
}

void
diagnostic_explain(struct diagnostics *list, struct diagnostic *diagnostic, const char *format, ...)
{
	if (diagnostic == list->spare)
		return;
	va_list arguments;
	va_start(arguments, format);
	diagnostic->label = text_format(list, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 5, 0))) static void
mark_add(struct diagnostics *list, struct diagnostic *diagnostic, enum diagnostic_mark_kind kind,
	struct span span, const char *format, va_list arguments)
{
	if (diagnostic == list->spare)
		return;
	*array_push(&diagnostic->marks) = (struct diagnostic_mark){
		.kind = kind, .span = span, .text = text_format(list, format, arguments)};
}

void
diagnostic_label(struct diagnostics *list, struct diagnostic *diagnostic, struct span span,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	mark_add(list, diagnostic, DIAGNOSTIC_LABEL, span, format, arguments);
	va_end(arguments);
}

void
diagnostic_help(struct diagnostics *list, struct diagnostic *diagnostic, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	mark_add(list, diagnostic, DIAGNOSTIC_HELP, NO_SPAN, format, arguments);
	va_end(arguments);
}

void
diagnostic_note(struct diagnostics *list, struct diagnostic *diagnostic, struct span span,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	mark_add(list, diagnostic, DIAGNOSTIC_NOTE, span, format, arguments);
	va_end(arguments);
}

/* Positions of one source are compared; sources stay in the order in which they were met, which
 * `order` of their first diagnostic tells. */
static size_t
source_order(const struct diagnostics *list, size_t at)
{
	for (size_t first = 0; first < at; first++)
		if (list->found.data[first]->span.source == list->found.data[at]->span.source)
			return first;
	return at;
}

struct sort_key {
	size_t source;
	struct diagnostic *diagnostic;
};

static int
order_numbers(size_t left, size_t right)
{
	return (left > right) - (left < right);
}

static int
order_keys(const void *left_key, const void *right_key)
{
	const struct sort_key *left = left_key;
	const struct sort_key *right = right_key;
	int order = order_numbers(left->source, right->source);
	if (!order)
		order = order_numbers(left->diagnostic->span.start, right->diagnostic->span.start);
	if (!order)
		order = order_numbers(left->diagnostic->span.end, right->diagnostic->span.end);
	if (!order)
		order = order_numbers(left->diagnostic->severity, right->diagnostic->severity);
	if (!order)
		order = bytes_compare(left->diagnostic->title, right->diagnostic->title);
	return order ? order : order_numbers(left->diagnostic->order, right->diagnostic->order);
}

static bool
is_repeat(const struct diagnostic *left, const struct diagnostic *right)
{
	return left->severity == right->severity && left->span.source == right->span.source &&
	       left->span.start == right->span.start && left->span.end == right->span.end &&
	       bytes_equal(left->title, right->title);
}

void
diagnostics_sort(struct diagnostics *list)
{
	size_t count = list->found.size;
	if (count < 2)
		return;
	struct sort_key *keys = memory_zero(count, sizeof *keys);
	for (size_t at = 0; at < count; at++)
		keys[at] = (struct sort_key){source_order(list, at), list->found.data[at]};
	qsort(keys, count, sizeof *keys, order_keys);
	size_t kept = 0;
	for (size_t at = 0; at < count; at++) {
		struct diagnostic *diagnostic = keys[at].diagnostic;
		if (kept && is_repeat(list->found.data[kept - 1], diagnostic)) {
			if (diagnostic->severity == SEVERITY_ERROR)
				list->errors--;
			else
				list->warnings--;
			array_release(&diagnostic->marks);
			continue;
		}
		list->found.data[kept++] = diagnostic;
	}
	list->found.size = kept;
	free(keys);
}

void
diagnostics_release(struct diagnostics *list)
{
	for (size_t at = 0; at < list->found.size; at++)
		array_release(&list->found.data[at]->marks);
	array_release(&list->found);
	arena_release(&list->arena);
	*list = DIAGNOSTICS;
}

static bool
is_set(const char *variable)
{
	return variable && variable[0];
}

bool
diagnostic_color(
	bool terminal, const char *no_color, const char *clicolor, const char *clicolor_force)
{
	if (is_set(no_color))
		return false;
	if (is_set(clicolor_force) && strcmp(clicolor_force, "0") != 0)
		return true;
	if (is_set(clicolor) && strcmp(clicolor, "0") == 0)
		return false;
	return terminal;
}

enum { NEAREST_SIZE_MAX = 64 };

static size_t
least(size_t left, size_t right)
{
	return left < right ? left : right;
}

/* Optimal string alignment: insertions, deletions, changes, swaps of neighbours. */
static size_t
edits_between(struct bytes left, struct bytes right)
{
	size_t rows[3][NEAREST_SIZE_MAX + 1];
	for (size_t at = 0; at <= right.size; at++)
		rows[0][at] = at;
	for (size_t row = 1; row <= left.size; row++) {
		size_t *now = rows[row % 3];
		const size_t *before = rows[(row + 2) % 3];
		now[0] = row;
		for (size_t at = 1; at <= right.size; at++) {
			bool same = left.data[row - 1] == right.data[at - 1];
			now[at] = least(least(before[at] + 1, now[at - 1] + 1),
				before[at - 1] + (same ? 0 : 1));
			if (row > 1 && at > 1 && left.data[row - 1] == right.data[at - 2] &&
				left.data[row - 2] == right.data[at - 1])
				now[at] = least(now[at], rows[(row + 1) % 3][at - 2] + 1);
		}
	}
	return rows[left.size % 3][right.size];
}

struct diagnostic_nearest
diagnostic_nearest(struct bytes wanted)
{
	return (struct diagnostic_nearest){.wanted = wanted, .edits = SIZE_MAX};
}

void
diagnostic_nearest_offer(struct diagnostic_nearest *nearest, struct bytes name)
{
	struct bytes wanted = nearest->wanted;
	if (wanted.size > NEAREST_SIZE_MAX || name.size > NEAREST_SIZE_MAX || name.size == 0)
		return;
	size_t longer = wanted.size > name.size ? wanted.size : name.size;
	size_t shorter = least(wanted.size, name.size);
	size_t allowed = longer / 3 > 1 ? longer / 3 : 1;
	if (longer - shorter > allowed || longer < 2)
		return;
	size_t edits = edits_between(wanted, name);
	if (edits == 0 || edits > allowed || edits >= shorter + 1 || edits > nearest->edits)
		return;
	if (edits == nearest->edits && bytes_compare(nearest->best, name) <= 0)
		return;
	nearest->edits = edits;
	nearest->best = name;
}
