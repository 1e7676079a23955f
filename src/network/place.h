/* SPDX-License-Identifier: MPL-2.0 */
/*
 * place: where a request may be answered: the URL itself, or its origin's mirrors instead, with a
 * registry's symbolic URL expanded.
 *
 *     struct places places = {0};
 *     if (!places_find(&places, config, request, err)) ...      ERR_REFUSED: not an origin of the
 *                                                               derivation, or nobody knows where
 *                                                               the registry is
 *     places_release(&places);
 *
 * Besides the derivation's origins, one that lists a registry may ask the origins that the host's
 * configuration names (its registries and mirrors among them), and with redirects any by https: for a
 * registry's document says where an archive is, as a redirect would.
 *
 * A mirror's URL replaces the origin: path and query follow it. A registry's mirror is a template,
 * as the registry is.
 */
#pragma once

#include "base/array.h"
#include "network/config.h"
#include "network/request.h"

struct places {
	ARRAY(char *) urls; /* at least one, to be tried in order */
};

MUST_CHECK bool places_find(struct places *out, const struct config *config,
	const struct request *request, struct err *err);
void places_release(struct places *places);
/* Whether the derivation lists it (ERR_REFUSED). */
MUST_CHECK bool place_permits(const struct request *request, struct bytes origin, struct err *err);
