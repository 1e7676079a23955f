/* SPDX-License-Identifier: MPL-2.0 */
/*
 * gate: the proxy of one native program: a listening socket in the program's own network namespace,
 * and the tunnels that go through it (wire/network.h, NETWORK_LISTEN). The socket is made by the
 * program's init, and comes over another one.
 *
 *     struct gate *gate = gate_new(network, packet, err);
 *     gate_settle(gate);              after anything happened: forgets tunnels that ended
 *     gate_close(gate);               ends all of them, and sends END
 *     gate_free(gate);
 *
 * Which addresses may be reached is this host's configuration's to say; which origins, the
 * derivation's: those that it lists, and with NETWORK_REDIRECTS any other public one. Inside a tunnel
 * https: and http: cannot be told apart, so a CONNECT to a host and port is allowed where either is.
 */
#pragma once

#include "base/array.h"
#include "base/loop.h"
#include "network/origin.h"
#include "wire/wire.h"

enum { GATE_TUNNELS = 128 };

struct network;
struct tunnel;

struct gate {
	struct network *network;
	uint32_t id;
	bool is_open; /* to any public origin */
	bool is_closed;
	int fd; /* the socket that listens; before that, the one that it comes over */
	struct loop_watch *watch;
	ARRAY(char *) origins;
	ARRAY(struct tunnel *) tunnels;
	uint64_t sent, received, told;
	uint64_t told_at;
	uint32_t requests;
};

struct gate *gate_new(struct network *network, struct wire_packet *packet, struct err *err);
void gate_settle(struct gate *gate);
void gate_close(struct gate *gate);
void gate_free(struct gate *gate);

/* Whether a tunnel may lead there; `is_named_out`: whatever its address. */
MUST_CHECK bool gate_permits(const struct gate *gate, const struct url *url, bool is_tunnel,
	bool *is_named_out, struct err *err);
void gate_reached(struct gate *gate, struct bytes origin);
/* A sentence for the log. */
void gate_note(struct gate *gate, const char *text);
