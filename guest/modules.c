/* SPDX-License-Identifier: MPL-2.0 */
#include "modules.h"

#define SYNTAX    "it is not in the syntax of git's configuration"
#define NO_VALUE  "a path or URL is too long, or holds control characters"
#define ELSEWHERE "a path leads elsewhere, or a path or URL begins with '-'"

void
modules_start(struct modules *modules, struct span content)
{
	modules->rest = content;
	modules->is_module = false;
	modules->path.size = 0;
	modules->url.size = 0;
	modules->sentence = NULL;
}

static bool
modules_bad(struct modules *modules, const char *sentence)
{
	modules->sentence = sentence;
	return false;
}

/* The next byte, a CR before a LF left out; the end is the end of a line. */
static uint8_t
byte_next(struct modules *modules)
{
	struct span *rest = &modules->rest;
	if (span_has_prefix(*rest, "\r\n"))
		*rest = span_after(*rest, 1);
	return rest->size ? *rest->data : '\n';
}

static uint8_t
byte_take(struct modules *modules)
{
	uint8_t byte = byte_next(modules);
	modules->rest = span_from(modules->rest, 1);
	return byte;
}

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static void
blanks_skip(struct modules *modules)
{
	while (is_blank(byte_next(modules)))
		(void)byte_take(modules);
}

static void
line_skip(struct modules *modules)
{
	while (byte_take(modules) != '\n')
		;
}

static ONCE void
value_add(struct modules_value *value, uint8_t byte)
{
	if (value->size < MODULES_VALUE)
		value->data[value->size] = byte;
	value->size++;
}

/* A letter in lower case, a digit or '-'; else 0. */
static uint8_t
key_byte(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		byte |= 32;
	bool is_key = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
	return is_key ? byte : 0;
}

static struct span
key_read(struct modules *modules)
{
	struct modules_value *key = &modules->other;
	uint8_t byte;
	key->size = 0;
	while ((byte = key_byte(byte_next(modules))) != 0) {
		value_add(key, byte);
		(void)byte_take(modules);
	}
	return span_of(key->data, size_min(key->size, MODULES_VALUE));
}

/* "[submodule "NAME"]" begins a submodule's section, any other name another's. */
static bool
section_read(struct modules *modules)
{
	(void)byte_take(modules);
	modules->is_module = span_is(key_read(modules), "submodule");
	/* The old form, [section.name], is never a submodule's. */
	while (key_byte(byte_next(modules)) || byte_next(modules) == '.') {
		modules->is_module = false;
		(void)byte_take(modules);
	}
	blanks_skip(modules);
	uint8_t byte = byte_take(modules);
	if (byte == '"') {
		while ((byte = byte_take(modules)) != '"') {
			if (byte == '\\')
				byte = byte_take(modules);
			if (byte == '\n' || byte == 0)
				return modules_bad(modules, SYNTAX);
		}
		byte = byte_take(modules);
	} else {
		modules->is_module = false;
	}
	return byte == ']' || modules_bad(modules, SYNTAX);
}

/* To the end of its line: quotes taken away, comments and blanks behind it left out. */
static bool
value_read(struct modules *modules, struct modules_value *value)
{
	bool is_quoted = false;
	size_t end = 0;
	value->size = 0;
	blanks_skip(modules);
	for (uint8_t byte; (byte = byte_take(modules)) != '\n';) {
		if (!is_quoted && (byte == '#' || byte == ';')) {
			line_skip(modules);
			break;
		}
		bool is_escape = byte == '\\';
		if (is_escape) {
			static const uint8_t meanings[] = "\n\t\b\"\\";
			size_t letter = span_find(SPAN("ntb\"\\"), byte_next(modules));
			bool is_line =
				letter == 5 && byte_next(modules) == '\n' && modules->rest.size;
			if (letter == 5 && !is_line)
				return modules_bad(modules, SYNTAX);
			(void)byte_take(modules);
			if (is_line)
				continue;
			byte = meanings[letter];
		}
		if (byte == '"' && !is_escape)
			is_quoted = !is_quoted;
		else
			value_add(value, byte);
		if (is_quoted || is_escape || !is_blank(byte))
			end = value->size;
	}
	value->size = end;
	return !is_quoted || modules_bad(modules, SYNTAX);
}

static bool
key_line(struct modules *modules)
{
	struct modules_value *value = &modules->other;
	struct span key = key_read(modules);
	if (key.size == 0)
		return modules_bad(modules, SYNTAX);
	if (modules->is_module && span_is(key, "path"))
		value = &modules->path;
	else if (modules->is_module && span_is(key, "url"))
		value = &modules->url;
	blanks_skip(modules);
	if (byte_next(modules) != '=') {
		line_skip(modules);
		return true;
	}
	(void)byte_take(modules);
	return value_read(modules, value);
}

static bool
value_is_plain(const struct modules_value *value)
{
	if (value->size > MODULES_VALUE)
		return false;
	for (size_t at = 0; at < value->size; at++)
		if (value->data[at] < ' ' || value->data[at] == 127)
			return false;
	return true;
}

/* What a section that ends has given: true where that is a submodule. */
static bool
section_end(struct modules *modules)
{
	if (modules->path.size == 0 || modules->url.size == 0)
		return false;
	if (!value_is_plain(&modules->path) || !value_is_plain(&modules->url))
		return modules_bad(modules, NO_VALUE);
	if (modules->path.data[0] == '-' || modules->url.data[0] == '-' ||
		!span_is_path(span_of(modules->path.data, modules->path.size)))
		return modules_bad(modules, ELSEWHERE);
	return true;
}

bool
modules_next(struct modules *modules)
{
	modules->path.size = 0;
	modules->url.size = 0;
	while (!modules->sentence && modules->rest.size) {
		uint8_t byte = byte_next(modules);
		if (byte == '[') {
			/* The head is read by the next call, once what stands before it is told. */
			if (section_end(modules))
				return true;
			modules->path.size = 0;
			modules->url.size = 0;
			if (!modules->sentence)
				(void)section_read(modules);
		} else if (byte == '#' || byte == ';') {
			line_skip(modules);
		} else if (byte == '\n' || is_blank(byte)) {
			(void)byte_take(modules);
		} else {
			(void)key_line(modules);
		}
	}
	return !modules->sentence && section_end(modules);
}
