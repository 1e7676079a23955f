/* SPDX-License-Identifier: MPL-2.0 */
/*
 * host_root: the feature `host-root:<os>-<version>`: the host's own toolchain, made visible inside.
 *
 *     struct host_root root;
 *     if (host_root_find("/", "/cull/cache/host-root", &root, err))      root.feature,
 * root.fingerprint else if (err->kind == ERR_NOT_FOUND) ...                           this host has
 * none struct sandbox_entry entries[HOST_ROOT_ENTRIES]; size_t count = host_root_entries(&root,
 * entries);                  borrow from root
 *
 * The name is ID and VERSION_ID of /etc/os-release. The entries: /usr, /etc/alternatives and
 * /etc/ld.so.cache read-only, and /bin /lib /lib64 /sbin (as far as the host has them) as the links
 * into /usr that they are there. A host whose /bin is a folder of its own has no host-root. The
 * generated files in /etc are the sandbox's.
 *
 * The fingerprint is the digest (derive_key "cab host-root 1") of the lines
 * "PACKAGE ARCHITECTURE VERSION\n" of all packages whose status is installed in
 * /var/lib/dpkg/status, sorted bytewise. It is kept in the cache file, one line:
 * "DEVICE INODE SIZE MTIME.NS CTIME.NS FINGERPRINT\n", of the status file; while these agree, one
 * stat answers. A cache file that cannot be read or written is as good as none.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "sandbox/spec.h"

enum { HOST_ROOT_ENTRIES = 8, HOST_ROOT_NAME = 96 };

struct host_root {
	char feature[HOST_ROOT_NAME]; /* "host-root:debian-12" */
	struct digest fingerprint;
	unsigned links; /* which of the root's links there are */
	bool has_alternatives;
	bool has_linker_cache;
};

/* `top` is "/" (another folder in tests); `cache` may be NULL. ERR_NOT_FOUND: no os-release, no
 * package database, or a root that is not merged into /usr. */
MUST_CHECK bool host_root_find(
	const char *top, const char *cache, struct host_root *out, struct err *err);

/* Fills at most HOST_ROOT_ENTRIES entries, and says how many. */
size_t host_root_entries(const struct host_root *root, struct sandbox_entry *out);

/* Digest of a package database's text; ERR_CORRUPT names the line. */
MUST_CHECK bool host_root_fingerprint(struct bytes status, struct digest *out, struct err *err);
/* The feature's name from the text of os-release(5): letters of it are a-z 0-9 . _ - alone. */
MUST_CHECK bool host_root_feature(struct bytes release, char out[HOST_ROOT_NAME], struct err *err);
/* The fingerprint in the cache file's line, where that begins with `key`: all up to the fingerprint. */
MUST_CHECK bool host_root_cached(struct bytes line, struct bytes key, struct digest *out);
