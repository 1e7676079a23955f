/* SPDX-License-Identifier: MPL-2.0 */
/*
 * transfer: one request of a guest from start to end: the places that may answer it (the origin, or
 * its mirrors), redirects hop by hop, retries, and the body into its pipe.
 *
 *     struct transfer *transfer = transfer_new(network, &request);       takes the request
 *     transfer_go_on(transfer);        whenever it is ready and a slot is free
 *     transfer_hop_done(transfer, code);
 *     transfer_free(transfer);         once it is done, or cancelled
 *
 * It sends REACHED, HEAD, NOTE and END itself. A response's head is sent with the first byte of its
 * body, so until then a failure can be tried again: `retries` times at each place, after a pause
 * that doubles, or that Retry-After asks for (RETRY_AFTER_MOST seconds at most; a longer one is the
 * answer). Statuses 408, 429, 500, 502, 503 and 504 count as failures while tries are left; at a
 * mirror that is not the last, any status from 400 on means the next one.
 *
 * Redirects are 301, 302, 307 and 308, and 303 for what is no POST: REDIRECT_MOST in all. From TLS
 * to none only where this host's configuration names the new origin.
 */
#pragma once

#include "network/errand.h"
#include "network/hop.h"
#include "network/network.h"
#include "network/outlet.h"
#include "network/place.h"
#include "network/request.h"
#include "network/resume.h"
#include "network/verdict.h"

enum { REDIRECT_MOST = 10 };

enum transfer_state {
	TRANSFER_READY,      /* the next hop may start */
	TRANSFER_CREDENTIAL, /* a command prints the secret for it */
	TRANSFER_RUNNING,
	TRANSFER_WAITING,  /* until `retry` fires */
	TRANSFER_DRAINING, /* the body came whole; its end waits for the pipe */
	TRANSFER_DONE,
};

struct transfer {
	struct network *network;
	struct request request;
	enum transfer_state state;
	struct places places;
	size_t place; /* at which of them */
	struct url url;
	struct hop hop;
	struct errand errand;
	struct resume resume;
	uint64_t token; /* number of the one that this hop carries; 0: none */
	unsigned redirects, tries;
	bool head_sent, is_foreign;
	bool is_paused;  /* by the realizer */
	bool is_stopped; /* libcurl was told to stop: for the realizer, or for the pipe */
	bool goes_on;    /* libcurl is being told to go on */
	bool is_answer;  /* this hop's body is what the guest gets */
	struct outlet outlet;
	size_t discarded;
	uint64_t received;
	uint32_t requests;
	struct loop_timer *total, *retry;
};

struct transfer *transfer_new(struct network *network, struct request *request);
void transfer_free(struct transfer *transfer);

uint32_t transfer_id(const struct transfer *transfer);
/* END was sent. */
bool transfer_is_done(const struct transfer *transfer);
/* It reads from a connection, or waits for one to answer. */
bool transfer_is_running(const struct transfer *transfer);
/* It would go on, had it a slot. */
bool transfer_is_ready(const struct transfer *transfer);
void transfer_go_on(struct transfer *transfer);
void transfer_pause(struct transfer *transfer, bool pause);
/* After anything happened, outside of libcurl's functions: stops reading the connection, or goes on,
 * as the pipe and the realizer say; sends END once the pipe has taken all. */
void transfer_settle(struct transfer *transfer);
void transfer_hop_done(struct transfer *transfer, CURLcode code);
/* A credential that it may have waited for is there, or is not to be had. */
void transfer_credential_changed(struct transfer *transfer);

/* Between transfer.c, which carries it, and judge.c, which decides. */

/* Where this hop goes. */
const struct url *transfer_aim_of(const struct transfer *transfer);
bool transfer_is_last_place(const struct transfer *transfer);
struct verdict_view transfer_view(const struct transfer *transfer);
void transfer_send_head(struct transfer *transfer);
/* Takes off what was passed on before the body broke off. */
MUST_CHECK bool transfer_rejoin(struct transfer *transfer, struct bytes *data, struct err *err);
void transfer_fail(struct transfer *transfer, struct err *why);
void transfer_retry(struct transfer *transfer, uint64_t milliseconds, const struct err *why);
void transfer_next_place(struct transfer *transfer, const struct err *why);
