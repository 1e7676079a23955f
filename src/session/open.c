/* SPDX-License-Identifier: MPL-2.0 */
#include "session/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/trace.h"
#include "island/client.h"
#include "island/registry.h"
#include "realize/network.h"
#include "session/credential_rows.h"

char *
session_own_path(const char *kind, const char *name)
{
	bool programs = strcmp(kind, "libexec") == 0;
	const char *set = getenv(programs ? "CAB_LIBEXEC" : "CAB_SHARE");
	cleanup_buf struct buf out = BUF((size_t)3 * 4096);
	if (set && *set) {
		buf_format(&out, "%s/%s", set, name);
		return buf_take_text(&out);
	}
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	self[length < 0 ? 0 : length] = '\0';
	struct bytes bin = path_folder(bytes_text(self));
	cleanup_buf struct buf relative = BUF(8192);
	buf_format(&relative, "../%s/cab/%s", kind, name);
	path_join(bin, buf_bytes(&relative), &out);
	return buf_take_text(&out);
}

/* A cache only saves work: one that cannot be opened is told, and the run goes on without it. */
static bool
open_caches(const struct config *config, struct store *store, store_warning *warning, void *context,
	struct err *err)
{
	const char *keys[] = {"caches", NULL};
	const json_t *caches = config_get(config, keys);
	for (size_t at = 0; at < json_array_size(caches); at++) {
		const json_t *cache = json_array_get(caches, at);
		const char *url = json_string_value(json_object_get(cache, "url"));
		if (!json_is_true(json_object_get(cache, "trusted")))
			return err_set(err, ERR_REFUSED,
				"cache %s: only a trusted one can be used yet: add `trusted = "
				"true`",
				url);
		if (strncmp(url, "file://", 7) != 0)
			return err_set(
				err, ERR_REFUSED, "cache %s: only file: can be used yet", url);
		struct store *opened = store_open(url + 7, STORE_READ_ONLY, err);
		if (opened) {
			store_add_cache(store, opened);
		} else if (err->kind != ERR_NOT_FOUND) {
			(void)err_note(err, "the cache %s is not used", url);
			warning(context, err->text);
		}
	}
	return true;
}

struct store *
session_open_store(
	const struct config *config, store_warning *warning, void *context, struct err *err)
{
	const char *set = config_text(config, "root", NULL, NULL);
	char *root = set && !getenv("CAB_ROOT") ? strdup(set) : store_default_root();
	if (!root) {
		(void)err_set(
			err, ERR_REFUSED, "there is no HOME to keep a store in: set CAB_ROOT");
		return NULL;
	}
	/* It is what sandboxes bind and ./result points to. */
	struct store *store = NULL;
	if (*root == '/')
		store = store_open(root, STORE_CREATE, err);
	else
		(void)err_set(err, ERR_REFUSED,
			"the root of the store must be an absolute path: %s", root);
	free(root);
	if (store)
		store_on_warning(store, warning, context);
	if (store && !open_caches(config, store, warning, context, err)) {
		store_close(store);
		return NULL;
	}
	return store;
}

/* An origin that this host's own configuration names may be reached by islands of every scheme. */
static void
open_name_origin(struct session *session, json_t *named, const char *url)
{
	struct bytes origin;
	if (!island_origin(&session->arena, bytes_text(url), &origin) ||
		bytes_has_prefix(origin, BYTES_LITERAL("registry:")))
		return;
	json_array_append_new(named, json_stringn((const char *)origin.data, origin.size));
}

static bool
open_bases(struct session *session, json_t *named, struct err *err)
{
	const char *keys[] = {"islands", NULL};
	const json_t *islands = config_get(session->config, keys);
	const char *name = NULL;
	json_t *island = NULL;
	json_object_foreach((json_t *)(uintptr_t)islands, name, island)
	{
		const struct scheme *scheme = scheme_find(bytes_text(name));
		const char *base = json_string_value(json_object_get(island, "base"));
		if (!scheme)
			return err_set(err, ERR_REFUSED,
				"configuration: islands.%s: there is no such scheme", name);
		if (!island_base_parse(&session->arena, scheme, bytes_text(base),
			    &session->settings.base[scheme->id], err))
			return err_note(err, "configuration: islands.%s.base", name);
		open_name_origin(session, named, base);
	}
	const char *scheme_keys[] = {"schemes", NULL};
	json_object_foreach(
		(json_t *)(uintptr_t)config_get(session->config, scheme_keys), name, island)
	{
		const char *base = json_string_value(json_object_get(island, "base"));
		if (base)
			open_name_origin(session, named, base);
	}
	return session_check_schemes(session, err);
}

