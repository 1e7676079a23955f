/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/account.h"

#include <time.h>

#include "session/session.h"

void
account_init(struct account *account)
{
	*account =
		(struct account){.arena = ARENA, .time = (int64_t)time(NULL), .since = loop_now()};
}

void
account_release(struct account *account)
{
	for (size_t at = 0; at < account->runs.size; at++) {
		array_release(&account->runs.data[at].identities);
		array_release(&account->runs.data[at].requests);
		array_release(&account->runs.data[at].origins);
	}
	array_release(&account->runs);
	arena_release(&account->arena);
}

static uint64_t
account_now(const struct account *account)
{
	return loop_now() - account->since;
}

struct account_run *
account_find(struct account *account, size_t node)
{
	for (size_t at = account->runs.size; at-- > 0;)
		if (account->runs.data[at].node == node &&
			account->runs.data[at].outcome == ACCOUNT_RUNNING)
			return &account->runs.data[at];
	return NULL;
}

void
account_start(struct account *account, size_t node, size_t row, enum plan_work work)
{
	*array_push(&account->runs) = (struct account_run){
		.node = node, .row = row, .work = work, .start = account_now(account)};
}

static void
account_add_origin(struct account *account, struct account_run *run, struct bytes origin)
{
	for (size_t at = 0; at < run->origins.size; at++)
		if (bytes_equal(run->origins.data[at], origin))
			return;
	*array_push(&run->origins) = arena_copy(&account->arena, origin);
}

static void
account_add_request(
	struct account *account, struct account_run *run, const struct realizer_event *event)
{
	uint64_t now = account_now(account);
	if (run->requests.size >= ACCOUNT_REQUESTS)
		return;
	*array_push(&run->requests) = (struct account_request){
		.start = now - (event->milliseconds < now ? event->milliseconds : now),
		.end = now,
		.what = arena_copy(&account->arena, event->text),
		.status = event->status,
		.received = event->received};
}

void
account_event(struct account *account, size_t node, const struct realizer_event *event)
{
	struct account_run *run = account_find(account, node);
	if (!run)
		return;
	switch (event->kind) {
	case REALIZER_EVENT_START:
		account->programs++;
		break;
	case REALIZER_EVENT_IDENTITY:
		*array_push(&run->identities) = (struct account_mark){
			account_now(account), identity_print(&account->arena, event->identity)};
		break;
	case REALIZER_EVENT_REACHED:
		account_add_origin(account, run, event->text);
		break;
	case REALIZER_EVENT_REQUEST:
		account_add_request(account, run, event);
		break;
	case REALIZER_EVENT_WAIT:
	case REALIZER_EVENT_LOG:
	case REALIZER_EVENT_PROGRESS:
	case REALIZER_EVENT_FINISH:
		break;
	}
}

static enum account_outcome
account_outcome_of(enum realizer_end end)
{
	switch (end) {
	case REALIZER_END_FOUND:
		return ACCOUNT_FOUND;
	case REALIZER_END_STOPPED:
		return ACCOUNT_STOPPED;
	case REALIZER_END_RUN:
		break;
	}
	return ACCOUNT_RAN;
}

void
account_end(struct account *account, size_t node, const char *realizer,
	const struct realizer_result *result, const struct err *err)
{
	struct account_run *run = account_find(account, node);
	if (!run)
		return;
	run->end = account_now(account);
	run->realizer = realizer;
	if (!result) {
		run->outcome = err->kind == ERR_CANCELLED ? ACCOUNT_RUNNING : ACCOUNT_FAILED;
		run->why = arena_copy(&account->arena, bytes_text(err->text));
		return;
	}
	run->outcome = account_outcome_of(result->end);
	run->known = arena_copy(&account->arena, result->known_from);
	run->sent = result->requests;
	run->received = result->received;
	account->requests += result->requests;
	account->received += result->received;
}

bool
account_has_source(const struct account *account, struct session *session)
{
	for (size_t at = 0; at < account->runs.size; at++) {
		const struct account_run *run = &account->runs.data[at];
		const struct graph_node *node = graph_node(session_graph(session), run->node);
		if (run->outcome != ACCOUNT_FOUND && node->derivation.fixed == DERIVATION_SELF)
			return true;
	}
	return false;
}
