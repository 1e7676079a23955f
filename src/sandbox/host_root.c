/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/host_root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/fd.h"
#include "base/trace.h"

enum {
	RELEASE_SIZE = 64 << 10,
	STATUS_SIZE = 512 << 20,
	CACHE_SIZE = 512,
	WORD_SIZE = 40,
};

/* The top-level names that a merged root has as links, and where they lead. */
static const struct {
	const char *name;
	const char *target;
} root_links[] = {
	{"bin", "usr/bin"},
	{"lib", "usr/lib"},
	{"lib64", "usr/lib64"},
	{"sbin", "usr/sbin"},
};
enum { ROOT_LINKS = sizeof root_links / sizeof *root_links };

/* The value of NAME= in os-release(5), without its quotes; false where it is absent or has a letter
 * that a feature's name cannot have. */
static bool
release_value(struct bytes text, const char *name, char out[WORD_SIZE])
{
	const struct bytes letters = BYTES_LITERAL("abcdefghijklmnopqrstuvwxyz0123456789._-");
	struct bytes line;
	size_t length = strlen(name);
	while (bytes_split(&text, '\n', &line)) {
		if (!bytes_has_prefix(line, bytes_text(name)) || line.size <= length ||
			line.data[length] != '=')
			continue;
		struct bytes value = bytes_from(line, length + 1);
		if (value.size >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
			value.data[value.size - 1] == value.data[0])
			value = bytes_of(value.data + 1, value.size - 2);
		if (value.size == 0 || value.size >= WORD_SIZE)
			return false;
		for (size_t at = 0; at < value.size; at++)
			if (bytes_find(letters, value.data[at]) == SIZE_MAX)
				return false;
		memcpy(out, value.data, value.size);
		out[value.size] = '\0';
		return true;
	}
	return false;
}

bool
host_root_feature(struct bytes release, char out[HOST_ROOT_NAME], struct err *err)
{
	char id[WORD_SIZE];
	char version[WORD_SIZE];
	if (!release_value(release, "ID", id))
		return err_set(err, ERR_NOT_FOUND, "etc/os-release names no ID");
	/* A distribution that rolls has a code name at most. */
	if (!release_value(release, "VERSION_ID", version) &&
		!release_value(release, "VERSION_CODENAME", version))
		return err_set(err, ERR_NOT_FOUND, "etc/os-release names no VERSION_ID");
	(void)snprintf(out, HOST_ROOT_NAME, "host-root:%s-%s", id, version);
	return true;
}

static bool
feature_find(int top, char feature[HOST_ROOT_NAME], struct err *err)
{
	cleanup_buf struct buf text = BUF(RELEASE_SIZE);
	return fd_read_file(top, "etc/os-release", &text, err) &&
	       host_root_feature(buf_bytes(&text), feature, err);
}

static bool
links_find(int top, unsigned *links_out, struct err *err)
{
	unsigned links = 0;
	for (size_t at = 0; at < ROOT_LINKS; at++) {
		char target[64];
		ssize_t size = readlinkat(top, root_links[at].name, target, sizeof target);
		if (size < 0 && errno == ENOENT)
			continue;
		if (size < 0 ||
			!bytes_equal_text(bytes_of(target, (size_t)size), root_links[at].target))
			return err_set(err, ERR_NOT_FOUND,
				"/%s is not a link to %s: this host's root is not merged into /usr",
				root_links[at].name, root_links[at].target);
		links |= 1U << at;
	}
	*links_out = links;
	return true;
}

static int
line_compare(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

struct stanza {
	struct bytes package;
	struct bytes architecture;
	struct bytes version;
	bool installed;
};

static void
stanza_field(struct stanza *stanza, struct bytes line)
{
	struct bytes value = line;
	struct bytes name;
	if (!bytes_split(&value, ':', &name) || !value.data)
		return;
	while (value.size && value.data[0] == ' ')
		value = bytes_from(value, 1);
	if (bytes_equal_text(name, "Package"))
		stanza->package = value;
	else if (bytes_equal_text(name, "Architecture"))
		stanza->architecture = value;
	else if (bytes_equal_text(name, "Version"))
		stanza->version = value;
	else if (bytes_equal_text(name, "Status"))
		stanza->installed = bytes_has_suffix(value, BYTES_LITERAL(" ok installed"));
}

bool
host_root_fingerprint(struct bytes status, struct digest *out, struct err *err)
{
	cleanup_arena struct arena arena = ARENA;
	ARRAY(struct bytes) lines = {0};
	struct stanza stanza = {0};
	struct bytes line;
	bool done = true;
	for (size_t number = 1; done; number++) {
		bool more = bytes_split(&status, '\n', &line);
		if (more && line.size) {
			/* A line that begins with a space goes on with the field before it. */
			if (line.data[0] != ' ' && line.data[0] != '\t')
				stanza_field(&stanza, line);
			continue;
		}
		if (stanza.installed &&
			(!stanza.package.size || !stanza.architecture.size || !stanza.version.size))
			done = err_set(err, ERR_CORRUPT,
				"package database: line %zu ends an installed package that lacks a "
				"name, architecture or version",
				number);
		else if (stanza.installed)
			*array_push(&lines) = bytes_text(arena_format(&arena, "%.*s %.*s %.*s\n",
				BYTES_ARGS(stanza.package), BYTES_ARGS(stanza.architecture),
				BYTES_ARGS(stanza.version)));
		stanza = (struct stanza){0};
		if (!more)
			break;
	}
	if (done && lines.size == 0)
		done = err_set(err, ERR_NOT_FOUND, "package database: no package is installed");
	if (done) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		must(lines.data, "an array that is not empty has elements");
		qsort(lines.data, lines.size, sizeof *lines.data, line_compare);
		for (size_t at = 0; at < lines.size; at++)
			buf_add(&text, lines.data[at]);
		*out = digest_derive("cab host-root 1", buf_bytes(&text));
	}
	array_release(&lines);
	return done;
}

