/* SPDX-License-Identifier: MPL-2.0 */
#include "network/helper.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "network/said.h"

static void
on_end(void *context, short events)
{
	struct helper *helper = (struct helper *)context;
	(void)events;
	helper->ended(helper->context);
}

static void
on_late(void *context)
{
	struct helper *helper = (struct helper *)context;
	helper->deadline = NULL;
	helper->is_late = true;
	helper->ended(helper->context);
}

bool
helper_start(struct helper *helper, struct loop *loop, const char *const *words,
	void (*ended)(void *context), void *context, struct err *err)
{
	/* env searches the path, which a process record does not. */
	const char *all[HELPER_WORDS + 3] = {"env", "--"};
	for (size_t at = 0; words[at]; at++) {
		if (at == HELPER_WORDS)
			return err_limit(err, ERR_LIMIT_OTHER, "%s: more than %d arguments",
				words[0], HELPER_WORDS);
		all[at + 2] = words[at];
	}
	*helper = HELPER_NONE;
	helper->name = words[0];
	helper->ended = ended;
	helper->context = context;
	helper->output = memfd_create("helper", MFD_CLOEXEC);
	if (helper->output < 0)
		return err_system(err, errno, "memory file");
	const struct process_fd fds[] = {{helper->output, 1}, {helper->output, 2}};
	const struct process_spec spec = {
		.program = "/usr/bin/env", .arguments = all, .fds = fds, .fd_count = 2};
	if (!process_start(&spec, &helper->process, err)) {
		fd_release(&helper->output);
		return false;
	}
	helper->watch = loop_watch(loop, helper->process.pidfd, POLLIN, on_end, helper);
	helper->deadline = loop_after(loop, (uint64_t)HELPER_SECONDS * 1000, on_late, helper);
	return true;
}

static bool
output_read(struct helper *helper, struct buf *output, struct err *err)
{
	struct process_end end;
	if (helper->is_late)
		return err_limit(err, ERR_LIMIT_TIME, "%s: not done within %d seconds",
			helper->name, HELPER_SECONDS);
	if (!process_collect(&helper->process, &end, err))
		return false;
	if (lseek(helper->output, 0, SEEK_SET) < 0)
		return err_system(err, errno, "rewind");
	if (!fd_read_all(helper->output, output, err))
		return err_note(err, "what %s says", helper->name);
	if (!end.code && !end.signal)
		return true;
	cleanup_buf struct buf said = BUF(BUF_MAX);
	said_lines(buf_bytes(output), HELPER_SAID, &said);
	return err_set(err, ERR_BUILD, "%s: %s%s%s", helper->name, process_end_print(&end).text,
		said.size ? ": " : "", buf_text(&said));
}

bool
helper_finish(struct helper *helper, struct buf *output, struct err *err)
{
	bool done = output_read(helper, output, err);
	helper_release(helper);
	return done;
}

void
helper_release(struct helper *helper)
{
	loop_unwatch(helper->watch);
	loop_stop(helper->deadline);
	process_release(&helper->process);
	fd_release(&helper->output);
	*helper = HELPER_NONE;
}
