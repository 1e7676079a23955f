/* SPDX-License-Identifier: MPL-2.0 */
#include "island/client.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "island/registry.h"
#include "island/setting.h"
#include "island/url.h"

enum { FILE_LIMIT = 1 << 20, URL_SIZE = 4096, SCOPE_SIZE = 213 };

/* A file of settings that may be there. */
struct source {
	struct buf path;
	struct buf text;
};

static char *
text_copy(struct bytes text)
{
	cleanup_buf struct buf copy = BUF(BUF_MAX);
	buf_add(&copy, text);
	return buf_take_text(&copy);
}

/* False where it cannot be read, for whatever reason: then the client goes without it too. */
static bool
source_open(struct source *source, const char *folder, const char *name)
{
	source->path = BUF(BUF_MAX);
	source->text = BUF(FILE_LIMIT);
	if (!folder || !*folder)
		return false;
	struct err err;
	buf_format(&source->path, "%s%s", folder, name);
	return access(buf_text(&source->path), R_OK) == 0 &&
	       fd_read_file(AT_FDCWD, buf_text(&source->path), &source->text, &err);
}

static void
source_close(struct source *source)
{
	buf_release(&source->path);
	buf_release(&source->text);
}

static const char *
environment(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

static const char *
url_problem(struct bytes url)
{
	bool http = bytes_has_prefix(url, BYTES_LITERAL("https://")) ||
		    bytes_has_prefix(url, BYTES_LITERAL("http://"));
	if (!http || url.size > URL_SIZE)
		return "what it says is no http or https URL";
	struct bytes rest = bytes_from(url, bytes_find(url, '/') + 2);
	if (bytes_find(bytes_first(rest, bytes_find(rest, '/')), '@') != SIZE_MAX)
		return "a user name or password stands in its URL: name them under `credentials`";
	for (size_t at = 0; at < url.size; at++)
		if (url.data[at] <= ' ' || url.data[at] >= 0x7f || url.data[at] == '{' ||
			url.data[at] == '?' || url.data[at] == '#')
			return "its URL holds a character that has no place there";
	struct url parsed;
	struct err unused;
	if (!url_parse(url, &parsed, &unused))
		return "its URL has no host that could be asked, or is spelt in another way than "
		       "URLs are";
	return NULL;
}

static bool
has_row(const struct clients *clients, struct bytes row)
{
	for (size_t at = 0; at < clients->rows.size; at++)
		if (bytes_equal_text(row, clients->rows.data[at].row))
			return true;
	return false;
}

/* The first to say it counts. */
static void
add(struct clients *clients, struct bytes row, struct bytes url, const char *whence)
{
	if (url.size == 0 || has_row(clients, row))
		return;
	const char *problem = url_problem(url);
	struct client_row *added = array_push(&clients->rows);
	cleanup_buf struct buf reason = BUF(BUF_MAX);
	buf_format(&reason, "%s%s%s", whence, problem ? ": " : "", problem ? problem : "");
	*added = (struct client_row){text_copy(row), problem ? NULL : text_copy(url),
		text_copy(buf_bytes(&reason)), true};
}

static void
add_default(struct clients *clients, const char *row, const char *url, const char *reason)
{
	add(clients, bytes_text(row), bytes_text(url), "the default of this build of cab");
	if (!has_row(clients, bytes_text(row)))
		*array_push(&clients->rows) = (struct client_row){
			text_copy(bytes_text(row)), NULL, text_copy(bytes_text(reason)), false};
}

/* SCOPE of "@SCOPE:registry", as a package's name may have it; empty where it is another key. */
static struct bytes
scope_of(struct bytes key)
{
	static const struct bytes suffix = {(const uint8_t *)":registry", 9};
	if (!bytes_has_prefix(key, BYTES_LITERAL("@")) || !bytes_has_suffix(key, suffix))
		return bytes_of(NULL, 0);
	struct bytes scope = bytes_of(key.data + 1, key.size - 1 - suffix.size);
	for (size_t at = 0; at < scope.size; at++)
		if (scope.data[at] <= ' ' || scope.data[at] >= 0x7f || scope.data[at] == '/')
			return bytes_of(NULL, 0);
	return scope.size <= SCOPE_SIZE ? scope : bytes_of(NULL, 0);
}

void
clients_take_npmrc(struct clients *clients, struct bytes text, const char *whence)
{
	struct setting setting = setting_start(text);
	while (setting_next(&setting)) {
		struct bytes scope = scope_of(setting.key);
		cleanup_buf struct buf row = BUF(BUF_MAX);
		buf_add_text(&row, "registry:npm");
		if (setting.section.size > 0)
			continue;
		if (scope.size)
			buf_format(&row, "/@%.*s", BYTES_ARGS(scope));
		else if (!bytes_equal_text(setting.key, "registry"))
			continue;
		add(clients, buf_bytes(&row), setting.value, whence);
	}
}

typedef void clients_take(struct clients *clients, struct bytes text, const char *whence);

static void
read_file(struct clients *clients, const char *folder, const char *name, clients_take *take)
{
	struct source source;
	if (source_open(&source, folder, name))
		take(clients, buf_bytes(&source.text), buf_text(&source.path));
	source_close(&source);
}

static void
read_npm(struct clients *clients)
{
	static const char *const variables[] = {"npm_config_registry", "NPM_CONFIG_REGISTRY"};
	static const char *const machine[] = {
		"/usr/local/etc/npmrc", "/usr/etc/npmrc", "/etc/npmrc"};
	for (size_t at = 0; at < sizeof variables / sizeof *variables; at++)
		if (environment(variables[at]))
			add(clients, BYTES_LITERAL("registry:npm"),
				bytes_text(environment(variables[at])), variables[at]);
	if (environment("NPM_CONFIG_USERCONFIG"))
		read_file(clients, environment("NPM_CONFIG_USERCONFIG"), "", clients_take_npmrc);
	else
		read_file(clients, environment("HOME"), "/.npmrc", clients_take_npmrc);
	if (environment("NPM_CONFIG_GLOBALCONFIG"))
		read_file(clients, environment("NPM_CONFIG_GLOBALCONFIG"), "", clients_take_npmrc);
	for (size_t at = 0; at < sizeof machine / sizeof *machine; at++)
		read_file(clients, machine[at], "", clients_take_npmrc);
	add_default(clients, "registry:npm", CAB_REGISTRY_NPM,
		"nobody says it: set npm's own `registry`, or mirrors.\"registry:npm\"");
}

void
clients_take_pip(struct clients *clients, struct bytes text, const char *whence)
{
	struct setting setting = setting_start(text);
	while (setting_next(&setting))
		if (bytes_equal_text(setting.section, "global") &&
			(bytes_equal_text(setting.key, "index-url") ||
				bytes_equal_text(setting.key, "index_url")))
			add(clients, BYTES_LITERAL("registry:pypi"), setting.value, whence);
}

static void
read_pip(struct clients *clients)
{
	if (environment("PIP_INDEX_URL"))
		add(clients, BYTES_LITERAL("registry:pypi"),
			bytes_text(environment("PIP_INDEX_URL")), "PIP_INDEX_URL");
	read_file(clients, environment("PIP_CONFIG_FILE"), "", clients_take_pip);
	read_file(clients, environment("VIRTUAL_ENV"), "/pip.conf", clients_take_pip);
	if (environment("XDG_CONFIG_HOME"))
		read_file(
			clients, environment("XDG_CONFIG_HOME"), "/pip/pip.conf", clients_take_pip);
	else
		read_file(clients, environment("HOME"), "/.config/pip/pip.conf", clients_take_pip);
	read_file(clients, environment("HOME"), "/.pip/pip.conf", clients_take_pip);
	read_file(clients, "/etc/xdg", "/pip/pip.conf", clients_take_pip);
	read_file(clients, "/etc", "/pip.conf", clients_take_pip);
	add_default(clients, "registry:pypi", CAB_REGISTRY_PYPI,
		"nobody says it: set pip's own `index-url`, or mirrors.\"registry:pypi\"");
}

/* The value of a key in a section of one file. */
static struct bytes
value_of(struct bytes text, const char *section, struct bytes name, const char *key)
{
	cleanup_buf struct buf wanted = BUF(BUF_MAX);
	buf_format(&wanted, "%s.%.*s", section, BYTES_ARGS(name));
	struct setting setting = setting_start(text);
	while (setting_next(&setting))
		if (bytes_equal(setting.section, buf_bytes(&wanted)) &&
			bytes_equal_text(setting.key, key))
			return setting.value;
	return bytes_of(NULL, 0);
}

void
clients_take_cargo(struct clients *clients, struct bytes text, const char *whence)
{
	static const struct bytes sparse = {(const uint8_t *)"sparse+", 7};
	struct bytes other = value_of(text, "source", BYTES_LITERAL("crates-io"), "replace-with");
	struct bytes url = value_of(text, "source", other, "registry");
	if (url.size == 0)
		url = value_of(text, "registries", other, "index");
	if (other.size > 0 && bytes_has_prefix(url, sparse))
		add(clients, BYTES_LITERAL("registry:crates-index"), bytes_from(url, sparse.size),
			whence);
}

/* "…/HOST-0123456789abcdef/config.json": cargo's index of that host, which lies at its root where
 * nothing else was configured. */
static void
add_index_folder(struct clients *clients, const char *path)
{
	struct bytes rest = bytes_text(path);
	struct bytes part = {NULL, 0}, before = {NULL, 0}, next;
	while (bytes_split(&rest, '/', &next)) {
		before = part;
		part = next;
	}
	size_t dash = SIZE_MAX;
	for (size_t at = 0; at < before.size; at++)
		if (before.data[at] == '-')
			dash = at;
	cleanup_buf struct buf url = BUF(BUF_MAX);
	buf_format(&url, "https://%.*s", BYTES_ARGS(bytes_first(before, dash)));
	if (dash != SIZE_MAX)
		add(clients, BYTES_LITERAL("registry:crates-index"), buf_bytes(&url), path);
}

static void
read_cargo(struct clients *clients)
{
	cleanup_buf struct buf home = BUF(BUF_MAX);
	if (environment("CARGO_HOME"))
		buf_add_text(&home, environment("CARGO_HOME"));
	else if (environment("HOME"))
		buf_format(&home, "%s/.cargo", environment("HOME"));
	if (home.size) {
		read_file(clients, buf_text(&home), "/config.toml", clients_take_cargo);
		read_file(clients, buf_text(&home), "/config", clients_take_cargo);
	}
	struct registry registry;
	struct err err;
	if (registry_locate(NULL, NULL, &registry, &err)) {
		add_index_folder(clients, registry.whence);
		registry_release(&registry);
	}
	add_default(clients, "registry:crates-index", CAB_REGISTRY_CRATES_INDEX,
		"nobody says it: let cargo fetch something once, or set "
		"mirrors.\"registry:crates-index\"");
}

void
clients_read(struct clients *out)
{
	*out = (struct clients){0};
	read_cargo(out);
	read_npm(out);
	read_pip(out);
}

void
clients_release(struct clients *clients)
{
	for (size_t at = 0; at < clients->rows.size; at++) {
		free(clients->rows.data[at].row);
		free(clients->rows.data[at].url);
		free(clients->rows.data[at].whence);
	}
	array_release(&clients->rows);
}
