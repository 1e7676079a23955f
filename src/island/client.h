/* SPDX-License-Identifier: MPL-2.0 */
/*
 * client: where npm, pip and cargo on this machine look for what their registries know of a package.
 *
 *     struct clients clients;
 *     clients_read(&clients);
 *     for (size_t at = 0; at < clients.rows.size; at++) use(&clients.rows.data[at]);
 *     clients_release(&clients);
 *
 * Rows, each an origin of the network's (src/network/symbolic.h):
 *
 *   registry:crates-index   `registry` of the source that replaces crates-io in $CARGO_HOME/config.toml;
 *                           else the host that the newest sparse index there is named after; else the
 *                           default of this build
 *   registry:npm            npm_config_registry of the environment, in small or capital letters; else
 *                           `registry` of the user's npmrc, then of the machine's; else the default
 *   registry:npm/@SCOPE     `@SCOPE:registry` of the same files, the user's first
 *   registry:pypi           PIP_INDEX_URL; else `index-url` of $PIP_CONFIG_FILE, the virtual
 *                           environment's, the user's and the machine's pip.conf; else the default
 *
 * The environment counts as the clients themselves count it; none of it enters a derivation. The
 * default of this build is what the meson options say, or the client that was there when cab was
 * configured. A row that nobody fills, or one whose URL is no plain http or https one, has no URL, and
 * `whence` is the reason. Nothing here fails: whoever asks for such a row is told. A scope that is no name is passed over.
 */
#pragma once

#include "base/array.h"
#include "base/bytes.h"

struct client_row {
	char *row;
	char *url;    /* NULL: not known */
	char *whence; /* a path, or a phrase */
	bool is_said; /* by a client or by the build: without a URL then, what it said cannot be used */
};

struct clients {
	ARRAY(struct client_row) rows;
};

void clients_read(struct clients *out);
/* What one file of a client's says, to what is there; `whence` is its path. clients_read is these, and the environment. */
void clients_take_npmrc(struct clients *clients, struct bytes text, const char *whence);
void clients_take_pip(struct clients *clients, struct bytes text, const char *whence);
void clients_take_cargo(struct clients *clients, struct bytes text, const char *whence);
void clients_release(struct clients *clients);
