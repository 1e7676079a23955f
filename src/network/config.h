/* SPDX-License-Identifier: MPL-2.0 */
/*
 * config: what this host's configuration says about the network, from the JSON in wire/network.h.
 *
 *     struct config config;
 *     if (!config_parse(json, &config, err)) return false;      ERR_CORRUPT names the key
 *     config_release(&config);
 *
 * Origins are in their normal form. What the configuration names, it allows: the origins of its
 * mirrors and registries count as named, as do those of `named`. Where a mirror or a registry is a
 * template, its markers stand behind the host.
 */
#pragma once

#include "base/array.h"
#include "base/bytes.h"
#include "base/err.h"
#include "network/credential.h"
#include "network/policy.h"

enum { CONFIG_LIMIT = 1 << 20, CONFIG_SSH = 24 };

/* The URLs tried for an origin, in order. */
struct config_mirror {
	char *origin;
	ARRAY(char *) urls;
};

struct config_registry {
	char *origin;
	char *template; /* NULL: what the host's own client says cannot be used */
};

struct config {
	struct policy policy;
	ARRAY(char *) named;
	ARRAY(struct config_mirror) mirrors;
	ARRAY(struct config_registry) registries;
	char *proxies[2]; /* for http and for https; NULL: none */
	struct credentials *credentials;
	ARRAY(char *) ssh; /* the program, and its first arguments */
	char *authorities; /* a PEM file believed beside the system's; NULL: none */
	unsigned connect_seconds, stall_seconds, total_seconds, retries;
	unsigned wait_seconds; /* the longest that a server may ask to be left alone for */
	unsigned connections;
};

MUST_CHECK bool config_parse(struct bytes json, struct config *out, struct err *err);
void config_release(struct config *config);

bool config_names(const struct config *config, struct bytes origin);
/* NULL where there is none. */
const struct config_mirror *config_mirror(const struct config *config, struct bytes origin);
const struct config_registry *config_registry(const struct config *config, struct bytes origin);
