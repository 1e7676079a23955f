/* SPDX-License-Identifier: MPL-2.0 */
/*
 * credential: the secrets of this host's user, each for one origin.
 *
 *     credentials_add(credentials, &spec);                               once, from the configuration
 *     switch (credential_find(credentials, origin, &header, err)) ...    at each hop
 *     credential_certificate(credentials, origin)                        likewise, for TLS
 *
 * A secret is read when its origin is first gone to, and then kept in memory alone: the first line
 * of a file, of a command's output, or of a variable of the environment; at most CREDENTIAL_LIMIT
 * bytes, printable. It becomes one line of a request's head:
 *
 *     CREDENTIAL_BEARER     Authorization: Bearer SECRET
 *     CREDENTIAL_BASIC      Authorization: Basic …, of `name` and SECRET
 *     CREDENTIAL_HEADER     NAME: SECRET, of `name`
 *     CREDENTIAL_GUESS      "Bearer TEXT", "Basic TEXT": as it stands, behind "Authorization: ";
 *                           "USER:PASSWORD": Basic; any other is a token, and sent as Basic with the
 *                           user "x-access-token": what git hosts take
 *
 * Where a credential names a token server (`realm`), its secret goes there alone, and not to its
 * origin: the origin gets what that server answers (challenge.h). Else the origin is its own.
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
	CREDENTIAL_NONE,        /* a client certificate alone */
};

enum credential_use {
	CREDENTIAL_GUESS,
	CREDENTIAL_BEARER,
	CREDENTIAL_BASIC,
	CREDENTIAL_HEADER,
};

/* All is copied. */
struct credential_spec {
	enum credential_kind kind;
	enum credential_use use;
	struct bytes origin;      /* in its normal form, as `realm` */
	struct bytes value;       /* where the secret is */
	struct bytes name;        /* of the user or of the header */
	struct bytes realm;       /* the token server's origin, or empty */
	struct bytes certificate; /* paths of PEM files, or empty */
	struct bytes key;
};

struct credential_certificate {
	const char *certificate; /* NULL where there is none */
	const char *key;
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
void credentials_add(struct credentials *credentials, const struct credential_spec *spec);
/* Before the first question. */
void credentials_attach(struct credentials *credentials, struct loop *loop,
	credential_changed *changed, void *context);
enum credential_result credential_find(
	struct credentials *credentials, struct bytes origin, const char **header, struct err *err);
/* What may be said of `origin` to the token server at `realm`: nothing, unless that is the origin
 * itself or the one that its credential names. */
enum credential_result credential_find_realm(struct credentials *credentials, struct bytes origin,
	struct bytes realm, const char **header, struct err *err);
/* Whether the configuration names `realm` as the token server of `origin`. */
bool credential_names_realm(
	const struct credentials *credentials, struct bytes origin, struct bytes realm);
/* Whether the configuration has one for `origin`, whatever it says. */
bool credential_has(const struct credentials *credentials, struct bytes origin);
struct credential_certificate credential_certificate(
	const struct credentials *credentials, struct bytes origin);

/* The line of a request's head that a secret becomes: of `text`, what the file, the variable or the command said,
 * the first line. The header is owned, and a secret: wiped before it is freed. */
MUST_CHECK bool credential_header(enum credential_use use, const char *name, struct bytes text,
	char **header_out, struct err *err);
