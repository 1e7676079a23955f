/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/compile.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest_host/confine.h"
#include "guest_host/limits.h"
#include "guest_host/mapping.h"
#include "guest_host/runtime.h"
#include "wire/spawner.h"

enum {
	COMPILE_MODULE = 3,
	COMPILE_ARTIFACT = 4,
	COMPILE_ERRORS = 5, /* what was standard error */
	COMPILE_FILES = 16,
};

_Noreturn static void
end_with(const char *text, struct bytes more)
{
	struct iovec pieces[] = {{(void *)(uintptr_t)text, strlen(text)},
		{(void *)(uintptr_t)more.data, more.size}, {(void *)(uintptr_t) "\n", 1}};
	ssize_t written = writev(COMPILE_ERRORS, pieces, 3);
	(void)written;
	_exit(1);
}

/* The kernel's soft limit of processor time. */
static void
on_time(int signal)
{
	(void)signal;
	end_with("the module takes more than 60 seconds to compile", BYTES_LITERAL(""));
}

/* What the compiler does when it has no memory, or meets a fault of its own; it has said why. */
static void
on_abort(int signal)
{
	(void)signal;
	char said[512];
	ssize_t size = -1;
	if (lseek(STDERR_FILENO, 0, SEEK_SET) == 0)
		size = read(STDERR_FILENO, said, sizeof said);
	for (ssize_t at = 0; at < size; at++)
		if (said[at] == '\n')
			said[at] = ' ';
	end_with("the module takes more than 2 GiB to compile, or the compiler failed: ",
		bytes_of(said, size < 0 ? 0 : (size_t)size));
}

/* What the compiler prints is kept aside, so that standard error gets one line. */
static bool
keep_errors(struct err *err)
{
	if (dup2(STDERR_FILENO, COMPILE_ERRORS) < 0)
		return err_system(err, errno, "keep standard error");
	cleanup_fd int kept = memfd_create("errors", MFD_CLOEXEC);
	if (kept < 0 || dup2(kept, STDERR_FILENO) < 0)
		return err_system(err, errno, "memory file for errors");
	return true;
}

static bool
compile(struct err *err)
{
	static_assert(LIMIT_COMPILE_SECONDS == 60, "on_time names the limit");
	static_assert(LIMIT_COMPILE_DATA == (uint64_t)2 << 30, "on_abort names the limit");
	struct mapping module;
	if (!mapping_open(COMPILE_MODULE, LIMIT_MODULE, &module, err))
		return err_note(err, "module");
	struct runtime *runtime = runtime_new(err);
	if (!runtime)
		return false;
	(void)signal(SIGXCPU, on_time);
	(void)signal(SIGABRT, on_abort);
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
	if (!keep_errors(&err)) {
		(void)fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	if (!compile(&err))
		end_with(err.text, BYTES_LITERAL(""));
	/* What runs at an ordinary exit would meet the filter. */
	_exit(0);
}
