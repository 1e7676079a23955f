/* SPDX-License-Identifier: MPL-2.0 */
/*
 * config: what /etc/cab/config.cab, the user's config.cab and --set say, merged deep, later wins.
 *
 *     struct config *config = config_load(&sources, diagnostics, err);
 *     const char *base = config_text(config, "islands", "github", "base");
 *     config_free(config);
 *
 * Each file is one expression of the language whose value is a set: pure, without islands, imports or derivations. CAB_CONFIG
 * names the one file that is read instead of both. The keys are those of config_list.h; another key, or a
 * value of the wrong type, is told with its place and the nearest key, all of one text together. Keys after `*` are free,
 * but for the schemes of islands.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

struct config;

struct config_sources {
	const char *const *sets; /* NAME.PATH=EXPR, of --set */
	size_t set_count;
};

/* NULL with *err; what the language has to say is in `printed` then, rendered. */
struct config *config_load(
	const struct config_sources *sources, struct buf *printed, struct err *err);
void config_free(struct config *config);

/* The value at a path of keys that ends in NULL; NULL where nobody set it. Borrowed. */
const json_t *config_get(const struct config *config, const char *const *keys);
const char *config_text(
	const struct config *config, const char *first, const char *second, const char *third);
int64_t config_number(
	const struct config *config, const char *first, const char *second, int64_t otherwise);
/* "16 GiB", or a number of bytes. */
MUST_CHECK bool config_size(const struct config *config, const char *first, const char *second,
	uint64_t *out, struct err *err);

/* Each value that is set, names in bytewise order; beneath `name` where that is not empty. The value is JSON, `whence`
 * is FILE:LINE:COLUMN. */
typedef void config_visit(void *context, const char *name, const char *value, const char *whence);
void config_each(
	const struct config *config, struct bytes name, config_visit *visit, void *context);
