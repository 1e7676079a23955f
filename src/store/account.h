/* SPDX-License-Identifier: MPL-2.0 */
/*
 * account: what was asked and fetched in the last runs, a JSON file each, beneath accounts/ (cab-account(5)).
 *
 *     account_keep(store, text, err)           as the newest; of older ones ACCOUNT_FILES stay
 *     account_newest(store, &text, err)
 *
 * The folder is made by the first that is kept: a run that asks for nothing touches nothing. They are for people: no part of
 * cab takes a decision by one, caches have none, and gc leaves them.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct store;

enum { ACCOUNT_FILES = 50, ACCOUNT_SIZE = 16 << 20 };

MUST_CHECK bool account_keep(struct store *store, struct bytes text, struct err *err);
/* ERR_NOT_FOUND where none was kept yet. */
MUST_CHECK bool account_newest(const struct store *store, struct buf *out, struct err *err);
