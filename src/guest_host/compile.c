/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/compile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest_host/confine.h"
#include "guest_host/limits.h"
#include "guest_host/mapping.h"
#include "guest_host/runtime.h"
#include "wire/spawner.h"

#define TEXT_OF(number)      TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(value) #value

enum {
	COMPILE_MODULE = 3,
	COMPILE_ARTIFACT = 4,
	COMPILE_ERRORS = 5, /* what was standard error */
	COMPILE_SAID = 6,   /* what the compiler printed */
	COMPILE_FILES = 16,
};

static void
say(struct bytes text)
{
	ssize_t written = write(COMPILE_ERRORS, text.data, text.size);
	(void)written;
}

_Noreturn static void
end_with(struct bytes text, struct bytes more)
{
	say(text);
	say(more);
	say(BYTES_LITERAL("\n"));
	_exit(1);
}

/* The kernel's soft limit of processor time. */
static void
on_time(int signal)
{
	(void)signal;
	end_with(BYTES_LITERAL("the module takes more than " TEXT_OF(
			 LIMIT_COMPILE_SECONDS) " seconds to compile"),
		BYTES_LITERAL(""));
}

/* What the compiler does when it has no memory, or meets a fault of its own; it has said why. */
static void
on_abort(int signal)
{
	(void)signal;
	char said[512];
	struct iovec piece = {said, sizeof said};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	ssize_t size = recvmsg(COMPILE_SAID, &message, MSG_DONTWAIT);
	for (ssize_t at = 0; at < size; at++)
		if (said[at] == '\n')
			said[at] = ' ';
	end_with(BYTES_LITERAL("the module takes more than " TEXT_OF(
			 LIMIT_COMPILE_GIBIBYTES) " GiB to compile, or the compiler failed: "),
		bytes_of(said, size < 0 ? 0 : (size_t)size));
}

/* What the compiler prints is kept aside, in a socket, so that standard error gets one line. What
 * does not fit there is lost. */
static bool
keep_errors(struct err *err)
{
	int ends[2];
	if (dup2(STDERR_FILENO, COMPILE_ERRORS) < 0)
		return err_system(err, errno, "keep standard error");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return err_system(err, errno, "socket for errors");
	cleanup_fd int read_end = ends[0];
	cleanup_fd int write_end = ends[1];
	if (dup2(write_end, STDERR_FILENO) < 0 || dup2(read_end, COMPILE_SAID) < 0)
		return err_system(err, errno, "socket for errors");
	if (read_end == COMPILE_SAID)
		(void)fd_take(&read_end);
	return true;
}

static bool
compile(struct err *err)
{
	if (close_range(COMPILE_SAID + 1, UINT32_MAX, 0) < 0)
		return err_system(err, errno, "close descriptors");
	struct mapping module;
	if (!mapping_open(COMPILE_MODULE, LIMIT_MODULE, &module, err))
		return err_note(err, "module");
	struct runtime *runtime = runtime_new(err);
	if (!runtime)
		return false;
	(void)signal(SIGXCPU, on_time);
	(void)signal(SIGABRT, on_abort);
	struct confine_filter *filter = confine_filter_new(CONFINE_COMPILE, err);
	const struct confine_settings settings = {.memory = (uint64_t)LIMIT_COMPILE_GIBIBYTES << 30,
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
		end_with(bytes_text(err.text), BYTES_LITERAL(""));
	/* What runs at an ordinary exit would meet the filter. */
	_exit(0);
}
