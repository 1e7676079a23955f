/* SPDX-License-Identifier: MPL-2.0 */
#include "session/pure.h"

#include <stdio.h>

static bool
pure_refuse(struct err *err)
{
	return err_set(err, ERR_REFUSED, "a configuration reads no files, islands or derivations");
}

static bool
pure_island_open(void *context, const struct island_literal *literal, const struct island_ref **out,
	struct err *err)
{
	(void)context, (void)literal, (void)out;
	return pure_refuse(err);
}

static bool
pure_island_output(void *context, const struct island_ref *island, const struct context_item **out,
	struct err *err)
{
	(void)context, (void)island, (void)out;
	return pure_refuse(err);
}

static bool
pure_island_derive(void *context, const struct island_ref *island,
	const struct host_derivation **out, struct err *err)
{
	(void)context, (void)island, (void)out;
	return pure_refuse(err);
}

static bool
pure_path_kind(void *context, const struct host_path *path, enum path_kind *out, struct err *err)
{
	(void)context, (void)path, (void)out;
	return pure_refuse(err);
}

static bool
pure_path_read(void *context, const struct host_path *path, struct buf *out, struct err *err)
{
	(void)context, (void)path, (void)out;
	return pure_refuse(err);
}

static bool
pure_path_list(void *context, const struct host_path *path, path_visit *visit, void *visitor,
	struct err *err)
{
	(void)context, (void)path, (void)visit, (void)visitor;
	return pure_refuse(err);
}

static bool
pure_path_store(void *context, const struct host_path *path, const struct context_item **out,
	struct err *err)
{
	(void)context, (void)path, (void)out;
	return pure_refuse(err);
}

static bool
pure_text_store(void *context, struct bytes name, struct bytes content,
	const struct context_item *const *items, size_t item_count, const struct context_item **out,
	struct err *err)
{
	(void)context, (void)name, (void)content, (void)items, (void)item_count, (void)out;
	return pure_refuse(err);
}

static bool
pure_store_path(void *context, struct bytes text, const struct context_item **out, struct err *err)
{
	(void)context, (void)text, (void)out;
	return pure_refuse(err);
}

static bool
pure_derive(void *context, const struct derivation_request *request,
	const struct host_derivation **out, struct err *err)
{
	(void)context, (void)request, (void)out;
	return pure_refuse(err);
}

static void
pure_message(void *context, enum host_message kind, struct bytes text)
{
	(void)context, (void)kind, (void)text;
}

const struct eval_host pure_host = {
	.island_open = pure_island_open,
	.island_output = pure_island_output,
	.island_derive = pure_island_derive,
	.path_kind = pure_path_kind,
	.path_read = pure_path_read,
	.path_list = pure_path_list,
	.path_store = pure_path_store,
	.text_store = pure_text_store,
	.store_path = pure_store_path,
	.derive = pure_derive,
	.message = pure_message,
};
