/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/open_store.h"
#include "cli/terminal.h"
#include "island/island.h"
#include "island/client.h"
#include "island/registry.h"
#include "realize/embedded.h"
#include "store/store.h"

/* A config_visit; the value is JSON. `context` is whether the line is to be. */
static void
config_print_row(void *context, const char *name, const char *value, const char *whence)
{
	if (!*(const bool *)context) {
		printf("%s = %s  # %s\n", name, value, whence);
		return;
	}
	cleanup_buf struct buf line = BUF(16 << 20);
	buf_add_text(&line, "{\"name\":");
	terminal_add_json(&line, bytes_text(name));
	buf_format(&line, ",\"value\":%s,\"whence\":", value);
	terminal_add_json(&line, bytes_text(whence));
	buf_add_text(&line, "}");
	puts(buf_text(&line));
}

static void
config_print_text(bool *json, const char *name, const char *value, const char *whence)
{
	cleanup_buf struct buf text = BUF(64 << 10);
	terminal_add_json(&text, bytes_text(value));
	config_print_row(json, name, buf_text(&text), whence);
}

/* Of the rows whose value is a number. */
static void
config_print_numbers(struct bytes name, const struct config *config, bool *json)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const struct embedded_limits *limits = &embedded_limits_default;
	const struct {
		const char *first;
		const char *second;
		uint64_t value;
	} rows[] = {
		{"jobs", NULL, processors > 0 ? (uint64_t)processors : 1},
		{"limits", "fetchSeconds", limits->fetch_seconds},
		{"limits", "log", limits->log},
		{"limits", "memory", limits->memory},
		{"limits", "seconds", limits->seconds},
		{"limits", "silence", limits->silence},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		const char *keys[] = {rows[at].first, rows[at].second, NULL};
		char key[64];
		(void)snprintf(key, sizeof key, "%s%s%s", rows[at].first,
			rows[at].second ? "." : "", rows[at].second ? rows[at].second : "");
		if (rows[at].value && !config_get(config, keys) &&
			bytes_has_prefix(bytes_text(key), name)) {
			char value[32];
			(void)snprintf(
				value, sizeof value, "%llu", (unsigned long long)rows[at].value);
			config_print_row(json, key, value, "default");
		}
	}
}

/* Where the clients of this machine go: "registries.npm" of the row "registry:npm". */
static void
config_print_clients(struct bytes name, bool *json)
{
	struct clients clients;
	clients_read(&clients);
	for (size_t at = 0; at < clients.rows.size; at++) {
		const struct client_row *row = &clients.rows.data[at];
		const char *key = row->row + strlen("registry:");
		bool plain = strchr(key, '/') == NULL;
		char shown[300];
		(void)snprintf(
			shown, sizeof shown, plain ? "registries.%s" : "registries.\"%s\"", key);
		if (!bytes_has_prefix(bytes_text(shown), name))
			continue;
		if (row->url)
			config_print_text(json, shown, row->url, row->whence);
		else
			config_print_row(json, shown, "null", row->whence);
	}
	clients_release(&clients);
}

static void
config_print_defaults(struct bytes name, const struct config *config, bool *json)
{
	struct arena arena = ARENA;
	struct registry registry;
	struct err none;
	char *root = store_default_root();
	if (!config_text(config, "root", NULL, NULL) &&
		bytes_has_prefix(BYTES_LITERAL("root"), name) && root)
		config_print_text(json, "root", root, getenv("CAB_ROOT") ? "CAB_ROOT" : "default");
	free(root);
	config_print_clients(name, json);
	if (bytes_has_prefix(BYTES_LITERAL("registries.crates"), name)) {
		if (registry_locate(NULL, registry_builtin(), &registry, &none)) {
			config_print_text(
				json, "registries.crates", registry.template, registry.whence);
			registry_release(&registry);
		} else {
			config_print_row(json, "registries.crates", "null", none.text);
		}
	}
	for (int id = 0; id < SCHEME_COUNT; id++) {
		const struct scheme *scheme = scheme_get((enum scheme_id)id);
		const char *key = arena_format(&arena, "islands.%s.base", scheme->text);
		if (*scheme->base && !config_text(config, "islands", scheme->text, "base") &&
			bytes_has_prefix(bytes_text(key), name))
			config_print_text(json, key, scheme->base, "default");
	}
	arena_release(&arena);
}

bool
command_config(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct config *config = open_config(options, err);
	if (!config)
		return false;
	struct bytes name =
		options->operands.size ? bytes_text(options->operands.data[0]) : bytes_of(NULL, 0);
	bool json = options->json;
	config_each(config, name, config_print_row, &json);
	config_print_numbers(name, config, &json);
	config_print_defaults(name, config, &json);
	config_free(config);
	return true;
}
