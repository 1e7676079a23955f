/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest: one run of a WebAssembly program: its process, and its HTTP, which passes here.
 *
 *     struct guest *guest = guest_new(&host, &listener);
 *     if (!guest_start(guest, &request, err)) ...
 *     listener->started(...) once; then
 *     listener->open(...) before each request leaves: true lets it go, false keeps it until guest_resume
 *     listener->former(...) when the program looks for the files of its hint, and waits; false: it is being stopped, no answer
 *     guest_hold(guest): running transfers are not read on; guest_resume(guest): all goes on
 *     guest_free(guest): transfers are cancelled; a process that still lives is the caller's to kill
 *
 * No listener may free the guest from inside a call.
 *
 * The body of a reply goes from the network process to the guest through a pipe, past this process.
 */
#pragma once

#include "realize/network.h"
#include "realize/spawner.h"

struct guest;

struct guest_host {
	struct loop *loop;
	struct spawner *spawner;
	struct network *network;
	const struct bytes *origins; /* of the derivation; borrowed for the guest's life */
	size_t origin_count;
	bool redirects;
	const char *refusal; /* why this run may not reach the network; NULL: it may */
};

struct guest_request_end {
	struct bytes what;     /* "GET https://…" */
	uint32_t status;       /* HTTP's; 0: there was no head */
	uint64_t received;     /* bytes; 0 where nobody waited for the end */
	uint64_t milliseconds; /* from when it was let go */
};

struct guest_listener {
	void *context;
	void (*started)(void *context, int pid, int pidfd, struct bytes why);
	bool (*open)(void *context);
	bool (*former)(void *context);
	void (*reached)(void *context, struct bytes origin);
	/* A request is over: it ended, or its program no longer waits for it. */
	void (*requested)(void *context, const struct guest_request_end *end);
	void (*note)(void *context, struct bytes text);
	void (*progress)(void *context, uint64_t received, uint64_t expected, uint64_t objects);
};

struct guest_account {
	uint64_t requests; /* sent, those that nobody waited for included */
	uint64_t received; /* of answers that were waited for; of others what the guest tells */
	bool broken;       /* one failed, or was answered with an error */
};

struct guest *guest_new(const struct guest_host *host, const struct guest_listener *listener);
/* request->control is filled here; the rest is the caller's. */
MUST_CHECK bool guest_start(
	struct guest *guest, const struct spawner_request *request, struct err *err);
void guest_hold(struct guest *guest);
void guest_resume(struct guest *guest);
/* What the guest still has to say before its end is told: called when its process is gone. */
void guest_drain(struct guest *guest);
struct guest_account guest_account(const struct guest *guest);
void guest_free(struct guest *guest);
