/* SPDX-License-Identifier: MPL-2.0 */
/*
 * shell: one run of the host's ssh, at whose other end git-upload-pack answers, and what has been
 * said there.
 *
 *     struct shell *shell = shell_new(loop, config, &remote, &listener, err);    takes the remote
 *     listener.greeted                    it is known what the server speaks
 *     shell_list(shell); or               what it said of itself: version 2's abilities, or its refs
 *     shell_ask(shell, body);             one question
 *     listener.data ... listener.done     the answer
 *     shell_leave(shell);                 another may take it up (shell_take), or it ends
 *     shell_free(shell);
 *
 * What is spoken (gitprotocol-pack(5), gitprotocol-v2(5)): the server begins. A server that was told
 * GIT_PROTOCOL=version=2 and heeds it says "version 2" and its abilities, and then answers one
 * question after the other, each answer to a flush. Any other lists its refs, to a flush, takes one
 * question, and ends behind the answer. In between a shell waits SHELL_IDLE seconds for the next
 * question, so that a listing and a fetch are one connection.
 *
 * What ssh does is its own configuration's to say: keys, agents, known hosts, ports, jumps. But it
 * never asks a person (BatchMode), forwards nothing, and runs no other command. First it is asked
 * where it would go (ssh -G), and all addresses of that host must be ones that may be reached
 * (policy.h); behind a ProxyJump or ProxyCommand of the user's they are not seen, and one that the
 * configuration states is judged alone; nor are those of an origin that cab's configuration names. A name server that says something else a moment later is held
 * by the host's key.
 *
 * An error ends with what ssh and the server wrote to standard error: its last lines, SHELL_SAID bytes
 * at most.
 */
#pragma once

#include "network/config.h"
#include "network/frames.h"
#include "network/helper.h"
#include "network/outlet.h"
#include "network/remote.h"

enum { SHELL_IDLE = 15, SHELL_GREETING = 256 << 10, SHELL_ERRORS = 4 << 10, SHELL_SAID = 600 };

enum shell_state {
	SHELL_ASKING,    /* ssh -G runs */
	SHELL_RESOLVING, /* getent runs */
	SHELL_BEGINNING, /* ssh runs; the server is to begin */
	SHELL_NEW,       /* version 2: it waits for a question */
	SHELL_NEW_BUSY,
	SHELL_OLD, /* its refs wait to be read */
	SHELL_OLD_LISTING,
	SHELL_OLD_LISTED, /* it waits for its only question */
	SHELL_OLD_BUSY,
	SHELL_GONE,
};

struct shell_listener {
	void *context;
	void (*greeted)(void *context);
	void (*data)(void *context, struct bytes data);
	/* `said`: why nothing was answered, or NULL. */
	void (*done)(void *context, const char *said);
	void (*failed)(void *context, const struct err *why); /* it is gone */
};

struct shell {
	struct loop *loop;
	const struct config *config;
	struct remote remote;
	struct shell_listener listener; /* functions are NULL while nobody listens */
	enum shell_state state;
	struct helper helper;
	char *host; /* where ssh would go */
	struct process process;
	struct outlet input;
	int input_fd, output_fd, error_fd;
	struct loop_watch *output, *error, *end;
	struct loop_timer *idle;
	struct frames frames;
	struct buf greeting; /* what was read of it; of an old server what is still to be told */
	struct buf errors;
	bool is_paused, has_answered, is_ended;
};

struct shell *shell_new(struct loop *loop, const struct config *config, struct remote *remote,
	const struct shell_listener *listener, struct err *err);
void shell_take(struct shell *shell, const struct shell_listener *listener);
/* In SHELL_NEW and SHELL_OLD. */
void shell_list(struct shell *shell);
/* In SHELL_NEW and SHELL_OLD_LISTED. */
void shell_ask(struct shell *shell, struct bytes body);
void shell_pause(struct shell *shell, bool pause);
/* The listener hears nothing any more. */
void shell_leave(struct shell *shell);
void shell_free(struct shell *shell);
