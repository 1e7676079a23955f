/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stage: the server on loopback that a module is tried against: it answers as a scenario says, or worse.
 *
 *     if (!stage_open(&stage, err)) …                 a port of 127.0.0.1; `base` is its URL
 *     stage.answers = scenario.serves, …
 *     stage_attach(&stage, loop); … the loop runs … stage_detach(&stage);
 *     use(stage.requests, stage_was_asked(&stage, path));
 *     stage_close(&stage);
 *
 * HTTP/1.1, one request a connection; a request's body is passed over. Any local process may speak to it: a head has STAGE_HEAD bytes at
 * most, there are STAGE_CONNECTIONS at once, and what is no request is hung up on. What no answer fits is 404.
 */
#pragma once

#include "base/array.h"
#include "base/buf.h"
#include "base/loop.h"
#include "cli/scenario.h"

enum { STAGE_HEAD = 64 << 10, STAGE_CONNECTIONS = 64 };

enum stage_fault {
	STAGE_FINE,
	STAGE_MISSING, /* `faulty` is 404 */
	STAGE_CUT,     /* `faulty` is announced one byte longer than it is, and then hung up on */
};

struct stage_connection;

struct stage {
	int socket;
	char base[32];
	struct loop *loop;
	struct loop_watch *watch;
	const struct scenario_answer *answers;
	size_t answer_count;
	const struct scenario_answer *before; /* those that count where the answers have none */
	size_t before_count;
	enum stage_fault fault;
	struct bytes faulty;
	size_t requests;
	ARRAY(char *) asked; /* each path once */
	ARRAY(struct stage_connection *) connections;
};

MUST_CHECK bool stage_open(struct stage *stage, struct err *err);
void stage_close(struct stage *stage);
void stage_attach(struct stage *stage, struct loop *loop);
/* Hangs up on everybody. */
void stage_detach(struct stage *stage);
/* Forgets what was asked. */
void stage_forget(struct stage *stage);
bool stage_was_asked(const struct stage *stage, struct bytes path);

enum stage_head { STAGE_MORE, STAGE_BAD, STAGE_WHOLE };

/* The head of a request, as far as it came: where it is whole, its target and whether it is a HEAD. Borrowed from the bytes. */
enum stage_head stage_read_head(struct bytes bytes, struct bytes *target, bool *is_head);
