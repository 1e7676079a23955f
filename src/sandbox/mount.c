/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/must.h"

/* The kernel's mount calls of 5.2 and 5.12, which glibc 2.36 declares in a header that cannot stand
 * beside <linux/mount.h>. */
enum { DETACH = 2 /* MNT_DETACH */, PRIVATE = 1 << 18 /* MS_PRIVATE */ };

enum { PATH_ROOM = 4096 };

static int
tree_clone(int folder, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, folder, path,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | flags);
}

/* The tree has no place yet, so nobody sees it before its attributes are right. They are set for all
 * that is mounted in it, and mounts that the host makes later do not arrive. */
static bool
tree_restrict(int tree, uint64_t attributes)
{
	struct mount_attr attr = {.attr_set = attributes, .propagation = PRIVATE};
	return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
		       sizeof attr) == 0;
}

static bool
tree_attach(int tree, int target)
{
	return syscall(SYS_move_mount, tree, "", target, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

/* A new file system of its own, with options given as pairs of name and value, ending in NULL. */
static int
system_new(const char *kind, const char *const *options, uint64_t attributes)
{
	int context = (int)syscall(SYS_fsopen, kind, FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	bool done = true;
	for (size_t at = 0; done && options[at]; at += 2)
		done = syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, options[at],
			       options[at + 1], 0) == 0;
	done = done && syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0;
	int tree = done ? (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes) : -1;
	int number = errno;
	(void)close(context);
	errno = number;
	return tree;
}

/* A descriptor from before clone3 belongs to the realizer's mount namespace, where this process may
 * clone nothing. So its path is looked up again here, and must lead to the same inode: whoever
 * exchanges a folder in between gains a refusal. */
static int
source_again(int fd)
{
	char name[32] = "/proc/self/fd/";
	char digits[12];
	size_t count = 0;
	for (unsigned rest = (unsigned)fd; count == 0 || rest; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	size_t end = strlen(name);
	while (count)
		name[end++] = digits[--count];

	char text[PATH_ROOM];
	ssize_t size = readlink(name, text, sizeof text - 1);
	if (size < 0)
		return -1;
	text[size] = '\0';
	int tree = tree_clone(AT_FDCWD, text, AT_RECURSIVE);
	struct stat held;
	struct stat found;
	if (tree < 0 || fstat(fd, &held) < 0 || fstat(tree, &found) < 0)
		return -1;
	if (held.st_dev == found.st_dev && held.st_ino == found.st_ino)
		return tree;
	(void)close(tree);
	errno = ESTALE;
	return -1;
}

bool
mount_open(const struct sandbox_spec *spec, int *trees, struct sandbox_failure *failure)
{
	for (size_t at = 0; at < spec->entry_count; at++) {
		const struct sandbox_entry *entry = &spec->entries[at];
		if (entry->kind != SANDBOX_BIND)
			continue;
		/* AT_RECURSIVE: a user namespace may not look beneath what is mounted on a folder,
		 * so a folder comes with its mounts or not at all. */
		int tree = entry->source ? tree_clone(AT_FDCWD, entry->source, AT_RECURSIVE)
					 : source_again(entry->source_fd);
		/* nosuid: no file of the host changes ids inside. nodev: no device of the host
		 * works inside. Read-only: an input can never be changed, whoever owns it. */
		uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				      (entry->writable ? 0 : MOUNT_ATTR_RDONLY);
		if (tree < 0 || !tree_restrict(tree, attributes))
			return step_failed(failure, STEP_SOURCE, at);
		trees[at] = tree;
	}
	return true;
}

/* No component may be a symlink, so no text in a spec, and no link that an earlier entry brought,
 * leads out of the new root. */
static int
open_strict(int folder, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_PATH | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int fd;
	do
		fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return fd;
}

/* The folder that a target lies in, made where it is missing; *name_out is the target's last part. */
static int
target_folder(int root, const char *target, const char **name_out)
{
	char path[PATH_ROOM];
	size_t size = strlen(target);
	if (size >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, target + 1, size - 1);
	path[size - 1] = '\0';
	char *slash = strrchr(path, '/');
	*name_out = slash ? target + 1 + (slash - path) + 1 : target + 1;
	if (!slash)
		return open_strict(root, ".", O_DIRECTORY);
	*slash = '\0';
	int fd = open_strict(root, path, O_DIRECTORY);
	if (fd >= 0 || errno != ENOENT)
		return fd;

	fd = open_strict(root, ".", O_DIRECTORY);
	for (char *part = path; fd >= 0 && part;) {
		char *next = strchr(part, '/');
		if (next)
			*next++ = '\0';
		int below = -1;
		if (mkdirat(fd, part, 0755) == 0 || errno == EEXIST)
			below = open_strict(fd, part, O_DIRECTORY);
		int number = errno;
		(void)close(fd);
		errno = number;
		fd = below;
		part = next;
	}
	return fd;
}

static bool
place_link(int folder, const char *name, const char *text)
{
	return symlinkat(text, folder, name) == 0;
}

/* Takes the tree over. */
static bool
place_tree(int folder, const char *name, int tree)
{
	struct stat status;
	if (fstat(tree, &status) < 0)
		return false;
	if (S_ISLNK(status.st_mode)) {
		char text[PATH_ROOM];
		ssize_t size = readlinkat(tree, "", text, sizeof text - 1);
		if (size < 0)
			return false;
		text[size] = '\0';
		(void)close(tree);
		return place_link(folder, name, text);
	}
	bool made = S_ISDIR(status.st_mode) ? mkdirat(folder, name, 0755) == 0
					    : mknodat(folder, name, S_IFREG | 0444, 0) == 0;
	if (!made && errno != EEXIST)
		return false;
	int target = open_strict(folder, name, 0);
	bool done = target >= 0 && tree_attach(tree, target);
	int number = errno;
	if (target >= 0)
		(void)close(target);
	(void)close(tree);
	errno = number;
	return done;
}

static bool
place_file(int folder, const char *name, struct bytes data)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd < 0)
		return false;
	while (data.size) {
		ssize_t count = write(fd, data.data, data.size);
		if (count < 0)
			break;
		data = bytes_from(data, (size_t)count);
	}
	int number = errno;
	(void)close(fd);
	errno = number;
	return data.size == 0;
}

/* A folder of the root's own memory, mounted on itself: so it stays writable when the root becomes
 * read-only, and needs no file system of its own. */
static bool
place_scratch(int folder, const char *name)
{
	if (mkdirat(folder, name, 0700) < 0)
		return false;
	/* Everybody inside is one user, but programs look at these bits. */
	if (fchmodat(folder, name, 01777, 0) < 0)
		return false;
	int tree = tree_clone(folder, name, 0);
	if (tree < 0 || !tree_restrict(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV))
		return false;
	return place_tree(folder, name, tree);
}

/* What is in memory must be: in a writable bind it would stay on the host. */
static bool
is_in_root(int root, int folder)
{
	struct stat top;
	struct stat here;
	if (fstat(root, &top) < 0 || fstat(folder, &here) < 0)
		return false;
	errno = EXDEV;
	return top.st_dev == here.st_dev;
}

static bool
place_entry(int root, const struct sandbox_entry *entry, int tree)
{
	const char *name;
	int folder = target_folder(root, entry->target, &name);
	if (folder < 0)
		return false;
	bool done = false;
	switch (entry->kind) {
	case SANDBOX_BIND:
		done = place_tree(folder, name, tree);
		break;
	case SANDBOX_SCRATCH:
		done = is_in_root(root, folder) && place_scratch(folder, name);
		break;
	case SANDBOX_FILE:
		done = is_in_root(root, folder) && place_file(folder, name, entry->data);
		break;
	case SANDBOX_LINK:
		done = place_link(folder, name, entry->source);
		break;
	}
	int number = errno;
	(void)close(folder);
	errno = number;
	return done;
}

#define TEXT(text) .data = {(const uint8_t *)("" text), sizeof(text) - 1}

/* What every program sees. DEVICE stands as BIND with a source under /dev. */
static const struct sandbox_entry base_entries[] = {
	{.kind = SANDBOX_SCRATCH, .target = "/tmp"},
	{.kind = SANDBOX_SCRATCH, .target = "/dev/shm"},
	{.kind = SANDBOX_BIND, .target = "/dev/null", .source = "/dev/null"},
	{.kind = SANDBOX_BIND, .target = "/dev/zero", .source = "/dev/zero"},
	{.kind = SANDBOX_BIND, .target = "/dev/full", .source = "/dev/full"},
	{.kind = SANDBOX_BIND, .target = "/dev/random", .source = "/dev/random"},
	{.kind = SANDBOX_BIND, .target = "/dev/urandom", .source = "/dev/urandom"},
	{.kind = SANDBOX_LINK, .target = "/dev/fd", .source = "/proc/self/fd"},
	{.kind = SANDBOX_LINK, .target = "/dev/stdin", .source = "/proc/self/fd/0"},
	{.kind = SANDBOX_LINK, .target = "/dev/stdout", .source = "/proc/self/fd/1"},
	{.kind = SANDBOX_LINK, .target = "/dev/stderr", .source = "/proc/self/fd/2"},
	{.kind = SANDBOX_FILE,
		.target = "/etc/passwd",
		TEXT("root:x:0:0:root:/:/bin/false\n"
		     "build:x:1000:1000:build:/tmp:/bin/sh\n"
		     "nobody:x:65534:65534:nobody:/:/bin/false\n")},
	{.kind = SANDBOX_FILE,
		.target = "/etc/group",
		TEXT("root:x:0:\nbuild:x:1000:\nnogroup:x:65534:\n")},
	{.kind = SANDBOX_FILE,
		.target = "/etc/hosts",
		TEXT("127.0.0.1 localhost\n::1 localhost\n")},
	{.kind = SANDBOX_FILE,
		.target = "/etc/nsswitch.conf",
		TEXT("passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
		     "networks: files\nprotocols: files\nservices: files\n")},
};

static bool
place_base(int root, struct sandbox_failure *failure)
{
	for (size_t at = 0; at < sizeof base_entries / sizeof *base_entries; at++) {
		const struct sandbox_entry *entry = &base_entries[at];
		int tree = -1;
		if (entry->kind == SANDBOX_BIND) {
			/* Without nodev, for these are the devices: five that hold no state of anybody's.
			 * Their inodes are the host root's, so nobody inside may change mode or owner. */
			tree = tree_clone(AT_FDCWD, entry->source, 0);
			if (tree < 0 || !tree_restrict(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
								     MOUNT_ATTR_RDONLY))
				return step_failed(failure, STEP_BASE, at);
		}
		if (!place_entry(root, entry, tree))
			return step_failed(failure, STEP_BASE, at);
	}

	/* This /proc shows the new process namespace alone. invisible: init is a copy of the realizer
	 * and not dumpable, so the program does not even see its command line. */
	static const char *const options[] = {"hidepid", "invisible", NULL};
	int tree = system_new(
		"proc", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	int folder = tree < 0 ? -1 : open_strict(root, ".", O_DIRECTORY);
	if (folder < 0 || !place_tree(folder, "proc", tree))
		return step_failed(failure, STEP_PROC, 0);
	(void)close(folder);
	return true;
}

/* The new root covers the old one at its very top: lookups of this process still begin at the old
 * one until pivot_root, so no folder of the host is needed for it. */
static int
root_new(const struct sandbox_spec *spec)
{
	char size[24];
	size_t at = sizeof size - 1;
	size[at] = '\0';
	uint64_t rest = spec->limits.scratch ? spec->limits.scratch : (uint64_t)1 << 50;
	do
		size[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	const char *options[] = {"size", &size[at], "mode", "0755", "nr_inodes", "1048576", NULL};
	int root = system_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (root < 0)
		return -1;
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) == 0 &&
		fchdir(root) == 0)
		return root;
	(void)close(root);
	return -1;
}

bool
mount_root(const struct sandbox_spec *spec, int *trees, struct sandbox_failure *failure)
{
	int root = root_new(spec);
	if (root < 0)
		return step_failed(failure, STEP_ROOT, 0);
	if (!place_base(root, failure))
		return false;
	for (size_t at = 0; at < spec->entry_count; at++) {
		int tree = trees[at];
		trees[at] = -1;
		if (!place_entry(root, &spec->entries[at], tree))
			return step_failed(failure, STEP_ENTRY, at);
	}

	/* From here on the program could not add or exchange a name in the root, /etc or /dev, though
	 * it owns their inodes. Not recursive: each entry has its own attribute. */
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	if (syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
		return step_failed(failure, STEP_ROOT, 0);

	/* The old root comes to lie on the new one and is taken off it: with it goes every path to the
	 * host. What is still open was opened by this process, which closes it before exec. */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || syscall(SYS_umount2, ".", DETACH) < 0 ||
		chdir("/") < 0)
		return step_failed(failure, STEP_PIVOT, 0);
	(void)close(root);
	return true;
}
