/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/compile.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest_host/confine.h"
#include "guest_host/limits.h"
#include "guest_host/mapping.h"
#include "guest_host/runtime.h"
#include "wire/spawner.h"

enum { COMPILE_MODULE = 3, COMPILE_ARTIFACT = 4, COMPILE_FILES = 16 };

_Noreturn static void
end_with(const char *text)
{
	ssize_t written = write(STDERR_FILENO, text, strlen(text));
	(void)written;
	_exit(1);
}

/* The kernel's soft limit of processor time. */
static void
on_time(int signal)
{
	(void)signal;
	end_with("the module takes more than 60 seconds to compile\n");
}

/* What the compiler does when it has no memory, or meets a fault of its own. */
static void
on_abort(int signal)
{
	(void)signal;
	end_with("the module takes more than 2 GiB to compile, or the compiler failed\n");
}

static bool
compile(struct err *err)
{
	static_assert(LIMIT_COMPILE_SECONDS == 60, "on_time names the limit");
	static_assert(LIMIT_COMPILE_DATA == (uint64_t)2 << 30, "on_abort names the limit");
	(void)signal(SIGXCPU, on_time);
	(void)signal(SIGABRT, on_abort);
	struct mapping module;
	if (!mapping_open(COMPILE_MODULE, LIMIT_MODULE, &module, err))
		return err_note(err, "module");
	struct runtime *runtime = runtime_new(err);
	if (!runtime)
		return false;
	struct confine_filter *filter = confine_filter_new(CONFINE_COMPILE, err);
	const struct confine_settings settings = {.memory = LIMIT_COMPILE_DATA,
		.files = COMPILE_FILES,
		.seconds = LIMIT_COMPILE_SECONDS};
	if (!filter || !confine_limits(&settings, err) || !confine_filter_enter(filter, err))
		return false;

	cleanup_buf struct buf artifact = BUF(LIMIT_ARTIFACT);
	if (!runtime_compile(runtime, module.bytes, &artifact, err))
		return false;
	return fd_write_all(COMPILE_ARTIFACT, buf_bytes(&artifact), err) ||
	       err_note(err, "artifact");
}

_Noreturn void
compile_main(void)
{
	struct err err;
	bool done = compile(&err);
	if (!done)
		(void)fprintf(stderr, "%s\n", err.text);
	/* What runs at an ordinary exit would meet the filter. */
	_exit(done ? 0 : 1);
}
