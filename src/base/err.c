/* SPDX-License-Identifier: MPL-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void err_fill(struct err *err, enum err_kind kind, int number, const char *format,
	va_list arguments) PRINTF(4, 0);

static void
err_fill(struct err *err, enum err_kind kind, int number, const char *format, va_list arguments)
{
	err->kind = kind;
	err->number = number;
	(void)vsnprintf(err->text, sizeof err->text, format, arguments);
}

bool
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	err_fill(err, kind, 0, format, arguments);
	va_end(arguments);
	return false;
}

bool
err_limit(struct err *err, enum err_limit limit, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	err_fill(err, ERR_LIMIT, (int)limit, format, arguments);
	va_end(arguments);
	return false;
}

bool
err_system(struct err *err, int number, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	err_fill(err, number == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, number, format, arguments);
	va_end(arguments);
	size_t length = strlen(err->text);
	(void)snprintf(err->text + length, sizeof err->text - length, ": %s", strerror(number));
	return false;
}

bool
err_note(struct err *err, const char *format, ...)
{
	char note[ERR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(note, sizeof note, format, arguments);
	va_end(arguments);
	must(length >= 0, "a note's format must be valid");

	size_t head = (size_t)length < sizeof note ? (size_t)length : sizeof note - 1;
	if (head > sizeof err->text - 3)
		head = sizeof err->text - 3;
	size_t tail = strlen(err->text);
	if (tail > sizeof err->text - head - 3)
		tail = sizeof err->text - head - 3;
	memmove(err->text + head + 2, err->text, tail);
	memcpy(err->text, note, head);
	memcpy(err->text + head, ": ", 2);
	err->text[head + 2 + tail] = '\0';
	return false;
}

void
err_clear(struct err *err)
{
	err->kind = ERR_NONE;
	err->number = 0;
	err->text[0] = '\0';
}
