/* SPDX-License-Identifier: MPL-2.0 */
/*
 * credential: the secrets of this host's user, each for one origin.
 *
 *     credentials_add(credentials, CREDENTIAL_FILE, origin, value);      once, from the configuration
 *     switch (credential_find(credentials, origin, &header, err)) ...    at each hop
 *
 * A secret is read when its origin is first gone to, and then kept in memory alone: the first line
 * of a file, of a command's output, or of a variable of the environment; at most CREDENTIAL_LIMIT
 * bytes, printable. It becomes a line "Authorization: …":
 *
 *     "Bearer TEXT", "Basic TEXT"      as it stands
 *     "USER:PASSWORD"                  Basic
 *     "TOKEN"                          Basic, user "x-access-token": what git hosts take
 *
 * Messages name the origin and where the secret was looked for, never a part of it. A command runs
 * beside everything else, without a shell, with the user's environment, no standard input, at most
 * a minute.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "base/loop.h"

enum { CREDENTIAL_LIMIT = 8 << 10 };

struct credentials;

enum credential_kind {
	CREDENTIAL_FILE,        /* value: a path */
	CREDENTIAL_ENVIRONMENT, /* value: a name */
	CREDENTIAL_COMMAND,     /* value: program and arguments, each followed by a NUL */
};

enum credential_result {
	CREDENTIAL_ABSENT, /* the origin has none */
	CREDENTIAL_READY,  /* *header is borrowed, ends in NUL */
	CREDENTIAL_LATER,  /* a command runs; `changed` is called when it has ended */
	CREDENTIAL_FAILED, /* *err says why */
};

typedef void credential_changed(void *context);

struct credentials *credentials_new(void);
/* Kills what runs; secrets are wiped. */
void credentials_free(struct credentials *credentials);
void credentials_add(struct credentials *credentials, enum credential_kind kind,
	struct bytes origin, struct bytes value);
/* Before the first question. */
void credentials_attach(struct credentials *credentials, struct loop *loop,
	credential_changed *changed, void *context);
enum credential_result credential_find(
	struct credentials *credentials, struct bytes origin, const char **header, struct err *err);
