/* SPDX-License-Identifier: MPL-2.0 */
/* account: for each source of a run, what it is pinned to, and what had to be done for it. */
#pragma once

#include "cli/entry.h"

void account_print(struct entry *entry, bool json);
/* "FORMAT VALUE" and a line end; in JSON as a string. */
void account_add_identity(struct buf *line, const struct identity *identity, bool json, bool comma);
