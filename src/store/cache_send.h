/* SPDX-License-Identifier: MPL-2.0 */
/*
 * cache_send: an object with closure into another store, its record as it is.
 */
#pragma once

#include "store/store.h"

MUST_CHECK bool cache_send(
	struct store *from, struct store *target, const struct digest *path, struct err *err);
