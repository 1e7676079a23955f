/* SPDX-License-Identifier: MPL-2.0 */
#include "island/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/fd.h"

enum { CONFIG_LIMIT = 64 << 10, TEMPLATE_LIMIT = 4096 };

/* Where indexes lie; empty when the environment names no home. */
static void
index_folder(const char *home, struct buf *out)
{
	const char *user = getenv("HOME");
	if (!home || !*home)
		home = getenv("CARGO_HOME");
	if (home && *home)
		buf_format(out, "%s/registry/index", home);
	else if (user && *user)
		buf_format(out, "%s/.cargo/registry/index", user);
}

static bool
is_newer(const struct timespec *left, const struct timespec *right)
{
	if (left->tv_sec != right->tv_sec)
		return left->tv_sec > right->tv_sec;
	return left->tv_nsec > right->tv_nsec;
}

/* The path of the newest config.json, or nothing. */
static void
newest_config(const char *folder, struct buf *out)
{
	DIR *indexes = opendir(folder);
	struct timespec newest = {0};
	const struct dirent *entry;
	while (indexes && (entry = readdir(indexes))) {
		cleanup_buf struct buf path = BUF(BUF_MAX);
		struct stat status;
		if (entry->d_name[0] == '.')
			continue;
		buf_format(&path, "%s/%s/config.json", folder, entry->d_name);
		if (stat(buf_text(&path), &status) < 0 || !S_ISREG(status.st_mode))
			continue;
		if (out->size && !is_newer(&status.st_mtim, &newest))
			continue;
		newest = status.st_mtim;
		buf_clear(out);
		buf_add(out, buf_bytes(&path));
	}
	if (indexes)
		(void)closedir(indexes);
}

static bool template_is_well_formed(struct bytes template)
{
	for (size_t at = 0; at < template.size; at++)
		if (template.data[at] <= 0x20 || template.data[at] >= 0x7f)
			return false;
	return template.size <= TEMPLATE_LIMIT &&
	       (bytes_has_prefix(template, BYTES_LITERAL("https://")) ||
		       bytes_has_prefix(template, BYTES_LITERAL("http://")));
}

static char *
text_copy(struct bytes text)
{
	cleanup_buf struct buf copy = BUF(BUF_MAX);
	buf_add(&copy, text);
	return buf_take_text(&copy);
}

bool
registry_decode(struct bytes json, char **template_out)
{
	json_t *root = json_loadb(json.size ? (const char *)json.data : "", json.size, 0, NULL);
	const json_t *dl = json_object_get(root, "dl");
	struct bytes template = bytes_of(json_string_value(dl), json_string_length(dl));
	bool fits = dl && template_is_well_formed(template);
	if (fits)
		*template_out = text_copy(template);
	json_decref(root);
	return fits;
}

static bool
template_read(const char *path, char **out, struct err *err)
{
	cleanup_buf struct buf text = BUF(CONFIG_LIMIT);
	if (!fd_read_file(AT_FDCWD, path, &text, err))
		return false;
	return registry_decode(buf_bytes(&text), out) ||
	       err_set(err, ERR_CORRUPT,
		       "%s: expected a JSON object whose \"dl\" is an http or https URL", path);
}

const char *
registry_builtin(void)
{
	return *CAB_REGISTRY_CRATES ? CAB_REGISTRY_CRATES : NULL;
}

bool
registry_locate(const char *home, const char *builtin, struct registry *out, struct err *err)
{
	cleanup_buf struct buf folder = BUF(BUF_MAX), path = BUF(BUF_MAX);
	struct registry registry = {0};
	index_folder(home, &folder);
	newest_config(buf_text(&folder), &path);
	if (path.size) {
		if (!template_read(buf_text(&path), &registry.template, err))
			return false;
		registry.whence = text_copy(buf_bytes(&path));
		*out = registry;
		return true;
	}
	if (builtin && *builtin) {
		if (!template_is_well_formed(bytes_text(builtin)))
			return err_set(err, ERR_CORRUPT,
				"the registry that this cab was built with is no URL");
		registry.template = text_copy(bytes_text(builtin));
		registry.whence = text_copy(BYTES_LITERAL("the default of this build of cab"));
		*out = registry;
		return true;
	}
	return err_set(err, ERR_NOT_FOUND,
		"nobody says where registry:crates is: no %s/*/config.json: let cargo fetch "
		"something once, or --set 'mirrors.\"registry:crates\"=[\"URL\"]'",
		folder.size ? buf_text(&folder) : "$CARGO_HOME/registry/index");
}

void
registry_release(struct registry *registry)
{
	free(registry->template);
	free(registry->whence);
	*registry = (struct registry){0};
}
