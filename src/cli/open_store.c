/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/open_store.h"

#include <stdio.h>

#include "cli/terminal.h"
#include "session/session.h"
#include "store/store.h"

struct config *
open_config(const struct options *options, struct err *err)
{
	cleanup_buf struct buf printed = BUF(1 << 20);
	struct config_sources sources = {options->set.data, options->set.size};
	struct config *config = config_load(&sources, &printed, err);
	if (printed.size)
		(void)fputs(buf_text(&printed), stderr);
	return config;
}

static void
open_on_warning(void *context, const char *sentence)
{
	(void)context;
	cleanup_buf struct buf line = BUF(64 << 10);
	terminal_escape(bytes_text(sentence), &line);
	(void)fprintf(stderr, "cab: %s\n", buf_text(&line));
}

struct store *
open_store(const struct options *options, struct err *err)
{
	struct config *config = open_config(options, err);
	if (!config)
		return NULL;
	struct store *store = session_open_store(config, open_on_warning, NULL, err);
	config_free(config);
	return store;
}
