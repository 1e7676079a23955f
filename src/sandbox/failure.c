/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/failure.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"

static const char *
step_text(enum sandbox_step step)
{
	switch (step) {
	case STEP_PARENT:
		return "wait for the realizer";
	case STEP_DESCRIPTORS:
		return "set up descriptors";
	case STEP_SCORE:
		return "raise the out-of-memory score";
	case STEP_SOURCE:
		return "open";
	case STEP_IDS:
		return "become user 1000";
	case STEP_ROOT:
		return "make the root";
	case STEP_BASE:
		return "make /dev, /etc and /tmp";
	case STEP_PROC:
		return "mount /proc";
	case STEP_ENTRY:
		return "place";
	case STEP_PIVOT:
		return "change the root";
	case STEP_LOOPBACK:
		return "raise the loopback interface";
	case STEP_GATE:
		return "listen for the program's proxy";
	case STEP_HOST_NAME:
		return "set the host name";
	case STEP_LIMITS:
		return "set limits";
	case STEP_CAPABILITIES:
		return "drop capabilities";
	case STEP_LIFETIME:
		return "bind its life to ours";
	case STEP_FORK:
		return "start the program's process";
	case STEP_FOLDER:
		return "enter the working directory";
	case STEP_FILTER:
		return "filter system calls";
	case STEP_EXECUTE:
		return "execute";
	}
	return "an unknown step";
}

/* Steps that need what a kernel may refuse as a whole, not for one operand. */
static bool
is_of_the_kernel(enum sandbox_step step)
{
	switch (step) {
	case STEP_IDS:
	case STEP_ROOT:
	case STEP_PROC:
	case STEP_PIVOT:
	case STEP_LOOPBACK:
	case STEP_HOST_NAME:
	case STEP_CAPABILITIES:
	case STEP_FILTER:
		return true;
	case STEP_PARENT:
	case STEP_DESCRIPTORS:
	case STEP_SCORE:
	case STEP_SOURCE:
	case STEP_BASE:
	case STEP_ENTRY:
	case STEP_GATE:
	case STEP_LIMITS:
	case STEP_LIFETIME:
	case STEP_FORK:
	case STEP_FOLDER:
	case STEP_EXECUTE:
		return false;
	}
	return false;
}

bool
failure_set(const struct sandbox_failure *failure, const struct sandbox_spec *spec, struct err *err)
{
	const char *text = step_text(failure->step);
	int number = failure->number;
	if (failure->step == STEP_SOURCE || failure->step == STEP_ENTRY) {
		must(failure->entry < spec->entry_count, "a failure names one of the entries");
		const struct sandbox_entry *entry = &spec->entries[failure->entry];
		const char *source = entry->source ? entry->source : "it";
		return failure->step == STEP_SOURCE
			       ? err_system(err, number, "sandbox: open %s for %s", source,
					 entry->target)
			       : err_system(err, number, "sandbox: place %s", entry->target);
	}
	if (failure->step == STEP_EXECUTE)
		return err_system(err, number, "execute %s", spec->program);
	if (failure->step == STEP_FOLDER)
		return err_system(
			err, number, "sandbox: enter %s", spec->folder ? spec->folder : "/");
	(void)err_system(err, number, "sandbox: %s", text);
	return is_of_the_kernel(failure->step) ? failure_explain(number, err) : false;
}

struct setting {
	const char *path;
	char refuses; /* the value, one digit, that refuses */
	const char *sentence;
};

static const struct setting settings[] = {
	{"/proc/sys/user/max_user_namespaces", '0', "user.max_user_namespaces is 0"},
	{"/proc/sys/kernel/unprivileged_userns_clone", '0',
		"kernel.unprivileged_userns_clone is 0"},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1',
		"kernel.apparmor_restrict_unprivileged_userns is 1"},
};

bool
failure_explain(int number, struct err *err)
{
	if (number != EPERM && number != EACCES && number != ENOSPC && number != EUSERS &&
		number != EINVAL && number != ENOSYS)
		return false;
	struct err said = *err;
	(void)err_set(err, ERR_REFUSED, "%s (this host's kernel refuses what a sandbox needs)",
		said.text);
	for (size_t at = 0; at < sizeof settings / sizeof *settings; at++) {
		struct err ignored;
		cleanup_buf struct buf text = BUF(64);
		cleanup_fd int fd = fd_open_at(AT_FDCWD, settings[at].path, O_RDONLY, 0, &ignored);
		if (fd < 0 || !fd_read_all(fd, &text, &ignored) || text.size < 2)
			continue;
		if (buf_text(&text)[0] == settings[at].refuses && buf_text(&text)[1] == '\n')
			return err_set(err, ERR_REFUSED, "%s: %s on this host", said.text,
				settings[at].sentence);
	}
	return false;
}
