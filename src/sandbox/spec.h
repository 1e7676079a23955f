/* SPDX-License-Identifier: MPL-2.0 */
/*
 * spec: plain data that says what a program sees and may do inside a sandbox.
 *
 * Whatever the spec, a sandbox has: user and group 1000 (`build`) and no other ids; no capability,
 * no new privileges, a seccomp filter; no network but its own loopback; a root in memory that is
 * read-only, with
 *
 *     /proc                          of its own process namespace
 *     /dev                           null zero full random urandom fd stdin stdout stderr, shm/
 *     /etc                           generated passwd group hosts nsswitch.conf
 *     /tmp                           empty, writable, gone afterwards
 *
 * and beyond these only the entries, made in their order, parents before children. A target is an
 * absolute path without `.`, `..`, `//` or trailing slash; what is missing on the way to it is
 * made: in the root, or in an earlier entry that is writable. A symlink never leads to a target.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Where the program finds its proxy: its network namespace is its own, so the port is free. */
enum { SANDBOX_UID = 1000, SANDBOX_GID = 1000, SANDBOX_GATE_PORT = 3128 };

enum sandbox_entry_kind {
	/* A file or folder of the host, with all that is mounted beneath it, nosuid and nodev, and
	 * read-only unless `writable`. A symlink is not followed: the same link is made. */
	SANDBOX_BIND,
	/* An empty, writable folder in memory. */
	SANDBOX_SCRATCH,
	/* A read-only file in memory, with `data` as its contents. */
	SANDBOX_FILE,
	/* A symlink to `source`. */
	SANDBOX_LINK,
};

struct sandbox_entry {
	enum sandbox_entry_kind kind;
	bool writable;      /* of BIND */
	const char *target; /* inside */
	const char *source; /* of BIND: an absolute path of the host; of LINK: what it says */
	/* Of BIND without `source`: an open descriptor (O_PATH does). It is found again by its path
	 * in the new mount namespace, and refused unless it is the same inode. */
	int source_fd;
	struct bytes data; /* of FILE */
};

/* 0 is no limit of that kind; all are on in what sandbox_limits_default gives. Time, silence, log
 * and disk are the caller's to watch. */
struct sandbox_limits {
	uint64_t memory;     /* bytes: of the whole sandbox in a cgroup, else of each process */
	uint64_t scratch;    /* bytes: all that is written to /tmp, /dev/shm and SCRATCH */
	uint64_t file_size;  /* bytes */
	uint32_t processes;  /* processes and threads */
	uint32_t open_files; /* of each process */
};

struct sandbox_spec {
	const struct sandbox_entry *entries;
	size_t entry_count;

	/* An absolute path inside; argv, argv[0] included; NAME=VALUE. Both lists end in NULL. */
	const char *program;
	const char *const *arguments;
	const char *const *environment;

	const char *folder;    /* the working directory, inside; NULL is / */
	const char *host_name; /* NULL is "localhost" */

	/* Which ids of the host 1000 stands for: sandbox_host_ids. */
	uint32_t host_uid;
	uint32_t host_gid;

	int input;  /* descriptor 0, or -1: /dev/null */
	int output; /* descriptors 1 and 2, or -1: /dev/null */

	/* With `has_gate`, `gate` is one end of a socket pair: it is sent a socket that listens at
	 * 127.0.0.1, SANDBOX_GATE_PORT, inside; one byte with SCM_RIGHTS, before the program starts.
	 * The program holds neither. */
	bool has_gate;
	int gate;

	struct sandbox_limits limits;
};
