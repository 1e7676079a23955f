/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/trace.h"
#include "sandbox/cgroup_text.h"

#define CGROUP_TOP "/sys/fs/cgroup"

static bool
file_read(const char *path, struct buf *out)
{
	struct err err;
	cleanup_fd int fd = fd_open_at(AT_FDCWD, path, O_RDONLY, 0, &err);
	return fd >= 0 && fd_read_all(fd, out, &err);
}

static bool
file_write(const char *folder, const char *group, const char *name, const char *text)
{
	char path[CGROUP_PATH + 2 * CGROUP_NAME + 2];
	struct err err;
	(void)snprintf(path, sizeof path, "%s/%s%s%s", folder, group, *group ? "/" : "", name);
	cleanup_fd int fd = fd_open_at(AT_FDCWD, path, O_WRONLY, 0, &err);
	if (fd >= 0 && fd_write_all(fd, bytes_text(text), &err))
		return true;
	trace("sandbox", "cgroup: %s: %s", path, err.text);
	return false;
}

static bool
place_version_2(struct cgroup_place *place, struct bytes table)
{
	struct bytes path;
	if (!cgroup_text_path(table, "", &path) || path.size >= CGROUP_PATH / 2)
		return false;
	/* A group that has processes may give its children no controllers, so the place is beside
	 * the realizer's own group; at the top both are one. */
	while (path.data[path.size - 1] != '/')
		path.size--;
	path.size--;
	(void)snprintf(place->memory, sizeof place->memory, CGROUP_TOP "%.*s", BYTES_ARGS(path));
	(void)snprintf(place->processes, sizeof place->processes, "%s", place->memory);

	char file[CGROUP_PATH + 32];
	cleanup_buf struct buf enabled = BUF(4096);
	(void)snprintf(file, sizeof file, "%s/cgroup.subtree_control", place->memory);
	if (!file_read(file, &enabled))
		return false;
	if (cgroup_text_has(buf_bytes(&enabled), "memory") &&
		cgroup_text_has(buf_bytes(&enabled), "pids"))
		return true;
	return file_write(place->memory, "", "cgroup.subtree_control", "+memory +pids");
}

static bool
place_version_1(struct cgroup_place *place, struct bytes table)
{
	struct bytes memory;
	struct bytes processes;
	if (!cgroup_text_path(table, "memory", &memory) ||
		!cgroup_text_path(table, "pids", &processes) || memory.size >= CGROUP_PATH / 2 ||
		processes.size >= CGROUP_PATH / 2)
		return false;
	(void)snprintf(
		place->memory, sizeof place->memory, CGROUP_TOP "/memory%.*s", BYTES_ARGS(memory));
	(void)snprintf(place->processes, sizeof place->processes, CGROUP_TOP "/pids%.*s",
		BYTES_ARGS(processes));
	return access(place->memory, W_OK) == 0 && access(place->processes, W_OK) == 0;
}

/* "cab-PID-RANDOM" of a process that is no more; rmdir takes a group only when it is empty. */
static void
sweep(const char *folder)
{
	DIR *listing = opendir(folder);
	if (!listing)
		return;
	struct dirent *entry;
	while ((entry = readdir(listing))) {
		if (strncmp(entry->d_name, "cab-", 4) != 0)
			continue;
		long pid = strtol(entry->d_name + 4, NULL, 10);
		if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
			(void)unlinkat(dirfd(listing), entry->d_name, AT_REMOVEDIR);
	}
	(void)closedir(listing);
}

void
cgroup_find(struct cgroup_place *place)
{
	struct statfs status;
	cleanup_buf struct buf table = BUF(64 << 10);
	*place = (struct cgroup_place){0};
	if (statfs(CGROUP_TOP, &status) < 0 || !file_read("/proc/self/cgroup", &table))
		return;
	if (status.f_type == CGROUP2_SUPER_MAGIC)
		place->version = place_version_2(place, buf_bytes(&table)) ? 2 : 0;
	else
		place->version = place_version_1(place, buf_bytes(&table)) ? 1 : 0;
	trace("sandbox", "cgroups: version %d at %s", place->version, place->memory);
	if (!place->version)
		return;
	sweep(place->memory);
	if (place->version == 1)
		sweep(place->processes);
}

