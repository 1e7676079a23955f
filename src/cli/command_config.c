/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/open_store.h"
#include "island/island.h"
#include "island/registry.h"
#include "store/store.h"

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
	config_print_defaults(name, config);
	config_free(config);
	return true;
}
