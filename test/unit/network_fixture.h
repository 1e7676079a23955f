/* SPDX-License-Identifier: MPL-2.0 */
/*
 * network_fixture: cab-network's whole state in a child, this process as its realizer, over the packets of wire/network.h.
 *
 *     struct peer peer; peer_start(&peer, …);             before the scene, whose end it must not hold
 *     struct scene scene; scene_open(&scene, peer.origin, "\"retries\":0");
 *     struct reply reply = scene_get(&scene, url, origin, flags);
 *     reply.status, reply.body, reply.why, …
 *     scene_close(&scene);                                 it ended by itself, with 0
 */
#pragma once

#include "peer_fixture.h"

#include <sys/mman.h>

#include "base/fd.h"
#include "network/network.h"
#include "wire/network.h"

struct scene {
	pid_t pid;
	int socket;
	uint32_t id;
};

struct reply {
	uint32_t status, refused, requests;
	uint64_t size;
	char body[4096], why[1024], url[1024], reached[1024], notes[2048];
};

/* `named` is an origin that the configuration names; `limits` what of its limits is another, or "". */
static inline void
scene_open(struct scene *scene, const char *named, const char *more)
{
	int theirs = -1;
	struct err err = {0};
	cleanup_buf struct buf config = BUF(1 << 16);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	buf_format(&config,
		"{\"allow\":[],\"named\":[\"%s\"],\"registries\":{},\"proxies\":{},"
		"\"credentials\":[],\"authorities\":\"\",\"ssh\":[\"false\"],\"connections\":4,%s}",
		named, more);
	*scene = (struct scene){.socket = -1};
	assert_true(wire_pair(&scene->socket, &theirs, &err));
	assert_int_equal(fflush(NULL), 0);
	scene->pid = fork();
	assert_true(scene->pid >= 0);
	if (scene->pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		(void)close(scene->socket);
		if (!network_run(theirs, &err))
			(void)fprintf(stderr, "network: %s\n", err.text);
		_exit(err.kind ? 1 : 0);
	}
	fd_close(theirs);
	cleanup_fd int file = fd_memory("config", buf_bytes(&config), &err);
	wire_begin(&packet, NETWORK_CONFIG);
	assert_true(wire_send(scene->socket, &packet, &file, 1, &err));
}

#define SCENE_LIMITS(retries)                                                                      \
	"\"limits\":{\"connect\":20,\"stall\":20,\"total\":60,\"retries\":" #retries ",\"wait\":"  \
	"5}"

static inline int
scene_end(struct scene *scene)
{
	int status = 0;
	fd_release(&scene->socket);
	assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
	return status;
}

static inline void
scene_close(struct scene *scene)
{
	assert_int_equal(scene_end(scene), 0);
}

/* Sends a request, and gives the read end of its body. */
static inline int
scene_ask(struct scene *scene, const char *method, const char *url, const char *headers,
	const char *body, const char *origin, uint32_t flags)
{
	struct err err = {0};
	int ends[2];
	struct bytes origins = bytes_text(origin);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	assert_true(fd_pipe(&ends[0], &ends[1], &err));
	wire_begin(&packet, NETWORK_OPEN);
	buf_add_u32(&packet, ++scene->id);
	buf_add_u32(&packet, flags);
	wire_add(&packet, bytes_text(method));
	wire_add(&packet, bytes_text(url));
	wire_add(&packet, bytes_text(headers));
	wire_add(&packet, bytes_text(body));
	wire_add_list(&packet, &origins, 1);
	assert_true(wire_send(scene->socket, &packet, &ends[1], 1, &err));
	fd_close(ends[1]);
	return ends[0];
}

static inline void
reply_add(char *text, size_t room, struct bytes part)
{
	size_t size = strlen(text);
	(void)snprintf(text + size, room - size, "%.*s;", BYTES_ARGS(part));
}

/* All that is said of a request, up to its end. */
static inline void
scene_hear(struct scene *scene, uint32_t id, struct reply *reply)
{
	static struct wire_packet packet;
	struct err err = {0};
	for (;;) {
		assert_int_equal(wire_receive(scene->socket, &packet, &err), WIRE_PACKET_READ);
		struct wire_in in = wire_open(&packet);
		assert_int_equal(wire_u32(&in), id);
		if (packet.kind == NETWORK_HEAD) {
			reply->status = wire_u32(&in);
			reply_add(reply->url, sizeof reply->url, wire_bytes(&in));
		} else if (packet.kind == NETWORK_REACHED) {
			reply_add(reply->reached, sizeof reply->reached, wire_bytes(&in));
		} else if (packet.kind == NETWORK_NOTE) {
			reply_add(reply->notes, sizeof reply->notes, wire_bytes(&in));
		} else if (packet.kind == NETWORK_END) {
			break;
		}
		wire_release(&packet);
	}
	struct wire_in in = wire_open(&packet);
	(void)wire_u32(&in);
	reply->refused = wire_u32(&in);
	reply->size = wire_u64(&in);
	(void)wire_u64(&in);
	reply->requests = wire_u32(&in);
	struct bytes why = wire_bytes(&in);
	assert_true(wire_end(&in, &err));
	(void)snprintf(reply->why, sizeof reply->why, "%.*s", BYTES_ARGS(why));
	wire_release(&packet);
}

static inline void
scene_send(struct scene *scene, const char *method, const char *url, const char *body,
	const char *origin, uint32_t flags, struct reply *reply)
{
	*reply = (struct reply){0};
	cleanup_fd int pipe_end = scene_ask(scene, method, url, "", body, origin, flags);
	scene_hear(scene, scene->id, reply);
	ssize_t size = read(pipe_end, reply->body, sizeof reply->body - 1);
	reply->body[size > 0 ? size : 0] = '\0';
}
