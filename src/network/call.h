/* SPDX-License-Identifier: MPL-2.0 */
/*
 * call: one request of a guest whose URL is ssh:, answered as a server of git's smart HTTP would.
 *
 *     struct call *call = call_new(network, &request);        takes the request
 *     call_go_on(call);                                       once a slot is free
 *     call_settle(call);                                      after anything happened
 *     call_free(call);                                        once it is done, or cancelled
 *
 * POST PATH/git-upload-pack is a question, GET PATH/info/refs?service=git-upload-pack what the server
 * says of itself (shell.h). A POST of version 2 (its Git-Protocol field says so) to a server that
 * heeds no GIT_PROTOCOL, or that ends without a word, has an empty answer, as of HTTP servers that
 * lose the field: then the guest asks for info/refs, and goes on in version 0. All answers have status
 * 200; what fails before them is an END with its reason. Nothing is tried again: a login that fails
 * more often may lock its user out.
 *
 * A call that follows another to the same repository takes up its shell.
 */
#pragma once

#include "network/network.h"
#include "network/outlet.h"
#include "network/request.h"
#include "network/shell.h"

enum call_state {
	CALL_READY,
	CALL_RUNNING,
	CALL_DRAINING, /* the answer came whole; its end waits for the pipe */
	CALL_DONE,
};

struct call {
	struct network *network;
	struct request request;
	struct remote remote;
	enum call_state state;
	struct shell *shell; /* network's; NULL while there is none */
	struct outlet outlet;
	bool is_new; /* a question of version 2 */
	bool is_paused, is_stopped, head_sent;
	uint64_t received, heard; /* bytes; when the last came, in milliseconds */
	uint32_t requests;
	struct loop_timer *total, *stall;
};

struct call *call_new(struct network *network, struct request *request);
bool call_is_done(const struct call *call);
bool call_is_ready(const struct call *call);
bool call_is_running(const struct call *call);
void call_go_on(struct call *call);
void call_pause(struct call *call, bool pause);
void call_settle(struct call *call);
void call_free(struct call *call);
