/* SPDX-License-Identifier: MPL-2.0 */
/*
 * index_update: adds to index.sqlite what a batch registered, if there is an index.
 *
 * An index that cannot be written is removed: it is made anew from objects/ when somebody asks.
 */
#pragma once

#include "store/object.h"

struct store;

void index_update(struct store *store, const struct object *objects, size_t count);
/* Forgets an object that was deleted. */
void index_forget(struct store *store, const struct digest *paths, size_t count);
