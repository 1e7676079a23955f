/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/open_store.h"
#include "island/island.h"
#include "island/client.h"
#include "island/registry.h"
#include "realize/embedded.h"
#include "store/store.h"

/* Of the rows whose value is a number. */
static void
config_print_numbers(struct bytes name, const struct config *config)
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
			bytes_has_prefix(bytes_text(key), name))
			printf("%s = %llu  # default\n", key, (unsigned long long)rows[at].value);
	}
}

/* Where the clients of this machine go: "registries.npm" of the row "registry:npm". */
static void
config_print_clients(struct bytes name)
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
			printf("%s = \"%s\"  # %s\n", shown, row->url, row->whence);
		else
			printf("%s = null  # %s\n", shown, row->whence);
	}
	clients_release(&clients);
}

static void
config_print_defaults(struct bytes name, const struct config *config)
{
	struct arena arena = ARENA;
	struct registry registry;
	struct err none;
	char *root = store_default_root();
	if (!config_text(config, "root", NULL, NULL) &&
		bytes_has_prefix(BYTES_LITERAL("root"), name) && root)
		printf("root = \"%s\"  # %s\n", root, getenv("CAB_ROOT") ? "CAB_ROOT" : "default");
	free(root);
	config_print_clients(name);
	if (bytes_has_prefix(BYTES_LITERAL("registries.crates"), name)) {
		if (registry_locate(NULL, registry_builtin(), &registry, &none)) {
			printf("registries.crates = \"%s\"  # %s\n", registry.template,
				registry.whence);
			registry_release(&registry);
		} else {
			printf("registries.crates = null  # %s\n", none.text);
		}
	}
	for (int id = 0; id < SCHEME_COUNT; id++) {
		const struct scheme *scheme = scheme_get((enum scheme_id)id);
		const char *key = arena_format(&arena, "islands.%s.base", scheme->text);
		if (*scheme->base && !config_text(config, "islands", scheme->text, "base") &&
			bytes_has_prefix(bytes_text(key), name))
			printf("%s = \"%s\"  # default\n", key, scheme->base);
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
	cleanup_buf struct buf text = BUF(16 << 20);
	config_print(config, name, &text);
	(void)fputs(buf_text(&text), stdout);
	config_print_numbers(name, config);
	config_print_defaults(name, config);
	config_free(config);
	return true;
}
