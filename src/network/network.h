/* SPDX-License-Identifier: MPL-2.0 */
/*
 * network: the program's whole state, between the realizer's socket (wire/network.h) and libcurl.
 *
 *     if (!network_run(NETWORK_SOCKET, err)) ...        until the realizer closes its end
 *
 * One loop drives the socket, libcurl's sockets and timer, the bodies' pipes and the commands that
 * print credentials. At most `connections` transfers run at once; the others wait for their turn in
 * order. One that is paused, or whose pipe is full, holds no turn, so readers that wait for each
 * other's transfers do not stop each other.
 */
#pragma once

#include <curl/curl.h>

#include "base/array.h"
#include "base/loop.h"
#include "network/config.h"
#include "wire/wire.h"

enum { NETWORK_TRANSFERS = 1024, NETWORK_GATES = 256 };

struct call;
struct gate;
struct shell;
struct tokens;
struct transfer;

struct network {
	int socket;
	struct loop *loop;
	struct loop_watch *watch;
	CURLM *multi;
	struct loop_timer *timer;
	struct config config;
	struct tokens *tokens;
	bool is_configured, is_done;
	struct err unusable; /* why the configuration cannot be used, ERR_NONE where it can */
	struct err failure;  /* why it is done, ERR_NONE when the realizer closed its end */
	ARRAY(struct transfer *) transfers;
	ARRAY(struct call *) calls; /* requests over ssh, which are no transfers */
	ARRAY(struct shell *) shells;
	ARRAY(struct gate *) gates;
	ARRAY(struct buf) unsent;
};

MUST_CHECK bool network_run(int socket, struct err *err);
/* Sends a packet to the realizer, at once or when it reads again. */
void network_send(struct network *network, const struct buf *packet);
/* What something took: bytes that it handed on, bytes that came, requests that were sent. */
struct network_moved {
	uint64_t written;
	uint64_t received;
	uint32_t requests;
};
/* The end of a request or of a proxy: why it failed, or NULL where it did not. */
void network_send_end(struct network *network, uint32_t id, const struct network_moved *moved,
	const struct err *why);
