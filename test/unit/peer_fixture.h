/* SPDX-License-Identifier: MPL-2.0 */
/*
 * peer_fixture: a server on loopback that gives answers by heart, a connection each, and keeps what
 * it was asked.
 *
 *     struct peer peer;
 *     peer_start(&peer, (const char *const[]){"HTTP/1.1 200 OK\r\n…", NULL});      the last repeats
 *     peer.origin                                        "http://127.0.0.1:PORT"
 *     peer_end(&peer); peer.log                          all requests, as they came
 *
 * PEER_HOLD is an answer that never comes: the connection stays open until its asker leaves. Each
 * request is in the log before its answer is sent. To be started before any child that must see the
 * end of a descriptor of this process.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PEER_HOLD ""

struct peer {
	pid_t pid;
	unsigned port;
	char origin[64];
	int log_fd;
	char log[32 << 10];
};

static inline int
peer_listen(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* A head, and the body that it says; false where the asker left before. */
static inline bool
peer_read(int fd, char *text, size_t room, size_t *size)
{
	const char *end = NULL;
	size_t whole = SIZE_MAX;
	*size = 0;
	while (*size < whole && *size < room - 1) {
		ssize_t count = read(fd, text + *size, room - 1 - *size);
		if (count <= 0)
			return false;
		*size += (size_t)count;
		text[*size] = '\0';
		if (end || !(end = strstr(text, "\r\n\r\n")))
			continue;
		const char *length = strcasestr(text, "\r\ncontent-length:");
		whole = (size_t)(end - text) + 4 + (length ? strtoul(length + 17, NULL, 10) : 0);
	}
	return true;
}

static inline _Noreturn void
peer_serve(int listener, int log, const char *const *answers)
{
	static char text[32 << 10];
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		size_t size = 0;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			_exit(1);
		if (peer_read(fd, text, sizeof text, &size)) {
			(void)!write(log, text, size);
			(void)!write(fd, *answers, strlen(*answers));
			if (strcmp(*answers, PEER_HOLD) != 0)
				(void)shutdown(fd, SHUT_WR);
			while (read(fd, text, sizeof text) > 0)
				;
			if (answers[1])
				answers++;
		}
		(void)close(fd);
	}
}

static inline void
peer_start(struct peer *peer, const char *const *answers)
{
	int ends[2];
	int listener = peer_listen(&peer->port);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)snprintf(peer->origin, sizeof peer->origin, "http://127.0.0.1:%u", peer->port);
	assert_int_equal(fflush(NULL), 0);
	peer->pid = fork();
	assert_true(peer->pid >= 0);
	if (peer->pid == 0)
		peer_serve(listener, ends[1], answers);
	(void)close(ends[1]);
	(void)close(listener);
	peer->log_fd = ends[0];
}

static inline void
peer_end(struct peer *peer)
{
	size_t size = 0;
	ssize_t count = 1;
	assert_int_equal(kill(peer->pid, SIGKILL), 0);
	assert_int_equal(waitpid(peer->pid, NULL, 0), peer->pid);
	while (count > 0 && size < sizeof peer->log - 1) {
		count = read(peer->log_fd, peer->log + size, sizeof peer->log - 1 - size);
		size += count > 0 ? (size_t)count : 0;
	}
	peer->log[size] = '\0';
	(void)close(peer->log_fd);
}

/* A port that nobody listens on. */
static inline unsigned
peer_none(void)
{
	unsigned port = 0;
	(void)close(peer_listen(&port));
	return port;
}
