/* SPDX-License-Identifier: MPL-2.0 */
/*
 * account: for each source of a run, what it is pinned to and by whose word, what was done for it, and why. cab-account(5).
 *
 *     struct account account;
 *     account_init(&account);
 *     account_start(&account, node, row, work);     as the session's listener hears it
 *     account_event(&account, node, &event);
 *     account_end(&account, node, realizer, result, err);
 *     account_encode(&account, session, "build", &text);     JSON: what is kept and what --json prints
 *     account_print_table(json, &text);                      from that same JSON
 *     account_draw(json, &svg);
 *     account_release(&account);
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/buf.h"
#include "plan/plan.h"

struct session;

enum { ACCOUNT_VERSION = 1, ACCOUNT_REQUESTS = 1000 };

enum account_outcome {
	ACCOUNT_RUNNING, /* when it was interrupted, or others failed; or the account ended first */
	ACCOUNT_RAN,
	ACCOUNT_FOUND,
	ACCOUNT_STOPPED,
	ACCOUNT_FAILED,
};

/* All times are milliseconds since the account began. */
struct account_mark {
	uint64_t at;
	struct bytes text; /* "FORMAT VALUE" */
};

struct account_request {
	uint64_t start;
	uint64_t end;
	struct bytes what; /* "GET https://…" */
	uint32_t status;
	uint64_t received;
};

struct account_run {
	size_t node;
	size_t row; /* of the progress */
	enum plan_work work;
	enum account_outcome outcome;
	const char *realizer;
	struct bytes known; /* of ACCOUNT_STOPPED: who knew; empty: nobody was asked */
	struct bytes why;   /* of ACCOUNT_FAILED */
	uint64_t start;
	uint64_t end;
	uint64_t sent; /* requests */
	uint64_t received;
	ARRAY(struct account_mark) identities;
	ARRAY(struct account_request) requests; /* the first ACCOUNT_REQUESTS */
	ARRAY(struct bytes) origins;            /* distinct */
};

struct account {
	struct arena arena;
	int64_t time;   /* seconds since 1970 */
	uint64_t since; /* loop_now */
	ARRAY(struct account_run) runs;
	uint64_t requests;
	uint64_t received;
	size_t programs;
};

void account_init(struct account *account);
void account_release(struct account *account);
void account_start(struct account *account, size_t node, size_t row, enum plan_work work);
void account_event(struct account *account, size_t node, const struct realizer_event *event);
void account_end(struct account *account, size_t node, const char *realizer,
	const struct realizer_result *result, const struct err *err);
/* The run of a node that is under way, or NULL. Valid until the next start. */
struct account_run *account_find(struct account *account, size_t node);

/* Whether a source was asked or fetched, or tried to be: only such a run is kept. */
bool account_has_source(const struct account *account, struct session *session);
void account_encode(const struct account *account, struct session *session, const char *command,
	struct buf *out);

/* "FORMAT VALUE", and in text a line end; in JSON as a string, after a comma where one is wanted. */
void account_add_identity(struct buf *line, const struct identity *identity, bool json, bool comma);

/* A kept account, checked; NULL with *err (ERR_CORRUPT) where it is none of this version. */
json_t *account_decode(struct bytes text, struct err *err);
/* Lines for a terminal; every text in them is escaped. */
void account_print_table(const json_t *account, struct buf *out);
/* A timeline, as SVG that needs nothing else; every text in it is escaped. */
void account_draw(const json_t *account, struct buf *out);
