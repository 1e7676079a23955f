/* SPDX-License-Identifier: MPL-2.0 */
/*
 * registry: where the ecosystem's own client on this machine looks for its packages. So far cargo's,
 * the origin "registry:crates".
 *
 *     struct registry registry;
 *     if (!registry_locate(NULL, registry_builtin(), &registry, err)) ...      ERR_NOT_FOUND: nobody
 *     use(registry.template, registry.whence);                               says where it is
 *     registry_release(&registry);
 *
 * The newest $CARGO_HOME/registry/index/NAME/config.json ($HOME/.cargo without CARGO_HOME), which
 * cargo writes when it first asks a sparse index (seen with cargo 1.96); its "dl" is a template as
 * The Cargo Book says under "Registry Index". Else the template that this cab was built with: the
 * meson option `registry_crates`, or what cargo used for the engine. `mirrors."registry:crates"`
 * comes before both, and is the configuration's affair.
 *
 * A config.json that is not a JSON object with an http or https "dl" is ERR_CORRUPT.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct registry {
	char *template;
	char *whence; /* a path, or a phrase */
};

/* What this build of cab takes where nothing else says it; NULL for none. */
const char *registry_builtin(void);
/* `home`: a cargo home; NULL: the environment's. `builtin`: NULL where there is none. */
MUST_CHECK bool registry_locate(
	const char *home, const char *builtin, struct registry *out, struct err *err);
/* The template that a config.json says. */
MUST_CHECK bool registry_decode(struct bytes json, char **template_out);
void registry_release(struct registry *registry);
