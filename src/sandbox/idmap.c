/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/idmap.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/sandbox.h"

/* systemd's table of uid ranges leaves 1879048192 to 2147352575 to nobody, and useradd's defaults
 * and /etc/subuid end far below. */
enum { SLOT_FIRST_ID = 1879048192 };

bool
step_failed(struct sandbox_failure *failure, enum sandbox_step step, size_t entry)
{
	*failure = (struct sandbox_failure){step, errno, entry};
	return false;
}

void
sandbox_host_ids(unsigned slot, uint32_t *uid_out, uint32_t *gid_out)
{
	must(slot < SANDBOX_SLOTS, "there are SANDBOX_SLOTS slots");
	bool root = geteuid() == 0;
	*uid_out = root ? SLOT_FIRST_ID + slot : geteuid();
	*gid_out = root ? SLOT_FIRST_ID + slot : getegid();
}

static bool
map_write(pid_t pid, const char *name, const char *text, struct err *err)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	cleanup_fd int fd = fd_open_at(AT_FDCWD, path, O_WRONLY, 0, err);
	if (fd < 0)
		return false;
	/* The kernel takes a map in one write or not at all. */
	if (write(fd, text, strlen(text)) < 0)
		return err_system(err, errno, "write %s", path);
	return true;
}

/* One id each, so inside there is nobody else to become: not root, not the realizer. The child has
 * not been waited for, so its number in /proc is still its own. */
bool
idmap_write(pid_t pid, uint32_t uid, uint32_t gid, struct err *err)
{
	char text[64];
	/* An ordinary user may map his group only once setgroups is given up: a group may also be
	 * what denies something. Root's child drops its groups instead. */
	if (geteuid() != 0 && !map_write(pid, "setgroups", "deny", err))
		return false;
	(void)snprintf(text, sizeof text, "%d %u 1", SANDBOX_GID, gid);
	if (!map_write(pid, "gid_map", text, err))
		return false;
	(void)snprintf(text, sizeof text, "%d %u 1", SANDBOX_UID, uid);
	return map_write(pid, "uid_map", text, err);
}

/* Straight system calls: glibc's functions would ask all threads of the process to follow, through
 * structures that a process just copied does not have in order. */
bool
idmap_enter(struct sandbox_failure *failure)
{
	/* EPERM: an ordinary user's sandbox keeps the groups that the user has; what they open is
	 * only what is mounted. */
	if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return step_failed(failure, STEP_IDS, 0);
	if (syscall(SYS_setresgid, SANDBOX_GID, SANDBOX_GID, SANDBOX_GID) < 0 ||
		syscall(SYS_setresuid, SANDBOX_UID, SANDBOX_UID, SANDBOX_UID) < 0)
		return step_failed(failure, STEP_IDS, 0);
	return true;
}

bool
idmap_drop(struct sandbox_failure *failure)
{
	/* The bounding set first, for it needs CAP_SETPCAP; EINVAL ends the list of this kernel. */
	for (unsigned long capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;
		return step_failed(failure, STEP_CAPABILITIES, 0);
	}
	unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			     SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return step_failed(failure, STEP_CAPABILITIES, 0);
	return true;
}
