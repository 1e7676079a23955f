/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/value.h"

#include "base/must.h"

const char *
value_type(const struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOLEAN:
		return "boolean";
	case VALUE_INTEGER:
		return "integer";
	case VALUE_FLOAT:
		return "float";
	case VALUE_STRING:
		return "string";
	case VALUE_PATH:
		return "path";
	case VALUE_LIST:
		return "list";
	case VALUE_SET:
		return "set";
	case VALUE_FUNCTION:
	case VALUE_BUILTIN:
		return "function";
	case VALUE_THUNK:
	case VALUE_ENVIRONMENT:
	case VALUE_CONTEXT:
	case VALUE_FREE:
		break;
	}
	must(false, "a program sees only values in weak head form");
	return "";
}

const char *
value_describe(const struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOLEAN:
		return "a boolean";
	case VALUE_INTEGER:
		return "an integer";
	case VALUE_FLOAT:
		return "a float";
	case VALUE_STRING:
		return "a string";
	case VALUE_PATH:
		return "a path";
	case VALUE_LIST:
		return "a list";
	case VALUE_SET:
		return "a set";
	case VALUE_FUNCTION:
	case VALUE_BUILTIN:
		return "a function";
	case VALUE_THUNK:
	case VALUE_ENVIRONMENT:
	case VALUE_CONTEXT:
	case VALUE_FREE:
		break;
	}
	return "a value that is not known yet";
}

size_t
set_position(const struct set *set, struct bytes name)
{
	size_t low = 0, high = set->value.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (bytes_compare(set->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct value *
set_find(const struct set *set, struct bytes name)
{
	size_t at = set_position(set, name);
	if (at < set->value.count && bytes_equal(set->entries[at].name, name))
		return set->entries[at].value;
	return NULL;
}

int
context_item_compare(const struct context_item *left, const struct context_item *right)
{
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return strcmp(left->path, right->path);
}

const struct context_item *
context_placeholder(const struct context *context)
{
	for (size_t at = 0; context && at < context->value.count; at++) {
		if (context->items[at]->placeholder)
			return context->items[at];
	}
	return NULL;
}
