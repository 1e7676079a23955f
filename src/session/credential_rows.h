/* SPDX-License-Identifier: MPL-2.0 */
/*
 * credential_rows: what the configuration says of credentials, as the rows that cab-network is given
 * (wire/network.h): where each secret is, and what becomes of it; never the secret.
 *
 *     json_t *rows = credential_rows(config_get(config, keys), err);       NULL: which is wrong, and why
 *
 * Of one origin:
 *
 *     { file | command | environment = …,              where the secret is: one of them, or none
 *       kind = "bearer" | "basic" | "header",          what it is; guessed from its text without
 *       user = …, header = …,                          of basic, of header
 *       realm = "ORIGIN",                              its token server, where that is another origin
 *       certificate = PATH, key = PATH }               of the client, PEM; one file may hold both
 */
#pragma once

#include <jansson.h>

#include "base/err.h"

json_t *credential_rows(const json_t *all, struct err *err);
