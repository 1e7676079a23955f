/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/guest.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "guest_host/hash_thread.h"
#include "guest_host/limits.h"
#include "guest_host/mapping.h"
#include "wire/spawner.h"

/* The descriptors of a guest process; 0 and 1 are /dev/null, 2 is the log. */
enum { GUEST_CONTROL = 3, GUEST_DIRECTORY = 4, GUEST_FIRST_FREE = 5 };

/* Beyond the guest's own: those above, a pipe a request, a folder on the way, a body sent. */
enum { GUEST_HOST_FILES = 32 };

static bool
take_place(int fd, int place, struct err *err)
{
	/* dup2 of a descriptor onto itself would leave its close-on-exec flag; nothing is executed. */
	return dup2(fd, place) == place || err_system(err, errno, "descriptor %d", place);
}

static bool
load(struct runtime *runtime, int artifact, struct runtime_program **program, struct err *err)
{
	if (artifact < 0)
		return *program || err_set(err, ERR_REFUSED, "no module was given");
	struct mapping mapping;
	if (!mapping_open(artifact, LIMIT_ARTIFACT, &mapping, err))
		return err_note(err, "artifact");
	*program = runtime_load(runtime, mapping.bytes, err);
	mapping_close(&mapping);
	return *program || err_note(err, "artifact");
}

static bool
set_up(struct start *start, struct runtime *runtime, struct runtime_program **program,
	const struct confine_filter *filter, int null, struct err *err)
{
	if (!take_place(null, STDIN_FILENO, err) || !take_place(null, STDOUT_FILENO, err) ||
		!take_place(start->host.log, STDERR_FILENO, err))
		return false;
	start->host.log = STDERR_FILENO;
	const struct confine_settings settings = {
		.uid = start->uid,
		.gid = start->gid,
		.memory = start->memory + LIMIT_HOST_MEMORY,
		.files = LIMIT_FILES + GUEST_HOST_FILES,
		.control = start->host.control,
		.inputs = start->inputs,
	};
	if (!confine_enter(&settings, err) || !load(runtime, start->artifact, program, err))
		return false;
	/* The working directory anew: what came from the realizer is of a mount outside. */
	cleanup_fd int directory = fd_open_at(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0, err);
	if (directory < 0)
		return false;
	if (!take_place(start->host.control, GUEST_CONTROL, err) ||
		!take_place(fd_take(&directory), GUEST_DIRECTORY, err))
		return false;
	start->host.control = GUEST_CONTROL;
	start->host.directory = GUEST_DIRECTORY;
	if (close_range(GUEST_FIRST_FREE, UINT32_MAX, 0) < 0)
		return err_system(err, errno, "close descriptors");
	start->host.hash_thread = hash_thread_start(err);
	return start->host.hash_thread && confine_filter_enter(filter, err);
}

void
guest_main(const struct start *start, struct runtime *runtime, struct runtime_program *program,
	const struct confine_filter *filter, int null)
{
	struct start own = *start;
	struct err err;
	if (!set_up(&own, runtime, &program, filter, null, &err)) {
		cleanup_buf struct buf line = BUF((size_t)2 * ERR_TEXT);
		buf_format(&line, "cab-guest: set up a guest process: %s\n", err.text);
		(void)!fd_write_all(own.host.log, buf_bytes(&line), &err);
		_exit(GUEST_EXIT_SETUP);
	}
	_exit(runtime_run(runtime, program, host_new(&own.host), own.memory));
}