/* The cache's line up to the digest. */
static void
cache_key(const struct stat *status, struct buf *out)
{
	buf_format(out, "%ju %ju %jd %jd.%09ld %jd.%09ld ", (uintmax_t)status->st_dev,
		(uintmax_t)status->st_ino, (intmax_t)status->st_size,
		(intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
		(intmax_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
}

bool
host_root_cached(struct bytes line, struct bytes key, struct digest *out)
{
	struct bytes rest = bytes_from(line, key.size);
	return bytes_has_prefix(line, key) && rest.size == DIGEST_TEXT + 1 &&
	       rest.data[DIGEST_TEXT] == '\n' && digest_parse(bytes_first(rest, DIGEST_TEXT), out);
}

static bool
cache_read(const char *cache, struct bytes key, struct digest *out)
{
	struct err err;
	cleanup_buf struct buf text = BUF(CACHE_SIZE);
	return fd_read_file(AT_FDCWD, cache, &text, &err) &&
	       host_root_cached(buf_bytes(&text), key, out);
}

static void
cache_write(const char *cache, struct buf *key, const struct digest *fingerprint)
{
	struct err err;
	buf_format(key, "%s\n", digest_print(fingerprint).text);
	if (!fd_replace_file(AT_FDCWD, cache, buf_bytes(key), 0644, &err))
		trace("sandbox", "host-root cache: %s", err.text);
}

static bool
fingerprint_find(int top, const char *cache, struct digest *out, struct err *err)
{
	cleanup_buf struct buf key = BUF(CACHE_SIZE);
	struct stat before;
	struct stat after;
	if (fstatat(top, "var/lib/dpkg/status", &before, 0) < 0)
		return err_system(err, errno, "package database var/lib/dpkg/status");
	cache_key(&before, &key);
	if (cache && cache_read(cache, buf_bytes(&key), out))
		return true;

	cleanup_buf struct buf text = BUF(STATUS_SIZE);
	struct digest fingerprint;
	if (!fd_read_file(top, "var/lib/dpkg/status", &text, err) ||
		!host_root_fingerprint(buf_bytes(&text), &fingerprint, err))
		return false;
	/* Kept only when the file that was read is the one that the key names. */
	cleanup_buf struct buf again = BUF(CACHE_SIZE);
	if (cache && fstatat(top, "var/lib/dpkg/status", &after, 0) == 0) {
		cache_key(&after, &again);
		if (bytes_equal(buf_bytes(&key), buf_bytes(&again)))
			cache_write(cache, &key, &fingerprint);
	}
	*out = fingerprint;
	return true;
}

bool
host_root_find(const char *top, const char *cache, struct host_root *out, struct err *err)
{
	struct host_root root = {0};
	struct stat status;
	cleanup_fd int fd = fd_open_at(AT_FDCWD, top, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0 || !feature_find(fd, root.feature, err) || !links_find(fd, &root.links, err) ||
		!fingerprint_find(fd, cache, &root.fingerprint, err))
		return err_note(err, "host-root");
	root.has_alternatives =
		fstatat(fd, "etc/alternatives", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISDIR(status.st_mode);
	root.has_linker_cache = fstatat(fd, "etc/ld.so.cache", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
				S_ISREG(status.st_mode);
	*out = root;
	return true;
}

size_t
host_root_entries(const struct host_root *root, struct sandbox_entry *out)
{
	static const char *const link_targets[ROOT_LINKS] = {"/bin", "/lib", "/lib64", "/sbin"};
	size_t count = 0;
	out[count++] =
		(struct sandbox_entry){.kind = SANDBOX_BIND, .target = "/usr", .source = "/usr"};
	for (size_t at = 0; at < ROOT_LINKS; at++)
		if (root->links & 1U << at)
			out[count++] = (struct sandbox_entry){.kind = SANDBOX_LINK,
				.target = link_targets[at],
				.source = root_links[at].target};
	if (root->has_alternatives)
		out[count++] = (struct sandbox_entry){.kind = SANDBOX_BIND,
			.target = "/etc/alternatives",
			.source = "/etc/alternatives"};
	if (root->has_linker_cache)
		out[count++] = (struct sandbox_entry){.kind = SANDBOX_BIND,
			.target = "/etc/ld.so.cache",
			.source = "/etc/ld.so.cache"};
	must(count <= HOST_ROOT_ENTRIES, "HOST_ROOT_ENTRIES is room for all");
	return count;
}
