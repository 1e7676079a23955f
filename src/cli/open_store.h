/* SPDX-License-Identifier: MPL-2.0 */
/* open_store: configuration and store, for commands that evaluate no entry. */
#pragma once

#include "cli/option.h"
#include "session/config.h"

struct store;

/* What the language has to say of a configuration is printed. NULL with *err on failure. */
struct config *open_config(const struct options *options, struct err *err);
struct store *open_store(const struct options *options, struct err *err);