static bool
group_folder(const char *folder, const char *name)
{
	char path[CGROUP_PATH + CGROUP_NAME + 1];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return mkdir(path, 0755) == 0;
}

static bool
group_limits(
	const struct cgroup_place *place, const char *name, const struct sandbox_limits *limits)
{
	char memory[24];
	char processes[24];
	bool two = place->version == 2;
	(void)snprintf(memory, sizeof memory, "%" PRIu64, limits->memory);
	(void)snprintf(processes, sizeof processes, "%u", limits->processes);
	if (limits->memory) {
		if (!file_write(place->memory, name, two ? "memory.max" : "memory.limit_in_bytes",
			    memory))
			return false;
		/* A host without swap accounting lacks these; memory is limited all the same. */
		(void)file_write(place->memory, name,
			two ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
			two ? "0" : memory);
		if (two && !file_write(place->memory, name, "memory.oom.group", "1"))
			return false;
	}
	return !limits->processes || file_write(place->processes, name, "pids.max", processes);
}

bool
cgroup_make(const struct cgroup_place *place, const struct sandbox_limits *limits,
	char name_out[CGROUP_NAME])
{
	uint32_t random = 0;
	if (!place->version || getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return false;
	char name[CGROUP_NAME];
	(void)snprintf(name, sizeof name, "cab-%d-%08x", (int)getpid(), random);
	if (!group_folder(place->memory, name))
		return false;
	bool done = place->version == 2 || group_folder(place->processes, name);
	if (done && group_limits(place, name, limits)) {
		(void)snprintf(name_out, CGROUP_NAME, "%s", name);
		return true;
	}
	cgroup_remove(place, name);
	return false;
}

int
cgroup_open(const struct cgroup_place *place, const char *name)
{
	if (place->version != 2)
		return -1;
	char path[CGROUP_PATH + CGROUP_NAME + 1];
	struct err err;
	(void)snprintf(path, sizeof path, "%s/%s", place->memory, name);
	return fd_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, &err);
}

bool
cgroup_join(const struct cgroup_place *place, const char *name)
{
	if (place->version != 1)
		return true;
	if (file_write(place->memory, name, "tasks", "0") &&
		file_write(place->processes, name, "tasks", "0"))
		return true;
	cgroup_leave(place);
	return false;
}

void
cgroup_leave(const struct cgroup_place *place)
{
	if (place->version != 1)
		return;
	/* It came from there, so it may go back: else the realizer would keep a build's limits. */
	must(file_write(place->memory, "", "tasks", "0") &&
			file_write(place->processes, "", "tasks", "0"),
		"a thread returns to its own cgroup");
}

static uint64_t
event_count(const char *folder, const char *name, const char *file, const char *word)
{
	char path[CGROUP_PATH + 2 * CGROUP_NAME + 2];
	cleanup_buf struct buf text = BUF(4096);
	(void)snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
	return file_read(path, &text) ? cgroup_text_count(buf_bytes(&text), word) : 0;
}

enum err_limit
cgroup_limit_met(const struct cgroup_place *place, const char *name)
{
	bool two = place->version == 2;
	if (event_count(
		    place->memory, name, two ? "memory.events" : "memory.oom_control", "oom_kill"))
		return ERR_LIMIT_MEMORY;
	if (event_count(place->processes, name, "pids.events", "max"))
		return ERR_LIMIT_PROCESSES;
	return ERR_LIMIT_OTHER;
}

static void
group_remove(const char *folder, const char *name)
{
	char path[CGROUP_PATH + CGROUP_NAME + 1];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	if (rmdir(path) < 0 && errno != ENOENT)
		trace("sandbox", "cgroup: remove %s: %s", path, strerror(errno));
}

void
cgroup_remove(const struct cgroup_place *place, const char *name)
{
	group_remove(place->memory, name);
	if (place->version == 1)
		group_remove(place->processes, name);
}
