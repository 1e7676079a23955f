/* SPDX-License-Identifier: MPL-2.0 */
/* cab-guest: WebAssembly programs, compiled and run; its modes are in wire/spawner.h. */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "guest_host/compile.h"
#include "guest_host/runtime.h"
#include "guest_host/spawner.h"

static int
compile_mode(void)
{
	compile_main();
}

static const struct {
	const char *name;
	int (*main)(void);
} modes[] = {
	{"spawn", spawner_main},
	{"compile", compile_mode},
};

/* Whoever starts this program may have closed them; what is opened next must not become one. */
static bool
ensure_standard_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd < 0)
		return false;
	fd_close(fd);
	return true;
}

int
main(int argument_count, char **arguments)
{
	/* One thread needs one arena; out of memory, glibc would otherwise count processors, which the
	 * filters refuse. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (!ensure_standard_descriptors())
		return 1;
	for (size_t at = 0; argument_count == 2 && at < sizeof modes / sizeof *modes; at++)
		if (strcmp(arguments[1], modes[at].name) == 0)
			return modes[at].main();
	(void)fputs("usage: cab-guest spawn | compile\n"
		    "cab starts this program; it is of no use by hand\n",
		stderr);
	return 2;
}