static json_t *
open_mirrors(struct session *session, json_t *named)
{
	const char *keys[] = {"mirrors", NULL};
	const json_t *mirrors = config_get(session->config, keys);
	for (void *at = json_object_iter((json_t *)(uintptr_t)mirrors); at;
		at = json_object_iter_next((json_t *)(uintptr_t)mirrors, at)) {
		const json_t *urls = json_object_iter_value(at);
		for (size_t url = 0; url < json_array_size(urls); url++)
			open_name_origin(
				session, named, json_string_value(json_array_get(urls, url)));
	}
	return mirrors ? json_deep_copy(mirrors) : json_object();
}

/* A row that nobody fills is absent: cab-network refuses what needs it, and says what to set. One that is filled with what cannot be
 * used is null: packages of that scope are then asked of no other registry. */
static json_t *
open_registries(void)
{
	json_t *out = json_object();
	struct err why;
	struct clients clients;
	clients_read(&clients);
	for (size_t at = 0; at < clients.rows.size; at++) {
		const struct client_row *row = &clients.rows.data[at];
		if (row->is_said)
			json_object_set_new(
				out, row->row, row->url ? json_string(row->url) : json_null());
	}
	clients_release(&clients);
	struct registry registry = {0};
	if (registry_locate(NULL, registry_builtin(), &registry, &why))
		json_object_set_new(out, "registry:crates", json_string(registry.template));
	else if (why.kind != ERR_NOT_FOUND)
		json_object_set_new(out, "registry:crates", json_null());
	registry_release(&registry);
	return out;
}

static json_t *
open_proxies(struct session *session)
{
	const char *keys[] = {"network", "proxy", NULL};
	const json_t *proxies = config_get(session->config, keys);
	return proxies ? json_deep_copy(proxies) : json_object();
}

static json_t *
open_network_limits(const struct session *session)
{
	const struct config *config = session->config;
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "connect",
		(json_int_t)config_number(config, "network", "connectSeconds", 20), "stall",
		(json_int_t)config_number(config, "network", "stallSeconds", 60), "total",
		(json_int_t)config_number(config, "limits", "fetchSeconds", 1800), "retries",
		(json_int_t)config_number(config, "network", "retries", 3), "wait",
		(json_int_t)config_number(config, "network", "waitSeconds", 60));
}

static json_t *
open_ssh(const struct session *session)
{
	const char *keys[] = {"network", "ssh", NULL};
	const json_t *ssh = config_get(session->config, keys);
	return json_array_size(ssh) ? json_deep_copy(ssh) : json_pack("[s]", "ssh");
}

/* What cab-network is told: rows, and where each credential is; never its value. */
static bool
open_network(struct session *session, struct err *err)
{
	json_t *named = json_array();
	if (!session->options.fetches)
		session->options.fetches = (unsigned)config_number(
			session->config, "network", "fetches", SESSION_FETCHES);
	const char *credential_keys[] = {"credentials", NULL};
	json_t *credentials = credential_rows(config_get(session->config, credential_keys), err);
	if (!credentials || !open_bases(session, named, err)) {
		json_decref(credentials);
		json_decref(named);
		return false;
	}
	const char *keys[] = {"network", "allow", NULL};
	const json_t *allow = config_get(session->config, keys);
	const char *authorities = config_text(session->config, "network", "ca", NULL);
	json_t *mirrors = open_mirrors(session, named);
	json_t *config = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:I}", "allow",
		allow ? json_deep_copy(allow) : json_array(), "named", named, "mirrors", mirrors,
		"registries", open_registries(), "proxies", open_proxies(session), "credentials",
		credentials, "authorities", authorities ? authorities : "", "ssh",
		open_ssh(session), "limits", open_network_limits(session), "connections",
		(json_int_t)session->options.fetches);
	must(config, "the network's configuration is well formed");
	char *text = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(config);
	must(text, "there is memory for a configuration");
	network_configure(session->network, bytes_text(text));
	free(text);
	return true;
}

/* An update asks somebody before all else: cab-network loads its libraries while the entry is read and evaluated. A
 * failure is told by who needs it first. */
