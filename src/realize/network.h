/* SPDX-License-Identifier: MPL-2.0 */
/*
 * network: the realizer's end of cab-network (src/wire/network.h), started at the first need, or before it.
 *
 *     struct network *network = network_new(loop, "…/libexec/cab/cab-network");
 *     network_start(network, err);                   it loads its libraries; only if it is likely to be needed
 *     network_configure(network, config);            before the first transfer
 *     struct network_transfer *transfer = network_open(network, &request, body_fd, &listener, err);
 *     network_pause(transfer); network_resume(transfer); network_cancel(transfer);
 *     network_free(network);                         all transfers must be over
 *
 * `body_fd`, the write end of a pipe, is taken in every case. A transfer is gone after `end`, or after network_cancel (then
 * `end` is not called). Where cab-network dies, every transfer ends with that as its reason, and the next one
 * starts it anew.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "base/loop.h"

struct network;
struct network_transfer;

struct network_request {
	struct bytes method;
	struct bytes url;
	struct bytes headers;
	struct bytes body;
	int body_fd; /* a memory file with the body when `body` is empty; -1 for none; borrowed */
	const struct bytes *origins;
	size_t origin_count;
	bool redirects; /* to other origins too */
};

struct network_end {
	bool refused;
	uint64_t size;
	uint64_t received;
	uint32_t requests;
	struct bytes why; /* empty: the body came whole */
};

struct network_listener {
	void *context;
	void (*head)(void *context, uint32_t status, struct bytes url, struct bytes headers);
	void (*reached)(void *context, struct bytes origin);
	void (*note)(void *context, struct bytes text);
	void (*moved)(void *context, uint64_t received); /* of network_listen alone */
	void (*end)(void *context, const struct network_end *end);
};

/* `program` is copied. */
struct network *network_new(struct loop *loop, const char *program);
/* `config`, the JSON of src/wire/network.h, is copied; once. */
void network_configure(struct network *network, struct bytes config);
/* The process ends while the caller does something else; network_free, which is next, waits for it. */
void network_kill(struct network *network);
void network_free(struct network *network);

/* Starts the process now, so that it is ready when the first transfer comes. */
MUST_CHECK bool network_start(struct network *network, struct err *err);

struct network_transfer *network_open(struct network *network,
	const struct network_request *request, int body_fd, const struct network_listener *listener,
	struct err *err);
/* A proxy for a native program: `courier_fd`, taken in every case, is sent the socket that it listens on
 * (struct sandbox_spec, `gate`). `open`: to any public origin. `head` of the listener is never called. */
struct network_transfer *network_listen(struct network *network, int courier_fd,
	const struct bytes *origins, size_t origin_count, bool open,
	const struct network_listener *listener, struct err *err);
/* Ends its connections; `end` follows, with what went through it. */
void network_close(struct network_transfer *transfer);
void network_pause(struct network_transfer *transfer);
void network_resume(struct network_transfer *transfer);
void network_cancel(struct network_transfer *transfer);
