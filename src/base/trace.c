/* SPDX-License-Identifier: MPL-2.0 */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"

static bool
trace_is_on(const char *part)
{
	const char *list = getenv("CAB_TRACE");
	if (!list)
		return false;
	struct bytes rest = bytes_text(list);
	struct bytes name;
	while (bytes_split(&rest, ',', &name))
		if (bytes_equal_text(name, part) || bytes_equal_text(name, "all"))
			return true;
	return false;
}

void
trace(const char *part, const char *format, ...)
{
	if (!trace_is_on(part))
		return;
	char line[2048];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)fprintf(stderr, "%lld.%06ld %s: %s\n", (long long)now.tv_sec, now.tv_nsec / 1000,
		part, line);
}