static void
open_helpers(struct session *session)
{
	const struct session_options *options = &session->options;
	char *program = session_own_path("libexec", "cab-network");
	session->loop = loop_new();
	session->network = network_new(session->loop, program);
	free(program);
	struct err later;
	if ((options->update || options->update_count) && !options->offline &&
		!network_start(session->network, &later))
		trace("session", "%s", later.text);
}

static void
open_module(struct session *session)
{
	session->module = module_island();
	struct cab_hash hash = {TREE_FILE, module_island_digest()};
	struct digest path = object_plain_path(&hash, "island.wasm");
	struct store_path text = store_path_print(&path, "island.wasm");
	session->module_path = arena_copy(&session->arena, bytes_text(text.text));
	session->settings.program = session->module_path;
	session->believed_count = module_believed(session->believed);
}

static bool
open_realizer(struct session *session, struct err *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t jobs =
		config_number(session->config, "jobs", NULL, processors > 0 ? processors : 1);
	if (!session->options.jobs)
		session->options.jobs = (unsigned)jobs;
	struct embedded_limits limits = embedded_limits_default;
	limits.seconds = (uint64_t)config_number(
		session->config, "limits", "seconds", (int64_t)limits.seconds);
	limits.fetch_seconds = (uint64_t)config_number(
		session->config, "limits", "fetchSeconds", (int64_t)limits.fetch_seconds);
	limits.silence = (uint64_t)config_number(
		session->config, "limits", "silence", (int64_t)limits.silence);
	if (!config_size(session->config, "limits", "memory", &limits.memory, err) ||
		!config_size(session->config, "limits", "log", &limits.log, err))
		return false;
	session->guest_program = session_own_path("libexec", "cab-guest");
	struct embedded_settings settings = {
		.loop = session->loop,
		.store = session->store,
		.network = session->network,
		.guest_program = session->guest_program,
		.module = session->module,
		.module_path = session->module_path,
		.believed = session->believed,
		.believed_count = session->believed_count,
		.limits = limits,
		.slots = session->options.jobs,
		.offline = session->options.offline,
	};
	session->realizer = embedded_open(&settings);
	session->network = NULL;
	return true;
}

static bool
open_entry(struct session *session, struct err *err)
{
	char *here = realpath(".", NULL);
	if (!here)
		return err_system(err, errno, "the working directory");
	if (session->options.expression || session->options.island) {
		session->folder = here;
		return true;
	}
	const char *name = session->options.entry ? session->options.entry : ".";
	cleanup_buf struct buf path = BUF(8192);
	path_join(bytes_text(here), bytes_text(name), &path);
	free(here);
	struct stat status;
	if (!buf_check(&path, err, "path of the entry file"))
		return false;
	if (stat(buf_text(&path), &status) == 0 && S_ISDIR(status.st_mode))
		buf_add_text(&path, path.size > 1 ? "/default.cab" : "default.cab");
	if (stat(buf_text(&path), &status) < 0)
		return err_system(err, errno, "entry file %s", buf_text(&path));
	struct bytes folder = path_folder(buf_bytes(&path));
	struct bytes leaf = path_name(buf_bytes(&path));
	session->folder = strdup(arena_text(&session->arena, folder));
	session->lock_name = strdup(arena_format(&session->arena, "%.*s.lock", BYTES_ARGS(leaf)));
	session->lock_path = strdup(arena_format(&session->arena, "%s.lock", buf_text(&path)));
	session->entry = buf_take_text(&path);
	session->lock_folder =
		fd_open_at(AT_FDCWD, session->folder, O_RDONLY | O_DIRECTORY, 0, err);
	if (session->lock_folder < 0)
		return false;
	return lock_read(session->lock_folder, session->lock_name, &session->lock, err) ||
	       err_note(err, "%s", session->folder);
}

static void
open_on_warning(void *context, const char *sentence)
{
	struct session *session = (struct session *)context;
	session->options.listener.say(session->options.listener.context, bytes_text(sentence));
}

bool
session_open_parts(struct session *session, struct buf *printed, struct err *err)
{
	open_helpers(session);
	struct config_sources sources = {session->options.sets, session->options.set_count};
	session->config = config_load(&sources, printed, err);
	if (!session->config || !open_entry(session, err))
		return false;
	session->store = session_open_store(session->config, open_on_warning, session, err);
	if (!session->store)
		return false;
	session->graph = graph_new();
	open_module(session);
	return open_network(session, err) && open_realizer(session, err);
}
