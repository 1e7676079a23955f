/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "guest_host/limits.h"

#define INPUTS_FOLDER "cull/store"
#define INPUTS_FLAGS  (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

bool
inputs_check(const struct inputs *inputs, struct err *err)
{
	if (!inputs->count)
		return true;
	if (!inputs->store.size || inputs->store.data[0] != '/' ||
		bytes_find(inputs->store, 0) != SIZE_MAX)
		return err_set(err, ERR_CORRUPT, "the inputs' folder is no absolute path");
	for (size_t at = 0; at < inputs->count; at++)
		if (!path_is_name(inputs->names[at]))
			return err_set(err, ERR_CORRUPT, "an input is not named by one name");
	return true;
}

/* A link cannot be mounted on, nor need it: it is made anew. */
static bool
show_link(int tree, const char *name, int folder, struct err *err)
{
	char target[LIMIT_PATH];
	ssize_t size = readlinkat(tree, "", target, sizeof target - 1);
	if (size < 0)
		return err_system(err, errno, "read the link %s", name);
	target[size] = '\0';
	return symlinkat(target, folder, name) == 0 || err_system(err, errno, "make %s", name);
}

static bool
show_one(struct bytes store, struct bytes input, int folder, struct err *err)
{
	char name[NAME_MAX + 1];
	char source[LIMIT_PATH];
	(void)snprintf(name, sizeof name, "%.*s", BYTES_ARGS(input));
	int size = snprintf(source, sizeof source, "%.*s/%s", BYTES_ARGS(store), name);
	if (size < 0 || (size_t)size >= sizeof source)
		return err_system(err, ENAMETOOLONG, "input %s", name);
	/* By name: a descriptor from the realizer would be of a mount outside, which cannot be
	 * cloned. Nobody but the store's owner can change what it names. */
	cleanup_fd int tree = open_tree(
		AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	struct stat status;
	if (tree < 0 || fstat(tree, &status) < 0)
		return err_system(err, errno, "input %s", name);
	if (S_ISLNK(status.st_mode))
		return show_link(tree, name, folder, err);
	bool made = S_ISDIR(status.st_mode) ? mkdirat(folder, name, 0755) == 0
					    : mknodat(folder, name, S_IFREG | 0444, 0) == 0;
	if (!made)
		return err_system(err, errno, "make a place for input %s", name);
	struct mount_attr attributes = {.attr_set = INPUTS_FLAGS};
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0)
		return err_system(err, errno, "restrict the mount of input %s", name);
	if (move_mount(tree, "", folder, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_system(err, errno, "mount input %s", name);
	return true;
}

bool
inputs_show(const struct inputs *inputs, struct err *err)
{
	if (!inputs->count)
		return true;
	if (mkdir("cull", 0755) < 0)
		return err_system(err, errno, "make the folder cull");
	if (mount("inputs", "cull", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") < 0)
		return err_system(err, errno, "mount the folder cull");
	if (mkdir(INPUTS_FOLDER, 0755) < 0)
		return err_system(err, errno, "make the folder %s", INPUTS_FOLDER);
	cleanup_fd int folder =
		fd_open_at(AT_FDCWD, INPUTS_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (folder < 0)
		return false;
	for (size_t at = 0; at < inputs->count; at++)
		if (!show_one(inputs->store, inputs->names[at], folder, err))
			return false;
	struct mount_attr attributes = {.attr_set = INPUTS_FLAGS};
	if (mount_setattr(AT_FDCWD, "cull", 0, &attributes, sizeof attributes) < 0)
		return err_system(err, errno, "make the folder cull read-only");
	return true;
}
